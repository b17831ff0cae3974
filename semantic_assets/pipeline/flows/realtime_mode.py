"""Embed in real time for datasets in mode `sync`, or in mode `auto` with few pending texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from semantic_assets.errors import CorruptResult, SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.statuses import Mode, mode_of
from semantic_assets.pipeline.batch_jobs.guards import remote_block
from semantic_assets.pipeline.batch_jobs.realtime import RealtimeReport, answer_now, embed_now
from semantic_assets.pipeline.costs.budgets import job_guard, run_budget
from semantic_assets.pipeline.flows.apply_outputs import feed
from semantic_assets.pipeline.pending.pending import Counted, pending_texts
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store


@dataclass(slots=True)
class EmbeddedNow:
    """The reports of what was sent, and the shards of which no call was refused or failed."""

    reports: list[RealtimeReport] = field(default_factory=list)
    shards: set[ShardKey] = field(default_factory=set)


def embed_in_realtime(
    store: Store,
    gemini: Gemini,
    shards: Sequence[ShardKey],
    *,
    mode: str | None = None,
    unshared: bool = False,
) -> EmbeddedNow:
    """Embed the pending texts of these shards now, if the mode says so.

    Args:
        mode: `sync`, `async` or `auto`, for all of them; None: as each dataset is set.
        unshared: decide as if projects shared no text; what is paid for is not sent again.

    Texts that a cap blocks, or whose call fails, stay pending and go by batch.

    Raises:
        ConfigError: there is no such mode.
    """
    mode = None if mode is None else mode_of(mode)
    counted, done = Counted.UNSHARED if unshared else Counted.TO_SEND, EmbeddedNow()
    due = [shard for shard in shards if is_realtime(store, shard.dataset, shards, mode, counted)]
    with run_budget(store):
        for shard in due:
            if not _is_open(store, gemini, shard.dataset):
                continue  # the planner reports what blocks the texts
            try:
                if unshared:
                    _require_room(store, shard)
                done.reports += answer_tasks(store, gemini, shard)
                if store.is_embedded(shard.dataset):
                    done.reports.append(embed_now(store, gemini, shard))
                done.shards.add(shard)
            except (SpendRefused, TransientError, CorruptResult) as error:
                store.report_progress(f"{shard}: what is left goes by batch: {error}")
    return done


def _is_open(store: Store, gemini: Gemini, dataset: DatasetKey) -> bool:
    """Say whether the services that a dataset's products are of may be asked now."""
    backends = {product.backend for product in _products(store, dataset)}
    if not all(may_serve(store, dataset, backend) for backend in backends):
        return False
    clients = [gemini.on(backend) for backend in backends]
    return not any(
        remote_block(store, one) or store.ledger.scopes.paused(one.scope_id) for one in clients
    )


def _require_room(store: Store, shard: ShardKey) -> None:
    """Check that caps have room for a shard's texts, as if projects shared none.

    Raises:
        SpendRefused: a cap has not, though less than that may have to be sent.
    """
    for product in _products(store, shard.dataset):
        pending = pending_texts(store, product, [shard], Counted.UNSHARED)
        if pending:
            output = kind_of(product).expected_output(store, len(pending)) or 0
            usd = realtime_usd(product.model, sum(pending.values()), output)
            job_guard(store, product, shard.dataset, usd)(store.ledger.spending)


def _products(store: Store, dataset: DatasetKey) -> list[Product]:
    products: list[Product] = [pinned.task for pinned in store.ledger.tasks.of(dataset)]
    return products + ([store.serving_space(dataset)] if store.is_embedded(dataset) else [])


def answer_tasks(store: Store, gemini: Gemini, shard: ShardKey) -> list[RealtimeReport]:
    """Answer the requests of a shard's tasks now, and split its documents with the answers.

    Raises:
        SpendRefused, TransientError: as `answer_now`.
    """
    done = []
    for pinned in store.ledger.tasks.of(shard.dataset):
        done.append(answer_now(store, gemini, pinned.task, shard))
        feed(store, shard, pinned.task)
    return done


def is_realtime(
    store: Store,
    dataset: DatasetKey,
    shards: Sequence[ShardKey],
    mode: str | None = None,
    counted: Counted = Counted.TO_SEND,
) -> bool:
    """Say whether `mode`, or the dataset's mode, embeds its pending texts in real time."""
    settings = store.dataset_settings(dataset)
    mode = mode or settings.mode
    if mode != Mode.AUTO:
        return mode == Mode.SYNC
    its = [shard for shard in shards if shard.dataset == dataset]
    pending = (pending_texts(store, one, its, counted) for one in _products(store, dataset))
    return sum(sum(texts.values()) for texts in pending) < settings.auto_below_tokens
