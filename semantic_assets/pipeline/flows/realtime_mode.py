"""Embed in real time for datasets in mode `sync`, or in mode `auto` with few pending texts."""

from collections.abc import Sequence

from semantic_assets.errors import ConfigError, CorruptResult, SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.statuses import Mode
from semantic_assets.pipeline.batch_jobs.guards import remote_block
from semantic_assets.pipeline.batch_jobs.realtime import RealtimeReport, answer_now, embed_now
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.flows.apply_outputs import feed
from semantic_assets.pipeline.pending.pending import pending_texts
from semantic_assets.settings.dataset_settings import MODES
from semantic_assets.store import Store


def embed_in_realtime(
    store: Store, gemini: Gemini, shards: Sequence[ShardKey], *, mode: str | None = None
) -> list[RealtimeReport]:
    """Embed the pending texts of these shards now, if the mode says so.

    Args:
        mode: `sync`, `async` or `auto`, for all of them; None: as each dataset is set.

    Texts that a cap blocks, or whose call fails, stay pending and go by batch.

    Raises:
        ConfigError: there is no such mode.
    """
    if mode is not None and mode not in MODES:
        raise ConfigError(f"there is no mode {mode!r}: use {', '.join(MODES)}")
    due = [shard for shard in shards if is_realtime(store, shard.dataset, shards, mode)]
    if not due or remote_block(store, gemini) or store.ledger.scopes.paused(gemini.scope_id):
        return []  # the planner reports what blocks the texts
    done: list[RealtimeReport] = []
    with run_budget(store):
        for shard in due:
            try:
                done += answer_tasks(store, gemini, shard)
                if store.is_embedded(shard.dataset):
                    done.append(embed_now(store, gemini, shard))
            except (SpendRefused, TransientError, CorruptResult) as error:
                store.report_progress(f"{shard}: what is left goes by batch: {error}")
    return done


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
    store: Store, dataset: DatasetKey, shards: Sequence[ShardKey], mode: str | None = None
) -> bool:
    """Say whether `mode`, or the dataset's mode, embeds its pending texts in real time."""
    settings = store.dataset_settings(dataset)
    mode = mode or settings.mode
    if mode != Mode.AUTO:
        return mode == Mode.SYNC
    its = [shard for shard in shards if shard.dataset == dataset]
    products: list[Product] = [pinned.task for pinned in store.ledger.tasks.of(dataset)]
    products += [store.serving_space(dataset)] if settings.embed else []
    pending = (pending_texts(store, product, its) for product in products)
    return sum(sum(texts.values()) for texts in pending) < settings.auto_below_tokens
