"""Quotes for bringing a corpus up to date, before anything is paid.

A quote covers the texts of current chunks that are not paid for yet. Files that were listed and not
read yet are quoted by their size; `refresh` reads and splits them for free before it sends.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import SpendRefused
from semantic_assets.lake import layout
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.budgets import jobs_usd
from semantic_assets.pipeline.costs.calibration import Calibration, calibrate, job_seconds
from semantic_assets.pipeline.costs.estimate_tasks import (
    TaskQuote,
    quote_tasks,
    quote_unread,
    tokens_to_embed_later,
)
from semantic_assets.pipeline.documents.unread import Unread, unread
from semantic_assets.pipeline.pending.pending import pending_texts
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_spaces
from semantic_assets.store import Store
from semantic_assets.text.chunking import MAX_TOKENS
from semantic_assets.text.scripts import CHARACTERS_PER_TOKEN, Script, script_of

#: Texts of a shard sampled for their script; the others are assumed to be like them.
_SCRIPT_SAMPLE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptQuote:
    """The tokens of one script in one space: the estimate and its bounds."""

    script: str
    model: str
    tokens: int
    tokens_low: int
    tokens_high: int
    #: Texts the estimate was calibrated from; 0: not calibrated.
    calibrated_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(HtmlTable):
    """A quote. Dollars are of the batch API with its canaries, unless they say real-time."""

    #: Texts to embed now. Documents that wait for answers of a task are not split yet: their tokens
    #: are in the figures below.
    texts: int
    #: Tokens of these texts, and of prompts.
    tokens: int
    tokens_low: int
    tokens_high: int
    usd: float
    usd_low: float
    usd_high: float
    realtime_usd: float
    by_script: tuple[ScriptQuote, ...]
    #: Listed files whose records are not read yet; their tokens are in the figures above.
    unread_files: int
    unread_bytes: int
    #: How often the window of enqueued tokens must be filled.
    window_fills: int
    #: From the duration of recent jobs; None before the first has ended.
    expected_seconds: float | None
    is_free: bool
    #: Quotes of generation tasks; included in the dollars above.
    generations: tuple[TaskQuote, ...] = ()

    @property
    def requests(self) -> int:
        """The number of texts and prompts to be sent."""
        return self.texts + sum(quote.requests for quote in self.generations)


def estimate(
    store: Store, *, datasets: Sequence[DatasetKey] = (), limit: int | None = None
) -> Estimate:
    """Quote the pending texts of all datasets or these; `limit`: of the first documents only."""
    texts, parts = 0, []
    for wanted in wanted_spaces(store):
        shards = [
            shard.key
            for shard, _ in unsettled_shards(store, wanted)
            if not datasets or shard.key.dataset in datasets
        ]
        counted, scripts = _pending_by_script(store, wanted.product, shards, limit)
        texts += counted
        parts += _calibrated(store, wanted.product, scripts)
    waiting = unread(store, datasets) if limit is None else Unread()
    parts += [quote_of_size(store, dataset, size) for dataset, size in waiting.bytes.items()]
    if limit is not None:
        return _quote(store, texts, parts, waiting)
    for dataset, tokens in tokens_to_embed_later(store, datasets).items():
        parts.append(
            _part(store.serving_space(dataset), "waits for answers", tokens, Calibration(band=0.5))
        )
    tasks = [*quote_tasks(store, datasets), *quote_unread(store, waiting.bytes)]
    return _quote(store, texts, parts, waiting, tasks)


def estimate_space(store: Store, dataset: DatasetKey, space: EmbeddingSpace) -> Estimate:
    """Quote the texts of a dataset in a space it is not in yet."""
    shards = [
        shard.key
        for shard in store.ledger.sources.shards(dataset)
        if store.lake.exists(layout.chunks(shard.key))
    ]
    texts, scripts = _pending_by_script(store, space, shards, None)
    return _quote(store, texts, _calibrated(store, space, scripts), Unread())


def estimate_articles(store: Store, *, articles: int, chars: int, script: Script) -> Estimate:
    """Quote an imagined corpus of so many articles of so many characters each."""
    space = store.settings.space
    tokens = round(articles * chars / CHARACTERS_PER_TOKEN[script])
    part = _part(space, script, tokens, Calibration())
    texts = articles * max(1, math.ceil(chars / CHARACTERS_PER_TOKEN[script] / (MAX_TOKENS / 2)))
    return _quote(store, texts, [part], Unread())


def estimate_requests(store: Store, quote: TaskQuote, *, is_realtime: bool = False) -> Estimate:
    """Return the quote of one task alone, as it is put up for consent."""
    tasks = [quote] if quote.requests else []
    found = _quote(store, 0, [], Unread(), tasks)
    factor = found.realtime_usd / found.usd if found.usd and is_realtime else 1.0
    return replace(
        found,
        texts=quote.chunks_to_embed,
        usd=found.usd * factor + quote.embedding_usd,
        usd_low=found.usd_low * factor + quote.embedding_usd,
        usd_high=found.usd_high * factor + quote.embedding_usd,
    )


def quote_of_size(store: Store, dataset: DatasetKey, size: int) -> ScriptQuote:
    """Quote files by size alone: a byte counts as a character of Latin text, which errs upwards."""
    tokens = round(size / CHARACTERS_PER_TOKEN[Script.LATIN])
    unknown = Calibration(band=0.5)
    return _part(store.serving_space(dataset), "not read yet", tokens, unknown)


def _pending_by_script(
    store: Store, space: EmbeddingSpace, shards: Sequence[ShardKey], limit: int | None
) -> tuple[int, dict[Script, int]]:
    """Return (texts, estimated tokens by script); a text that several shards want counts once."""
    pending = pending_texts(store, space, shards)
    texts, found = 0, dict.fromkeys(Script, 0)
    left = limit
    for shard in shards:
        columns = ["document_id", "text_hash", "token_estimate"]
        chunks = store.lake.read(layout.chunks(shard), columns)
        if left is not None:
            chunks, left = _first_documents(chunks, left)
        keys = [key for key in dict.fromkeys(chunks["text_hash"].to_pylist()) if key in pending]
        tokens = sum(pending.pop(key) for key in keys)
        texts += len(keys)
        for script, share in _script_shares(store, shard, keys).items():
            found[script] += round(tokens * share)
    return texts, found


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


def _calibrated(
    store: Store, space: EmbeddingSpace, scripts: dict[Script, int]
) -> list[ScriptQuote]:
    if not any(scripts.values()):
        return []
    learned = calibrate(store, space)
    return [
        _part(space, script, tokens, learned[script])
        for script, tokens in scripts.items()
        if tokens
    ]


def _part(space: EmbeddingSpace, script: str, tokens: int, calibration: Calibration) -> ScriptQuote:
    expected = tokens * calibration.ratio
    return ScriptQuote(
        script=str(script),
        model=space.model,
        tokens=round(expected),
        tokens_low=round(expected * (1 - calibration.band)),
        tokens_high=round(expected * (1 + calibration.band)),
        calibrated_from=calibration.texts,
    )


def _quote(
    store: Store,
    texts: int,
    parts: list[ScriptQuote],
    waiting: Unread,
    tasks: Sequence[TaskQuote] = (),
) -> Estimate:
    tokens = sum(part.tokens for part in parts)
    low, high = sum(p.tokens_low for p in parts), sum(p.tokens_high for p in parts)
    fills = sum(
        -(-sum(p.tokens_high for p in parts if p.model == model) // store.settings.window_of(model))
        for model in {part.model for part in parts}
    ) + sum(task.window_fills for task in tasks)
    prompts = sum(task.tokens for task in tasks)
    seconds = job_seconds(store)
    shares = [(p, _share(texts, p.tokens, tokens)) for p in parts]
    return Estimate(
        texts=texts,
        tokens=tokens + prompts,
        tokens_low=low + prompts,
        tokens_high=high + prompts,
        usd=sum(jobs_usd(store, p.model, share, p.tokens) for p, share in shares)
        + sum(task.usd for task in tasks),
        usd_low=sum(jobs_usd(store, p.model, share, p.tokens_low) for p, share in shares)
        + sum(task.usd_low for task in tasks),
        usd_high=sum(jobs_usd(store, p.model, share, p.tokens_high) for p, share in shares)
        + sum(task.usd_high for task in tasks),
        realtime_usd=sum(realtime_usd(p.model, p.tokens) for p in parts)
        + sum(task.realtime_usd for task in tasks),
        by_script=tuple(parts),
        unread_files=waiting.files,
        unread_bytes=sum(waiting.bytes.values()),
        window_fills=fills,
        expected_seconds=seconds * fills if seconds is not None and fills else None,
        is_free=store.settings.backend == "emulator",
        generations=tuple(tasks),
    )


def _share(texts: int, tokens: int, of: int) -> int:
    """Return the number of texts with so many of the tokens; unread files: as they will be split."""
    counted = round(texts * tokens / of) if of else 0
    return max(counted, -(-tokens // (MAX_TOKENS // 2)) if not texts else counted)


def require_run_budget(
    store: Store,
    datasets: Sequence[DatasetKey],
    cap: float | None,
    consent: Callable[[Estimate], None] | None = None,
) -> None:
    """Quote the texts a run is about to send, and refuse it over its cap or without consent.

    Raises:
        SpendRefused: the upper bound of the quote is over `cap`, or over the settings' cap.
    """
    for dataset in datasets or store.ledger.sources.datasets():
        own = store.dataset_settings(dataset).max_cost_usd_per_run
        if own is not None:
            require_quote(store, estimate(store, datasets=[dataset]), own, None)
    if cap is not None or store.settings.max_cost_usd_per_run is not None or consent is not None:
        require_quote(store, estimate(store, datasets=datasets), cap, consent)


def require_quote(
    store: Store, quote: Estimate, cap: float | None, consent: Callable[[Estimate], None] | None
) -> None:
    """Check a quote against the cap (None: the settings' cap), then ask for consent.

    Raises:
        SpendRefused: over the cap, or over the settings' cap; or `consent` refused.
    """
    cap = store.settings.max_cost_usd_per_run if cap is None else cap
    if cap is not None and not quote.usd_high <= cap:  # a NaN cap refuses all
        raise SpendRefused(
            f"this run would cost ${quote.usd_low:.4f} to ${quote.usd_high:.4f} for {quote.requests} "
            f"texts, over its cap of ${cap:.4f}: nothing was sent. Name fewer datasets, or raise "
            "SEMANTIC_ASSETS_MAX_COST_USD_PER_RUN (--max-cost-usd)"
        )
    if consent is not None and quote.requests:
        consent(quote)
