"""The faults that can be armed: a name, where it fires, what it means, its parameters.

This table is the documentation and the check of what a client arms. Not here: what is armed
(`armed.py`) and what a fault does (`request_faults.py`, `job_faults.py`, `result_faults.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from semantic_assets.emulator.http.errors import invalid_argument

Parameters = Mapping[str, Any]


class At(Enum):
    """Where a fault fires: at calls, or at the birth of a job."""

    CREATE = "create"
    UPLOAD_START = "upload start"
    UPLOAD_CHUNK = "upload chunk"
    GET = "get"
    LIST = "list"
    DOWNLOAD = "download"
    REALTIME = "real time"
    ANY = "any call"
    JOB = "birth of a job"
    JOB_OR_REALTIME = "birth of a job, real time"


_REALTIME = ("models.batchEmbedContents", "models.embedContent", "models.generateContent")
#: names, or patterns of names, of the calls a fault fires at
ENDPOINTS: Mapping[At, tuple[str, ...]] = {
    At.CREATE: ("models.asyncBatchEmbedContent", "models.batchGenerateContent"),
    At.UPLOAD_START: ("files.upload.start",),
    At.UPLOAD_CHUNK: ("files.upload.chunk",),
    At.GET: ("batches.get",),
    At.LIST: ("batches.list",),
    At.DOWNLOAD: ("files.download",),
    At.REALTIME: _REALTIME,
    At.ANY: ("*",),
    At.JOB: (),
    At.JOB_OR_REALTIME: _REALTIME,
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of fault."""

    name: str
    at: At
    meaning: str
    #: the defaults; a tuple lists the possible values, None takes anything
    parameters: Parameters


class _Required:
    """The default of a parameter that must be given."""

    def __repr__(self) -> str:
        return "(required)"


REQUIRED = _Required()

# A pattern of the endpoint names that `GET /emulator/state` counts calls by.
_METHOD = {"method": "*"}
_VERSIONS = ("v1beta", "v1")
_TWO_DAYS = 48 * 3600.0

