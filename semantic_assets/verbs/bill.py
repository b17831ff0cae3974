"""bill: what embedding costs. Estimated for what is pending, actual for what is landed."""

from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.store import Store
from semantic_assets.verbs.pending import (
    complete_key_index,
    demand,
    unsettled_shards,
    withheld_texts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Tokens and US dollars of a whole store. Actual figures are as Google counted."""

    model: str
    chunks: int
    #: Chunks whose text another chunk has too: embedded once.
    shared_chunks: int
    tokens: int
    batch_usd: float
    #: What the same texts would have cost one by one.
    realtime_usd: float
    #: Rows embedded a second time, to prove the answers, and real-time jobs.
    canary_usd: float
    committed_usd: float
    possibly_billed_usd: float
    #: Not sent yet.
    pending_texts: int
    pending_tokens_estimated: int
    pending_batch_usd: float
    is_free: bool


def bill(store: Store) -> Bill:
    """Spend so far, and the quote for what is pending."""
    model = store.space.model
    totals = store.ledger.spending.totals()
    chunks, distinct = _counts(store)
    pending = _pending(store)
    tokens = sum(pending.values())
    return Bill(
        model=model,
        chunks=chunks,
        shared_chunks=chunks - distinct,
        tokens=totals.batch_tokens,
        batch_usd=totals.batch_usd,
        realtime_usd=realtime_usd(model, totals.batch_tokens),
        canary_usd=totals.realtime_usd,
        committed_usd=totals.committed_usd,
        possibly_billed_usd=totals.possibly_billed_usd,
        pending_texts=len(pending),
        pending_tokens_estimated=tokens,
        pending_batch_usd=batch_usd(model, tokens),
        is_free=store.settings.backend == "emulator",
    )


def _counts(store: Store) -> tuple[int, int]:
    hashes = [
        store.lake.read(layout.chunks(shard.key), ["text_hash"])["text_hash"]
        for shard in store.ledger.sources.shards()
        if store.lake.exists(layout.chunks(shard.key))
    ]
    total = sum(len(column) for column in hashes)
    if not total:
        return 0, 0
    distinct = set().union(*(pc.unique(column).to_pylist() for column in hashes))
    return total, len(distinct)


def _pending(store: Store) -> dict[str, int]:
    space_id = store.space.space_id
    shards = unsettled_shards(store, space_id)
    if not shards:
        return {}
    index = complete_key_index(store, space_id)
    withheld = withheld_texts(store, space_id).texts
    found: dict[str, int] = {}
    for shard, _ in shards:
        found.update(demand(store, shard.key, index, withheld).pending)
    return found
