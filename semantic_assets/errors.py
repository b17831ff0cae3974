"""All errors this package raises on purpose.

SemanticAssetsError
├── ConfigError            a setting or a name is bad or missing
│   ├── SetupError         of this installation: no caller of the REST API can mend it
│   └── UnknownName        a valid name of a task, dataset or space that is not there: NotFound too
├── NotFound               a dataset, shard, job or index that does not exist
│   └── DatasetRemoved     the dataset is removed: a run queued for it has nothing to do
├── Conflict               a guarded move found another state
├── SourceMissing          a source root is gone or suddenly empty
├── SpendRefused           spending is not allowed now
├── TransientError         another attempt may succeed
│   ├── GeminiUnavailable  5xx, time-out, network
│   ├── RateLimited        429
│   └── ScopePaused        key, billing or location trouble: the scope waits
│       └── ModelRefused   404 or 403 to a create call: jobs of this model wait
└── PermanentError         a rerun cannot change it
    ├── RequestRejected    400 about the request itself
    ├── RemoteMissing      404
    ├── CorruptResult      an answer that cannot be trusted
    │   └── IncompleteAnswer  fewer embeddings than asked for, in real time
    └── BrokenFile         a file of the lake that is missing, cut off or altered

A partly failed batch is not an exception: it is in the results table and in the report.
"""

from enum import StrEnum


class SemanticAssetsError(Exception):
    """Something went wrong in semantic_assets."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ConfigError(SemanticAssetsError):
    """A setting is missing or not valid."""


class SetupError(ConfigError):
    """This installation is not set up for what is asked: an address, a key or a client."""


class PlaceRefused(SetupError):
    """There is no such bucket, or it may not be used with these credentials."""


class NotFound(SemanticAssetsError):
    """There is no such thing."""


class DatasetRemoved(NotFound):
    """The dataset was removed."""


class UnknownName(ConfigError, NotFound):
    """A valid name names nothing that is there."""


class Conflict(SemanticAssetsError):
    """Somebody else changed this first."""


class SourceMissing(SemanticAssetsError):
    """A source root is missing or suddenly empty; nothing was deleted."""


class SpendRefused(SemanticAssetsError):
    """Spending is not allowed as things stand."""


class TransientError(SemanticAssetsError):
    """Another attempt may succeed."""


class GeminiUnavailable(TransientError):
    """The Gemini API did not answer, or answered with a server error."""

    def __init__(self, message: str | None = None, *, sent: bool = True) -> None:
        super().__init__(message)
        #: False only if the request body provably never left this process.
        self.sent = sent


class Quota(StrEnum):
    """Which limit a 429 is of, as far as Google says."""

    #: Tokens of all jobs that wait or run: the window.
    ENQUEUED = "enqueued tokens"
    MINUTE = "requests or tokens per minute"
    DAY = "requests or tokens per day"
    SPEND = "spend"
    STORAGE = "file storage"
    UNKNOWN = "a quota that the answer does not name"


class RateLimited(TransientError):
    """The Gemini API refused because a quota is used up (429)."""

    def __init__(
        self,
        message: str | None = None,
        *,
        quota: Quota = Quota.UNKNOWN,
        retry_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.quota, self.retry_seconds = quota, retry_seconds


class ScopePaused(TransientError):
    """The key, its billing or its location is refused: nothing was created, the scope waits."""


class ModelRefused(ScopePaused):
    """The model, or what the call names, is refused: nothing was created, this model waits."""


class PermanentError(SemanticAssetsError):
    """A rerun cannot change this."""


class RequestRejected(PermanentError):
    """The Gemini API called the request itself invalid (400 INVALID_ARGUMENT)."""


class InputTooLarge(RequestRejected):
    """These texts together are more than one job may hold; fewer of them may do."""


class RemoteMissing(PermanentError):
    """The Gemini API knows no such job or file."""


class CorruptResult(PermanentError):
    """A result file does not match what was asked; nothing of it was used."""


class CutOffResult(CorruptResult):
    """A result file ends within a line: the rest may still be written."""


class IncompleteAnswer(CorruptResult):
    """A real-time call answered fewer embeddings than it was asked for; it may be billed."""


class BrokenFile(PermanentError):
    """A file of the lake is missing, cut off or altered."""

    def __init__(self, message: str = "", *, path: str = "", why: str = "") -> None:
        super().__init__(message)
        #: Below the lake's root.
        self.path = path
        self.why = why
