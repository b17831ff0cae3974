"""Embeddings in real time: one content a call (seen of gemini-embedding-2)."""

from typing import Any

from semantic_assets.emulator.answers import embedding
from semantic_assets.emulator.http import realtime
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import InvalidRequest, invalid_argument
from semantic_assets.emulator.jobs.catalogue import Kind, find_model


def embed_content(call: Call) -> dict[str, Any]:
    """Embed one content (publishers.models.embedContent)."""
    model = find_model(
        call.path["model"], kind=Kind.EMBED, version=call.version, method="embedContent"
    )
    try:
        decoded = embedding.decode_request(call.message(), model)
    except InvalidRequest as problem:
        raise problem.refusal() from problem
    call.state.add_to_tally(realtime.TEXTS, 1)
    (answer,) = embedding.embed([decoded], model, call.settings.vectors)
    call.state.add_to_tally(realtime.TOKENS, answer.token_count)
    return {
        "embedding": {"values": answer.values},
        "usageMetadata": {"promptTokenCount": answer.token_count},
        "truncated": False,
    }


def batch_embed_contents(call: Call) -> dict[str, Any]:
    """Refuse several contents (publishers.models.batchEmbedContents)."""
    raise invalid_argument(f"{call.path['model']} takes one content a call.")
