"""Faults that change a good answer: pages of jobs, and vectors in real time.

Not here: whether they fire.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.faults.refusals import error_details
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call

Message = Mapping[str, Any]

# 36 characters like any other.
_STRANGER = "batches/" + "somebodyelse" * 3
_EMPTY = b"e"


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
    return {**page, "operations": [*operations, _strangers_job()]}


def _detailed(operation: Message) -> Message:
    if "error" not in operation:
        return operation
    return {**operation, "error": {**operation["error"], "details": error_details()}}


def _strangers_job() -> Message:
    error = {"code": 13, "message": "Internal error.", "details": error_details()}
    metadata = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.EmbedContentBatch",
        "model": "models/gemini-embedding-001",
        "displayName": "somebody else's",
        "createTime": wire.timestamp(0.0),
        "state": "BATCH_STATE_SUCCEEDED",
        "name": _STRANGER,
        "output": {"inlinedResponses": {"inlinedResponses": [{"error": error}]}},
    }
    return {"name": _STRANGER, "metadata": metadata, "done": True}


def has_embeddings(reply: Any, least: int = 1) -> bool:
    """Return whether an answer has at least so many vectors."""
    return isinstance(reply, Mapping) and len(_vectors(reply)) >= least


def _vectors(reply: Message) -> Sequence[Message]:
    return [reply["embedding"]] if "embedding" in reply else reply.get("embeddings", ())


def with_noise(_: Call, reply: Message, firing: Firing) -> Message:
    """Turn the vectors away from a batch's answer, by the given cosine."""
    cosine = firing.parameters["cosine"]
    turned = [
        {"values": _turned(vector["values"], cosine, [firing.number, position])}
        for position, vector in enumerate(_vectors(reply))
    ]
    if "embedding" in reply:
        return {**reply, "embedding": turned[0]}
    return {**reply, "embeddings": turned}


def _turned(
    values: npt.NDArray[np.float32], cosine: float, seed: list[int]
) -> npt.NDArray[np.float32]:
    length = np.linalg.norm(values)
    unit = values / length
    noise = np.random.default_rng(seed).standard_normal(len(values))
    noise -= (noise @ unit) * unit
    noise /= np.linalg.norm(noise) or 1.0
    turned = cosine * unit + np.sqrt(1 - cosine**2) * noise
    return np.asarray(length * turned, dtype=np.float32)


def with_swapped_vectors(_: Call, reply: Message, __: Firing) -> Message:
    """Put every vector in its neighbour's place."""
    vectors = list(_vectors(reply))
    return {**reply, "embeddings": vectors[1:] + vectors[:1]}


def without_last_vector(_: Call, reply: Message, __: Firing) -> Message:
    """Answer fewer embeddings than asked (field report ogham-mcp 60)."""
    return {**reply, "embeddings": reply["embeddings"][:-1]}
