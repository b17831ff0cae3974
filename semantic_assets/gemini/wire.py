"""Operations as Google sends them, read tolerantly.

The SDK drops `error`, `batchStats` and `response`, and one operation with a normal
google.rpc.Status in it makes a whole page of the listing raise. So jobs are read from the raw
JSON; no function here raises on an unknown field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Of google.rpc.Code.
_PERMISSION_DENIED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteJob:
    """A batch job as the remote reports it. Counts are None if the remote gives none."""

    name: str
    display_name: str | None
    #: Without `models/`; None if the remote does not say.
    model: str | None = None
    state: str
    requests: int | None
    succeeded: int | None
    failed: int | None
    result_file: str | None
    error_message: str | None
    #: It failed because the service may not use the place of its input or its answers.
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Jobs of some pages, newest first; `complete` if the last page was reached."""

    jobs: tuple[RemoteJob, ...]
    complete: bool


def read_operation(operation: Mapping[str, Any]) -> RemoteJob:
    metadata = _mapping(operation.get("metadata"))
    stats = _mapping(metadata.get("batchStats"))
    return RemoteJob(
        name=str(operation.get("name") or metadata.get("name") or ""),
        display_name=_text(metadata.get("displayName")),
        model=(_text(metadata.get("model")) or "").removeprefix("models/") or None,
        state=_text(metadata.get("state")) or "BATCH_STATE_UNSPECIFIED",
        requests=_count(stats.get("requestCount")),
        succeeded=_count(stats.get("successfulRequestCount")),
        failed=_count(stats.get("failedRequestCount")),
        result_file=_result_file(operation, metadata),
        error_message=_error(operation) or _error(metadata),
    )


def read_prediction_job(message: Mapping[str, Any]) -> RemoteJob:
    """Read a job of the Agent Platform; its counts are those of rows that have ended."""
    stats = _mapping(message.get("completionStats"))
    succeeded, failed = _count(stats.get("successfulCount")), _count(stats.get("failedCount"))
    left = _count(stats.get("incompleteCount")) or 0
    model = _text(message.get("model")) or ""
    return RemoteJob(
        name=str(message.get("name") or ""),
        display_name=_text(message.get("displayName")),
        model=model.rpartition("/models/")[2] or None,
        state=_text(message.get("state")) or "JOB_STATE_UNSPECIFIED",
        requests=(succeeded or 0) + (failed or 0) + left if stats else None,
        succeeded=succeeded,
        failed=failed,
        result_file=_text(_mapping(message.get("outputInfo")).get("gcsOutputDirectory")),
        error_message=_error(message),
        is_refused=_mapping(message.get("error")).get("code") == _PERMISSION_DENIED,
    )


def _result_file(operation: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    """Return the result file's name from the metadata or the response."""
    for place in (_mapping(metadata.get("output")), _mapping(operation.get("response"))):
        for name in ("responsesFile", "responses_file"):
            if found := _text(place.get(name)):
                return found
    return None


def _error(place: Mapping[str, Any]) -> str | None:
    error = place.get("error")
    if not isinstance(error, Mapping):
        return None
    code, message = error.get("code"), error.get("message")
    return f"{message or 'no message'} (code {code})"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int | None:
    """Convert a count to int, from a string too, as int64 values come; else None."""
    try:
        return int(str(value))
    except ValueError:
        return None
