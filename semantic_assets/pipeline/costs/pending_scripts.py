"""The pending texts of shards, and their estimated tokens by script."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.pending.pending import Counted, pending_texts
from semantic_assets.store import Store
from semantic_assets.text.scripts import Script, script_of

#: Texts of a shard sampled for their script; the others are assumed to be like them.
_SCRIPT_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class PendingScripts:
    """What is pending; a text that several shards want is the first one's."""

    tokens: dict[Script, int] = field(default_factory=lambda: dict.fromkeys(Script, 0))
    keys: dict[ShardKey, list[str]] = field(default_factory=dict)

    @property
    def texts(self) -> int:
        return sum(map(len, self.keys.values()))


def pending_by_script(
    store: Store,
    space: EmbeddingSpace,
    shards: Sequence[ShardKey],
    limit: int | None,
    counted: Counted = Counted.TO_SEND,
) -> PendingScripts:
    """Find the pending texts of these shards; `limit`: of the first documents only."""
    pending = pending_texts(store, space, shards, counted)
    found, left = PendingScripts(), limit
    for shard in shards:
        columns = ["document_id", "text_hash", "token_estimate"]
        chunks = store.lake.read(layout.chunks(shard), columns)
        if left is not None:
            chunks, left = _first_documents(chunks, left)
        keys = [key for key in dict.fromkeys(chunks["text_hash"].to_pylist()) if key in pending]
        tokens = sum(pending.pop(key) for key in keys)
        found.keys[shard] = keys
        for script, share in _script_shares(store, shard, keys).items():
            found.tokens[script] += round(tokens * share)
    return found


def _first_documents(chunks: pa.Table, limit: int) -> tuple[pa.Table, int]:
    documents = pc.unique(chunks["document_id"])[:limit]
    kept = chunks.filter(pc.is_in(chunks["document_id"], documents))
    return kept, limit - len(documents)


def _script_shares(store: Store, shard: ShardKey, keys: list[str]) -> dict[Script, float]:
    """Return each script's share of the tokens of these texts, from a sample spread over them."""
    if not keys:
        return {}
    sample = pa.array(keys[:: max(1, len(keys) // _SCRIPT_SAMPLE)][:_SCRIPT_SAMPLE], pa.string())
    columns = ["text_hash", "vector_text", "token_estimate"]
    chunks = store.lake.read(layout.chunks(shard), columns)
    rows = chunks.filter(pc.is_in(chunks["text_hash"], sample))
    weights = dict.fromkeys(Script, 0)
    for text, tokens in zip(
        rows["vector_text"].to_pylist(), rows["token_estimate"].to_pylist(), strict=True
    ):
        weights[script_of(text)] += tokens
    return {script: weight / sum(weights.values()) for script, weight in weights.items()}
