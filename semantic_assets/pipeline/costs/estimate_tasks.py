"""Quotes of generation tasks: their pending requests, with the output that is expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.task import GenerationTask, TaskUse
from semantic_assets.pipeline.costs.budgets import jobs_usd
from semantic_assets.pipeline.generation.context import MAX_CONTEXT_TOKENS
from semantic_assets.pipeline.generation.expected_output import expected_output_tokens
from semantic_assets.pipeline.pending.pending import (
    Counted,
    as_unshared,
    pending_texts,
    shard_demand,
)
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_tasks
from semantic_assets.store import Store
from semantic_assets.text.scripts import CHARACTERS_PER_TOKEN, Script

#: Estimates of prompts were within this of every count seen; the size of answers is a guess.
_INPUT_BAND, _OUTPUT_BAND = 0.25, 0.5
#: Assumed bytes of text per document in files not read yet.
_DOCUMENT_BYTES = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuote(HtmlTable):
    """The quote of one task. Dollars are of the batch API unless they say real-time."""

    task: str
    model: str
    requests: int
    tokens: int
    output_tokens: int
    usd: float
    usd_low: float
    usd_high: float
    realtime_usd: float
    #: How often the model's window of enqueued tokens must be filled.
    window_fills: int
    #: Chunks that will carry its answers, all of which may be embedded again.
    chunks_to_embed: int = 0
    embedding_usd: float = 0.0


def quote_tasks(
    store: Store,
    datasets: Sequence[DatasetKey] = (),
    counted: Counted = Counted.TO_SEND,
) -> list[TaskQuote]:
    """Quote the pending requests of the tasks of all datasets, or of these."""
    found = []
    for wanted in wanted_tasks(store):
        shards = [
            shard.key
            for shard, _ in unsettled_shards(store, wanted)
            if not datasets or shard.key.dataset in datasets
        ]
        pending = pending_texts(store, wanted.product, shards, counted)
        if pending:
            requests, tokens = len(pending), sum(pending.values())
            is_shared = counted == Counted.TO_SEND
            found.append(quote_of(store, wanted.product, requests, tokens, is_learned=is_shared))
    return found


def quote_unread(
    store: Store, sizes: Mapping[DatasetKey, int], counted: Counted = Counted.TO_SEND
) -> list[TaskQuote]:
    """Quote the text tasks on unread files, from their bytes: a few thousand per document."""
    found = []
    for pinned in store.ledger.tasks.all():
        size = sizes.get(pinned.dataset, 0)
        if size and not pinned.task.is_media:
            tokens = round(size / CHARACTERS_PER_TOKEN[Script.LATIN])
            requests, is_shared = -(-size // _DOCUMENT_BYTES), counted == Counted.TO_SEND
            found.append(quote_of(store, pinned.task, requests, tokens, is_learned=is_shared))
    return found


def tokens_to_embed_later(
    store: Store,
    datasets: Sequence[DatasetKey] = (),
    counted: Counted = Counted.TO_SEND,
) -> dict[DatasetKey, int]:
    """Map datasets to the tokens of documents that wait for answers; estimated by their prompts."""
    found: dict[DatasetKey, int] = {}
    for pinned in store.ledger.tasks.all():
        is_meant = not datasets or pinned.dataset in datasets
        if is_meant and pinned.is_awaited and store.is_embedded(pinned.dataset):
            for shard in store.ledger.sources.shards(pinned.dataset):
                tokens = _awaited(store, shard.key, pinned, counted)
                if tokens:
                    found[pinned.dataset] = found.get(pinned.dataset, 0) + tokens
    return found


def _awaited(store: Store, shard: ShardKey, pinned: DatasetTask, counted: Counted) -> int:
    task = pinned.task
    if store.trusted_fingerprint(layout.requests(task.task_id, shard)) is None:
        return 0
    demand = shard_demand(store, shard, task)
    is_shared = counted == Counted.TO_SEND
    demand = demand if is_shared else as_unshared(store, demand)
    is_open = ~(demand.known.is_answered | demand.is_failed)
    if task.is_media:
        return expected_output_tokens(store, task, int(is_open.sum()), is_learned=is_shared)
    with_context = MAX_CONTEXT_TOKENS * int(is_open.sum()) if pinned.use.vector_text else 0
    return int(demand.texts.estimates[is_open].sum()) + with_context


def quote_of(
    store: Store,
    task: GenerationTask,
    requests: int,
    tokens: int,
    use: TaskUse | None = None,
    *,
    is_learned: bool = True,
) -> TaskQuote:
    """Quote so many requests with so many prompt tokens; `use`: for a task not pinned yet."""
    output = expected_output_tokens(store, task, requests, use, is_learned=is_learned)
    low = batch_usd(task.model, round(tokens * (1 - _INPUT_BAND)), round(output * _OUTPUT_BAND))
    most = min(round(output * (1 + _OUTPUT_BAND)), requests * task.max_output_tokens)
    return TaskQuote(
        task=task.name,
        model=task.model,
        requests=requests,
        tokens=tokens,
        output_tokens=output,
        usd=batch_usd(task.model, tokens, output),
        usd_low=low,
        usd_high=batch_usd(task.model, round(tokens * (1 + _INPUT_BAND)), most),
        realtime_usd=realtime_usd(task.model, tokens, output),
        window_fills=-(-tokens // store.settings.window_of(task.model, task.backend)),
    )


def with_embedding(store: Store, quote: TaskQuote, dataset: DatasetKey) -> TaskQuote:
    """Add the cost of embedding a dataset's present chunks again to a task's quote."""
    chunks, tokens = embedded(store, dataset)
    usd = jobs_usd(store, store.serving_space(dataset).model, chunks, tokens) if chunks else 0.0
    return replace(quote, chunks_to_embed=chunks, embedding_usd=usd)


def embedded(store: Store, dataset: DatasetKey) -> tuple[int, int]:
    """Return (chunks, their estimated tokens) of a dataset as it is split now."""
    chunks = tokens = 0
    for shard in store.ledger.sources.shards(dataset):
        path = layout.chunks(shard.key)
        if store.lake.exists(path):
            estimates = store.lake.read(path, ["token_estimate"])["token_estimate"]
            chunks += len(estimates)
            tokens += pc.sum(estimates).as_py() or 0
    return chunks, tokens