_ROWS: tuple[tuple[At, str, str, Parameters], ...] = (
    # Creating a job.
    (At.CREATE, "lost-create-response", "job created; connection closed, no answer", {}),
    (At.CREATE, "create-500", "500 INTERNAL; the job exists if `created`", {"created": False}),
    (At.CREATE, "create-503", "503 UNAVAILABLE; the job exists if `created`", {"created": False}),
    (At.CREATE, "create-timeout", "job created; silence, then closed", {"seconds": 30.0}),
    (At.CREATE, "create-timeout-not-created", "no job; silence, then closed", {"seconds": 30.0}),
    (At.CREATE, "create-reset", "no job; connection reset", {}),
    (At.CREATE, "create-307", "redirect to the same method of another version", {}),
    (At.CREATE, "create-429", "the quota refusal, whatever is enqueued", {}),
    (At.CREATE, "create-400", "400 INVALID_ARGUMENT about the request", {}),
    (At.CREATE, "create-400-location", "400 FAILED_PRECONDITION: location not supported", {}),
    (At.CREATE, "create-400-key", "400 INVALID_ARGUMENT with reason API_KEY_INVALID", {}),
    (At.CREATE, "create-403-billing", "403 with reason BILLING_DISABLED", {}),
    (At.CREATE, "create-unreadable-answer", "job created; 200 with HTML for JSON", {}),
    (At.CREATE, "hidden-quota", "enqueued-token limit silently lower", {"fraction": 0.5}),
    # Uploading its input.
    (At.UPLOAD_CHUNK, "upload-slow-chunk", "the answer to a chunk is late", {"seconds": 1.0}),
    (At.UPLOAD_CHUNK, "upload-drop-chunk", "closed in the middle; nothing of it stored", {}),
    (
        At.UPLOAD_CHUNK,
        "upload-503",
        "503 to a chunk, not stored; without a status the SDK posts it again",
        {"has_status": False},
    ),
    (
        At.UPLOAD_START,
        "upload-mime-400",
        "400 Unsupported MIME type, for these",
        {"mime_types": ["jsonl", "application/jsonl"]},
    ),
    (At.UPLOAD_CHUNK, "upload-lost-final", "file stored; connection closed, no answer", {}),
    # The life of a job, decided at its birth.
    (At.JOB, "stuck-pending", "PENDING so long, then EXPIRED", {"seconds": _TWO_DAYS}),
    (At.JOB, "stuck-running", "RUNNING so long, then EXPIRED", {"seconds": _TWO_DAYS}),
    (At.JOB, "ends-expired", "ends EXPIRED", {}),
    (At.JOB, "ends-failed", "ends FAILED", {"message": "Internal error."}),
    (At.JOB, "ends-cancelled", "ends CANCELLED, by nobody's wish", {}),
    (
        At.JOB,
        "cancel-ends-succeeded",
        "cancelled after its start: SUCCEEDED with so many rows served, the others code 1",
        {"served_fraction": 0.5},
    ),
    (
        At.JOB,
        "ends-partially-succeeded",
        "ends PARTIALLY_SUCCEEDED with so many rows served, the others code 1",
        {"served_fraction": 0.5},
    ),
    (
        At.JOB,
        "unknown-state",
        "a state nobody knows, for so long before it starts as usual",
        {"state": "BATCH_STATE_PAUSED", "seconds": 60.0},
    ),
    (At.JOB, "deleted-by-somebody", "gone so long after creation", {"after_seconds": 60.0}),
    (At.JOB, "job-state-spelling", "states with another prefix", {"prefix": "JOB_STATE_"}),
    (
        At.JOB,
        "whole-job-fails-if",
        "ends FAILED, without a reason, if one of its texts contains this",
        {"contains": REQUIRED},
    ),
    # Looking at jobs.
    (At.LIST, "list-503", "503 UNAVAILABLE", {}),
    (At.GET, "get-503", "503 UNAVAILABLE", {}),
    (At.LIST, "list-empty-page", "half a page, an empty page with a token, the rest", {}),
    (
        At.LIST,
        "list-error-details-objects",
        "errors carry google.rpc.Status details, and somebody else's broken job is listed too",
        {},
    ),
    (At.JOB, "name-missing-from-list", "not listed so long after creation", {"seconds": 60.0}),
    (At.JOB, "output-in-response-only", "no metadata.output", {}),
    (At.JOB, "output-in-metadata-only", "no response", {}),
    # Results, decided at the birth of their job.
    (
        At.JOB,
        "result-late",
        "SUCCEEDED so long before the file can be read",
        {"seconds": 60.0, "code": (404, 403)},
    ),
    (At.JOB, "shuffled-lines", "lines in another order", {}),
    (At.JOB, "swapped-keys", "keys of these lines exchanged", {"fraction": 0.1}),
    (
        At.JOB,
        "duplicated-keys",
        "keys come twice, the second time with another line's answer",
        {"count": 1, "same_answer": False},
    ),
    (At.JOB, "missing-keys", "lines left out", {"fraction": 0.1}),
    (At.JOB, "unknown-key", "lines with keys nobody sent", {"count": 1}),
    (
        At.JOB,
        "wrong-dimensions",
        "vectors of another length; null: one component fewer",
        {"count": 1, "dimensions": None},
    ),
    (At.JOB, "nan-values", "a bare NaN in vectors", {"count": 1}),
    (At.JOB, "null-values", "a null in vectors", {"count": 1}),
    (At.JOB, "zero-vectors", "vectors of zeros", {"count": 1}),
    (
        At.JOB,
        "error-lines",
        "lines with an error for an answer",
        {
            "fraction": 0.1,
            "shape": ("error", "code-only", "status", "empty-object", "message-only"),
            "code": 13,
        },
    ),
    (
        At.JOB,
        "transient-error-lines",
        "error lines, but only the first time a text is seen",
        {"fraction": 0.1, "codes": [13, 8, 14]},
    ),
    (
        At.JOB_OR_REALTIME,
        "invalid-texts",
        "texts that contain this fail with code 3; in real time the call is refused",
        {"contains": REQUIRED},
    ),
    # Answers of chat models; in a job, drawn by the content of each request.
    (
        At.JOB_OR_REALTIME,
        "broken-answers",
        "answers that do not obey their schema; `empty` has no parts, `truncated` says MAX_TOKENS",
        {
            "fraction": 0.3,
            "shape": (
                *("mixed", "not-json", "truncated", "wrong-type"),
                *("missing-field", "fenced", "empty"),
            ),
        },
    ),
    (
        At.JOB_OR_REALTIME,
        "stopped-answers",
        "candidates without content, with this finishReason",
        {"fraction": 0.1, "reason": ("SAFETY", "RECITATION", "PROHIBITED_CONTENT")},
    ),
    (
        At.JOB_OR_REALTIME,
        "blocked-prompts",
        "prompts that contain this get promptFeedback SAFETY and no candidate",
        {"contains": REQUIRED},
    ),
    (At.JOB, "corrupted-line", "lines cut in the middle", {"count": 1}),
    (At.JOB, "swapped-result-files", "pairs of jobs answer with each other's file", {}),
    (At.JOB, "token-counts-missing", "no tokenCount", {}),
    (At.JOB, "token-counts-scrambled", "wrong tokenCounts", {}),
    # Downloading them.
    (
        At.DOWNLOAD,
        "truncated-download-with-length",
        "closed before Content-Length is reached",
        {"fraction": 0.5},
    ),
    (
        At.DOWNLOAD,
        "truncated-download-close-delimited",
        "no length; ends early, after a whole line unless `mid_line`, as if complete",
        {"fraction": 0.5, "mid_line": False},
    ),
    # Real time.
    (At.REALTIME, "realtime-noise", "vectors at this cosine to the usual", {"cosine": 0.995}),
    (At.REALTIME, "realtime-503", "503 UNAVAILABLE", {}),
    (At.REALTIME, "realtime-429", "429 with RetryInfo", {"retry_seconds": 39}),
    (At.REALTIME, "realtime-swapped", "embeddings in another order", {}),
    (At.REALTIME, "realtime-short", "200 with the last of the embeddings left out", {}),
    # Everything.
    (At.ANY, "any-503", "503 UNAVAILABLE", _METHOD),
    (At.ANY, "version-refused", "404 to this version", {**_METHOD, "version": _VERSIONS}),
    (At.ANY, "slow", "the answer is late", {**_METHOD, "seconds": 1.0}),
    (
        At.ANY,
        "key-revoked",
        "403 PERMISSION_DENIED to this key; null: to every key",
        {"api_key": None},
    ),
)

