"""Quote the present version of a task's file for a dataset, then process the dataset by it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.budgets import jobs_usd
from semantic_assets.pipeline.costs.estimate import Estimate, estimate_requests, require_quote
from semantic_assets.pipeline.costs.estimate_tasks import embedded
from semantic_assets.pipeline.generation.task_versions import find_task, pinned_task, require_room
from semantic_assets.pipeline.generation_jobs.generate import ask_all, quote_pending
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Regeneration(HtmlTable):
    """The cost of another version of a task. Dollars are of the batch API, with canaries."""

    dataset: str
    task: str
    #: False: the dataset is already processed by the file's version.
    is_changed: bool
    requests: int
    generation_usd: float
    #: Chunks that carry an answer of it, all of which may be embedded again.
    chunks_to_embed: int
    embedding_usd: float

    @property
    def usd(self) -> float:
        return self.generation_usd + self.embedding_usd


def quote_regeneration(store: Store, dataset: DatasetKey, name: str) -> Regeneration:
    """Quote the file's version of a task; reads the sources and sends nothing.

    Raises:
        NotFound: the dataset is not processed by such a task.
        ConfigError: the file of the task is gone or invalid.
    """
    found, _ = _quoted(store, dataset, name)
    return found


def regenerate(
    store: Store,
    dataset: DatasetKey,
    name: str,
    *,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
) -> Regeneration:
    """Pin the file's version; documents keep their old answers until the new ones are there.

    Raises:
        NotFound, ConfigError: as `quote_regeneration`.
        SpendRefused: over a cap, or not consented to; nothing was changed.
    """
    found, quote = _quoted(store, dataset, name)
    if found.is_changed:
        require_quote(store, quote, max_cost_usd, consent)
        file = find_task(store, name, dataset)
        store.ledger.tasks.repin(dataset, file.task, file.use)
    return found


def _quoted(store: Store, dataset: DatasetKey, name: str) -> tuple[Regeneration, Estimate]:
    pinned, file = pinned_task(store, dataset, name), find_task(store, name, dataset)
    is_changed = (pinned.task, pinned.use) != (file.task, file.use)
    require_room(dataset, file)
    quote = quote_pending(store, file, ask_all(store, dataset, file.task))
    feeds = pinned.is_awaited or bool(file.use.vector_text)
    chunks, tokens = embedded(store, dataset) if is_changed and feeds else (0, 0)
    model = store.serving_space(dataset).model
    embedding = jobs_usd(store, model, chunks, tokens) if chunks else 0.0
    found = Regeneration(
        dataset=str(dataset),
        task=name,
        is_changed=is_changed,
        requests=quote.requests if is_changed else 0,
        generation_usd=quote.usd if is_changed else 0.0,
        chunks_to_embed=chunks,
        embedding_usd=embedding,
    )
    total = estimate_requests(store, quote)
    total = replace(
        total,
        texts=chunks,
        usd=total.usd + embedding,
        usd_low=total.usd_low + embedding,
        usd_high=total.usd_high + embedding,
    )
    return found, total
