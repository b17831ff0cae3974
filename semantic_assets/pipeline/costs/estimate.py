"""Quotes for bringing a corpus up to date, before anything is paid.

A quote covers the texts of current chunks that are not paid for yet. Files that were listed and not
read yet are quoted by their size; `refresh` reads and splits them for free before it sends.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from semantic_assets.errors import SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.budgets import jobs_usd, texts_with
from semantic_assets.pipeline.costs.calibration import Calibration
from semantic_assets.pipeline.costs.estimate_tasks import (
    TaskQuote,
    quote_tasks,
    quote_unread,
    tokens_to_embed_later,
)
from semantic_assets.pipeline.costs.expected_finish import JobPace, job_pace
from semantic_assets.pipeline.costs.pending_scripts import pending_by_script
from semantic_assets.pipeline.costs.script_quotes import (
    UNKNOWN,
    ScriptQuote,
    calibrated,
    quote_of_size,
    script_quote,
)
from semantic_assets.pipeline.costs.services.comparison import Services
from semantic_assets.pipeline.costs.services.other_service import better_for, services_for
from semantic_assets.pipeline.documents.letters_left_out import left_out_chars
from semantic_assets.pipeline.documents.unread import Unread, unread
from semantic_assets.pipeline.pending.pending import Counted
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_spaces
from semantic_assets.store import Store
from semantic_assets.text.chunking import MAX_TOKENS
from semantic_assets.text.scripts import CHARACTERS_PER_TOKEN, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(HtmlTable):
    """A quote. Dollars are of the batch API with its canaries, unless they say real-time."""

    #: Texts to embed now.
    texts: int
    #: Tokens of these texts, of documents that wait for answers of a task, and of prompts.
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
    #: From the median of recent jobs of this key; None before one has ended, and for one project.
    expected_seconds: float | None
    #: How long each fill takes; None for one project.
    pace: JobPace | None
    is_free: bool
    #: The same through either service of Google, the one with the window first.
    services: Services
    #: Why the service that is not in use would be better; None: it would not.
    other_service: str | None = None
    #: Requests made to count tokens for this quote: they cost nothing, and use up quota.
    count_requests: int = 0
    #: Letters left out around the content of these documents, as of web pages.
    left_out_chars: int = 0
    #: Quotes of generation tasks; included in the dollars above.
    generations: tuple[TaskQuote, ...] = ()
    #: Scanned pages and pictures that `transcribe = true` would read.
    offers: tuple[TaskQuote, ...] = ()
    #: How many files are read, in words; empty where the sources were not listed.
    files: str = ""
    #: What is not read and was not excluded on purpose; then: tasks whose model is shut down soon.
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def requests(self) -> int:
        """The number of texts and prompts to be sent."""
        return self.texts + sum(quote.requests for quote in self.generations)


def estimate(
    store: Store,
    *,
    datasets: Sequence[DatasetKey] = (),
    limit: int | None = None,
    counter: Gemini | None = None,
    counted: Counted = Counted.TO_SEND,
) -> Estimate:
    """Quote the pending texts of all datasets or these; `limit`: of the first documents only.

    Args:
        counter: lets Google count a sample of the texts to embed, by one request each.
        counted: unless `TO_SEND`, nothing that was learned from jobs is used: it tells of them.

    Raises:
        TransientError, PermanentError: Google did not count.
    """
    texts, parts, is_shared = 0, [], counted == Counted.TO_SEND
    quoted: set[ShardKey] = set()
    for wanted in wanted_spaces(store):
        shards = [
            shard.key
            for shard, _ in unsettled_shards(store, wanted)
            if not datasets or shard.key.dataset in datasets
        ]
        pending = pending_by_script(store, wanted.product, shards, limit, counted)
        texts += pending.texts
        quoted |= {*shards}
        parts += calibrated(store, wanted.product, pending, counter, is_learned=is_shared)
    waiting = unread(store, datasets) if limit is None else Unread()
    parts += [quote_of_size(store, dataset, size) for dataset, size in waiting.bytes.items()]
    tasks: list[TaskQuote] = []
    if limit is None:
        for dataset, tokens in tokens_to_embed_later(store, datasets, counted).items():
            parts.append(
                script_quote(store.serving_space(dataset), "waits for answers", tokens, UNKNOWN)
            )
        tasks += quote_tasks(store, datasets, counted)
        tasks += quote_unread(store, waiting.bytes, counted)
    quote = _quote(store, texts, parts, waiting, tasks, is_learned=is_shared)
    quote = replace(quote, left_out_chars=left_out_chars(store, quoted))
    return quote if is_shared else replace(quote, expected_seconds=None, pace=None)


def estimate_space(store: Store, dataset: DatasetKey, space: EmbeddingSpace) -> Estimate:
    """Quote the texts of a dataset in a space it is not in yet."""
    shards = [
        shard.key
        for shard in store.ledger.sources.shards(dataset)
        if store.lake.exists(layout.chunks(shard.key))
    ]
    pending = pending_by_script(store, space, shards, None)
    return _quote(store, pending.texts, calibrated(store, space, pending), Unread())


def estimate_articles(store: Store, *, articles: int, chars: int, script: Script) -> Estimate:
    """Quote an imagined corpus of so many articles of so many characters each."""
    space = store.settings.space
    tokens = round(articles * chars / CHARACTERS_PER_TOKEN[script])
    part = script_quote(space, script, tokens, Calibration())
    texts = articles * max(1, math.ceil(chars / CHARACTERS_PER_TOKEN[script] / (MAX_TOKENS / 2)))
    return _quote(store, texts, [part], Unread())


def estimate_requests(store: Store, quote: TaskQuote, *, is_realtime: bool = False) -> Estimate:
    """Return the quote of one task alone, as it is put up for consent."""
    found = _quote(store, 0, [], Unread(), [quote] if quote.requests else [])
    factor = found.realtime_usd / found.usd if found.usd and is_realtime else 1.0
    return replace(
        found,
        texts=quote.chunks_to_embed,
        usd=found.usd * factor + quote.embedding_usd,
        usd_low=found.usd_low * factor + quote.embedding_usd,
        usd_high=found.usd_high * factor + quote.embedding_usd,
    )


def _quote(
    store: Store,
    texts: int,
    parts: list[ScriptQuote],
    waiting: Unread,
    tasks: Sequence[TaskQuote] = (),
    *,
    is_learned: bool = True,
) -> Estimate:
    tokens = sum(part.tokens for part in parts)
    low, high = sum(p.tokens_low for p in parts), sum(p.tokens_high for p in parts)
    fills = sum(-(-at_most // window) for at_most, window in _by_window(store, parts))
    fills += sum(task.window_fills for task in tasks)
    prompts = sum(task.tokens for task in tasks)
    pace = job_pace(store)
    shares = [(p, texts_with(texts, p.tokens, tokens)) for p in parts]
    usd = sum(jobs_usd(store, p.model, share, p.tokens) for p, share in shares)
    usd += sum(task.usd for task in tasks)
    work = _work(shares, tasks)
    return Estimate(
        texts=texts,
        tokens=tokens + prompts,
        tokens_low=low + prompts,
        tokens_high=high + prompts,
        usd=usd,
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
        expected_seconds=pace.seconds * fills if pace.seconds is not None and fills else None,
        pace=pace,
        is_free=store.settings.backend == "emulator",
        services=services_for(store, work, usd, is_learned=is_learned),
        other_service=better_for(
            store, sum(n for n, _ in work.values()), {m: t for m, (_, t) in work.items()}
        )
        if is_learned
        else None,
        count_requests=sum(part.counted for part in parts),
        generations=tuple(tasks),
    )


def _by_window(store: Store, parts: Sequence[ScriptQuote]) -> Iterator[tuple[int, int]]:
    """Yield the tokens at most that go through each window of enqueued tokens, and its size."""
    for service, model in {(part.service, part.model) for part in parts}:
        its = (part for part in parts if (part.service, part.model) == (service, model))
        yield sum(part.tokens_high for part in its), store.settings.window_of(model, service)


def _work(
    shares: Sequence[tuple[ScriptQuote, int]], tasks: Sequence[TaskQuote]
) -> dict[str, tuple[int, int]]:
    """Return (texts, tokens at most) of each model."""
    found: dict[str, tuple[int, int]] = {}
    each = [(part.model, share, part.tokens_high) for part, share in shares]
    for model, texts, tokens in (*each, *((t.model, t.requests, t.tokens) for t in tasks)):
        before = found.get(model, (0, 0))
        found[model] = (before[0] + texts, before[1] + tokens)
    return found


def require_run_budget(
    store: Store,
    datasets: Sequence[DatasetKey],
    cap: float | None,
    consent: Callable[[Estimate], None] | None = None,
    counted: Counted = Counted.TO_SEND,
) -> None:
    """Quote the texts a run is about to send, and refuse it over its cap or without consent.

    Raises:
        SpendRefused: the upper bound of the quote is over `cap`, or over the settings' cap.
    """
    for dataset, settings in store.all_dataset_settings().items():
        own = settings.max_cost_usd_per_run
        if own is not None and (not datasets or dataset in datasets):
            require_quote(store, estimate(store, datasets=[dataset], counted=counted), own, None)
    if cap is not None or store.settings.max_cost_usd_per_run is not None or consent is not None:
        quote = estimate(store, datasets=datasets, counted=counted)
        require_quote(store, quote, cap, consent)


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
