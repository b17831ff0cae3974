"""Faults that change a good page of jobs. Not here: whether they fire."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.faults.refusals import error_details
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call

Message = Mapping[str, Any]

# 36 characters like any other.
_STRANGER = "batches/" + "somebodyelse" * 3
_EMPTY = b"e"
#: What the jobs of a page are called, by either service.
_LISTS = ("operations", "batchPredictionJobs")
# Above the number of any job.
_BEYOND = 2**62


def lists_jobs(page: Any) -> bool:
    """Return whether a page of either service has jobs."""
    return any(name in page for name in _LISTS)


def _list_of(page: Message) -> str:
    return next((name for name in _LISTS if name in page), _LISTS[0])


def before_empty_page(call: Call, page: Message, _: Firing) -> Message:
    """Return the first half of a page, with a token for an empty page that is not the last."""
    name = _list_of(page)
    half = page[name][: (len(page[name]) + 1) // 2]
    with call.state.reading() as db:
        last = db.execute(
            "SELECT sequence FROM job WHERE job_id = ?",
            [half[-1]["name"].rpartition("/")[2]],
        ).fetchone()
    token = base64.urlsafe_b64encode(_EMPTY + b"%d" % last["sequence"]).decode()
    return {name: half, "nextPageToken": token}


def empty_page(token: str | None) -> dict[str, Any] | None:
    """Return the empty page if a token asks for it; the rest comes after it."""
    try:
        decoded = base64.urlsafe_b64decode(token or "")
    except (ValueError, binascii.Error):
        return None
    if not decoded.startswith(_EMPTY):
        return None
    return {"nextPageToken": wire.page_token(int(decoded[1:]))}


def with_error_details(_: Call, page: Message, __: Firing) -> Message:
    """Add details to errors, and a job whose inlined error makes the SDK refuse the whole page."""
    name = _list_of(page)
    shown = [_detailed(job) for job in page.get(name, ())]
    stranger = _strangers_broken_job() if name == _LISTS[0] else _strangers_failed_job()
    return {**page, name: [*shown, stranger]}


def _detailed(operation: Message) -> Message:
    if "error" not in operation:
        return operation
    return {**operation, "error": {**operation["error"], "details": error_details()}}


def contradicted(_: Call, page: Message, firing: Firing) -> Message:
    """Show other jobs, or other states of them, than `get` does."""
    shape, name = firing.parameters["shape"], _list_of(page)
    is_platform = name != _LISTS[0]
    if shape == "empty":
        return {}
    if shape == "without-ours":
        return {name: [_strangers_failed_job() if is_platform else _strangers_job()]}
    word = "FAILED" if shape == "failed" else "SUCCEEDED"
    if is_platform:
        return {**page, name: [_ended_there(shown, word) for shown in page[name]]}
    return {**page, name: [_ended(shown, f"BATCH_STATE_{word}") for shown in page[name]]}


def _ended_there(job: Message, word: str) -> Message:
    """Return a job of the Agent Platform as ended, without output."""
    kept = {name: value for name, value in job.items() if name != "outputInfo"}
    return {**kept, "state": f"JOB_STATE_{word}"}


def _ended(operation: Message, state: str) -> Message:
    """Return a job as ended, without output and with all requests pending (live, one capture)."""
    metadata = {name: value for name, value in operation["metadata"].items() if name != "output"}
    count = metadata.get("batchStats", {}).get("requestCount", "1")
    metadata |= {
        "state": state,
        "batchStats": {"requestCount": count, "pendingRequestCount": count},
    }
    return {"name": operation["name"], "metadata": metadata, "done": True}


def with_repeating_token(_: Call, page: Message, __: Firing) -> Message:
    """Name a next page that is this one."""
    return {**page, "nextPageToken": wire.page_token(_BEYOND)}


def _strangers_broken_job() -> Message:
    error = {"code": 13, "message": "Internal error.", "details": error_details()}
    job = _strangers_job()
    output = {"inlinedResponses": {"inlinedResponses": [{"error": error}]}}
    return {**job, "metadata": {**job["metadata"], "output": output}}


def _strangers_job() -> Message:
    metadata = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.EmbedContentBatch",
        "model": "models/gemini-embedding-001",
        "displayName": "somebody else's",
        "createTime": wire.timestamp(0.0),
        "state": "BATCH_STATE_SUCCEEDED",
        "name": _STRANGER,
    }
    return {"name": _STRANGER, "metadata": metadata, "done": True}


def _strangers_failed_job() -> Message:
    place = "projects/1/locations/us-central1"
    return {
        "name": f"{place}/batchPredictionJobs/{'7' * 19}",
        "displayName": "somebody else's",
        "model": "publishers/google/models/gemini-embedding-001",
        "createTime": wire.timestamp(0.0),
        "state": "JOB_STATE_FAILED",
        "error": {"code": 13, "message": "Internal error.", "details": error_details()},
    }
