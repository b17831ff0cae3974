"""The costs of embedding and generating: estimated for pending texts, actual for landed ones."""

from collections import Counter
from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.pending import pending_texts
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_products
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(HtmlTable):
    """The tokens and US dollars of a whole store; actual figures are Google's counts."""

    #: Models used so far, and models of pending texts.
    models: tuple[str, ...]
    chunks: int
    #: Chunks whose text another chunk also has: embedded once.
    shared_chunks: int
    tokens: int
    batch_usd: float
    #: The cost of the same tokens at real-time prices.
    realtime_usd: float
    #: Rows embedded a second time to check the answers, and real-time jobs.
    canary_usd: float
    committed_usd: float
    possibly_billed_usd: float
    #: What other tools spent on the same key, as entered by `spend add`.
    other_usd: float
    #: Texts not sent yet.
    pending_texts: int
    pending_tokens_estimated: int
    #: The same by model.
    pending_tokens_of: dict[str, int]
    pending_batch_usd: float
    is_free: bool


def bill(store: Store) -> Bill:
    """Return the spend so far, and the quote for the pending texts."""
    totals = store.ledger.spending.totals(backend=store.settings.backend)
    chunks, distinct = _counts(store)
    pending = _pending(store)
    used = totals.batch_tokens
    return Bill(
        models=tuple(sorted({*used, *(product.model for product in pending)})),
        chunks=chunks,
        shared_chunks=chunks - distinct,
        tokens=sum(used.values()),
        batch_usd=totals.batch_usd,
        realtime_usd=sum(_in_real_time(model, usd) for model, usd in totals.batch_usd_of.items()),
        canary_usd=totals.realtime_usd,
        committed_usd=totals.committed_usd,
        possibly_billed_usd=totals.possibly_billed_usd,
        other_usd=totals.other_usd,
        pending_texts=sum(len(texts) for texts in pending.values()),
        pending_tokens_estimated=sum(sum(texts.values()) for texts in pending.values()),
        pending_tokens_of=_by_model(pending),
        pending_batch_usd=sum(
            _expected(store, product, texts) for product, texts in pending.items()
        ),
        is_free=store.settings.backend == "emulator",
    )


def _by_model(pending: dict[Product, dict[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for product, texts in pending.items():
        found[product.model] += sum(texts.values())
    return {model: tokens for model, tokens in found.items() if tokens}


def _in_real_time(model: str, usd: float) -> float:
    """Convert batch dollars to real-time prices, which are the same multiple for every token."""
    return usd * realtime_usd(model, 1_000_000, 1_000_000) / batch_usd(model, 1_000_000, 1_000_000)


def _expected(store: Store, product: Product, texts: dict[str, int]) -> float:
    output = kind_of(product).expected_output(store, len(texts))
    return batch_usd(product.model, sum(texts.values()), output or 0)


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


def _pending(store: Store) -> dict[Product, dict[str, int]]:
    """Map each wanted space and task to the keys and estimated tokens of its pending texts."""
    found: dict[Product, dict[str, int]] = {}
    for wanted in wanted_products(store):
        shards = unsettled_shards(store, wanted)
        found[wanted.product] = pending_texts(store, wanted.product, [s.key for s, _ in shards])
    return found
