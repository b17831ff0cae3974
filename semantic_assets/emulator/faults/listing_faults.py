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
# Above the number of any job.
_BEYOND = 2**62


def before_empty_page(call: Call, page: Message, _: Firing) -> Message:
    """Return the first half of a page, with a token for an empty page that is not the last."""
    operations = page["operations"]
    half = operations[: (len(operations) + 1) // 2]
    with call.state.reading() as db:
        last = db.execute(
            "SELECT sequence FROM job WHERE job_id = ?",
            [half[-1]["name"].removeprefix("batches/")],
        ).fetchone()
    token = base64.urlsafe_b64encode(_EMPTY + b"%d" % last["sequence"]).decode()
    return {"operations": half, "nextPageToken": token}


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
    operations = [_detailed(operation) for operation in page.get("operations", ())]
    return {**page, "operations": [*operations, _strangers_broken_job()]}


def _detailed(operation: Message) -> Message:
    if "error" not in operation:
        return operation
    return {**operation, "error": {**operation["error"], "details": error_details()}}


def contradicted(_: Call, page: Message, firing: Firing) -> Message:
    """Show other jobs, or other states of them, than `get` does."""
    shape = firing.parameters["shape"]
    if shape == "empty":
        return {}
    if shape == "without-ours":
        return {"operations": [_strangers_job()]}
    state = "BATCH_STATE_FAILED" if shape == "failed" else "BATCH_STATE_SUCCEEDED"
    return {**page, "operations": [_ended(shown, state) for shown in page["operations"]]}


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