FAULTS = {
    name: Fault(name=name, at=at, meaning=meaning, parameters=parameters)
    for at, name, meaning, parameters in _ROWS
}


def complete(name: str, given: Parameters) -> dict[str, Any]:
    """Return the parameters of a fault, with defaults for those not given.

    Raises:
        GoogleError: 400, for an unknown fault, parameter or value.
    """
    fault = FAULTS.get(name)
    if fault is None:
        raise invalid_argument(f"There is no fault {name!r}. There are: {', '.join(FAULTS)}.")
    if unknown := given.keys() - fault.parameters.keys():
        raise invalid_argument(
            f"{name} has no parameter {min(unknown)!r}. It has: {', '.join(fault.parameters)}."
        )
    return {
        parameter: _checked(f"{name}: {parameter}", given.get(parameter), default)
        for parameter, default in fault.parameters.items()
    }


def _checked(label: str, value: Any, default: Any) -> Any:
    if default is REQUIRED:
        if isinstance(value, str) and value:
            return value
        raise invalid_argument(f"{label} must be given, as a text.")
    if value is None:
        return default[0] if isinstance(default, tuple) else default
    if isinstance(default, tuple):
        is_fit = value in default
    elif isinstance(default, float):
        is_fit = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        is_fit = default is None or type(value) is type(default)
    if not is_fit:
        raise invalid_argument(f"{label} cannot be {value!r}; the default is {default!r}.")
    return value
