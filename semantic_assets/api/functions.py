"""The library functions: each opens the lake of the settings, does its work and closes it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from semantic_assets.errors import ConfigError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate import estimate as estimate_store
from semantic_assets.pipeline.costs.estimate import estimate_articles as quote_articles
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.embeddings.import_vectors import ImportReport
from semantic_assets.pipeline.embeddings.import_vectors import import_vectors as bring_vectors
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.pipeline.flows.refresh import refresh as refresh_store
from semantic_assets.pipeline.flows.reindex import ReindexReport, reindex_all
from semantic_assets.pipeline.flows.reindex import cancel_reindex as give_up
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.pipeline.reports.sql import connect as connect_store
from semantic_assets.pipeline.reports.status import Status
from semantic_assets.pipeline.reports.status import status as status_of
from semantic_assets.pipeline.search.quality import measure_quality
from semantic_assets.pipeline.search.search import SearchHit
from semantic_assets.pipeline.search.search import search as search_store
from semantic_assets.pipeline.search.search import search_many as search_all
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from semantic_assets.text.scripts import Script


def _silent(_line: str) -> None:
    return None


@contextmanager
def opened(
    root: str | Path | None = None, *, progress: Callable[[str], None] = _silent
) -> Iterator[tuple[Store, Gemini]]:
    """Open the store and the client of the settings in force; `root` names another lake."""
    settings = Settings.load(root=root)
    with open_store(settings, progress=progress) as store:
        yield store, Gemini(endpoint_of(settings))


def dataset_keys(names: str | Sequence[str] | None) -> tuple[DatasetKey, ...]:
    """Parse `"p/d"`, several such names, or None for all datasets, which gives an empty tuple."""
    if names is None:
        return ()
    return tuple(DatasetKey.parse(name) for name in ([names] if isinstance(names, str) else names))


def refresh(
    datasets: str | Sequence[str] | None = None,
    *,
    root: str | Path | None = None,
    wait_minutes: float | None = None,
    mode: str | None = None,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
    progress: Callable[[str], None] = print,
) -> RefreshReport:
    """Bring everything new to the index, waiting for the batches; safe to stop and to repeat.

    Args:
        mode: `async` (batches), `sync` (at once, at full price) or `auto`; None: as each dataset
            is set.
        max_cost_usd: refuse before sending if the quote's upper bound is higher.
        consent: called with the quote before anything is sent; raises to refuse.
    """
    with opened(root, progress=progress) as (store, gemini):
        return refresh_store(
            store,
            gemini,
            datasets=dataset_keys(datasets),
            wait_minutes=store.settings.wait_minutes if wait_minutes is None else wait_minutes,
            mode=mode,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )


def estimate(
    datasets: str | Sequence[str] | None = None,
    *,
    limit: int | None = None,
    root: str | Path | None = None,
) -> Estimate:
    """Quote what `refresh` would send now, or its first `limit` documents only.

    Lists the sources and sends nothing. Files not read yet are quoted by their size.
    """
    with opened(root) as (store, _):
        discover(store, datasets=dataset_keys(datasets))
        return estimate_store(store, datasets=dataset_keys(datasets), limit=limit)


def estimate_articles(
    articles: int, chars: int, *, script: str = "latin", root: str | Path | None = None
) -> Estimate:
    """Quote a corpus of `articles` articles of `chars` characters each; needs no lake."""
    settings = Settings.load(root=root)
    with TemporaryDirectory(prefix="semantic-assets-") as folder, ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(settings))
        except ConfigError:  # there is no ledger yet: quote over a temporary one
            elsewhere = replace(settings, root=Path(folder), root_url=None, ledger_url=None)
            store = stack.enter_context(open_store(elsewhere, create=True))
        return quote_articles(store, articles=articles, chars=chars, script=Script(script))


def search(
    question: str,
    *,
    dataset: str | Sequence[str] | None = None,
    k: int = 10,
    space: str | None = None,
    root: str | Path | None = None,
) -> list[SearchHit]:
    """Return the k passages nearest to a question, best first.

    Args:
        space: refuse an index of another embedding space than this id; None takes the serving one.

    Raises:
        NotFound: there is no index yet.
        ConfigError: the index is of another embedding space.
    """
    with opened(root) as (store, gemini):
        datasets = dataset_keys(dataset)
        return search_store(store, gemini, question, datasets=datasets, k=k, space_id=space)


def search_many(
    questions: Sequence[str],
    *,
    dataset: str | Sequence[str] | None = None,
    k: int = 10,
    space: str | None = None,
    root: str | Path | None = None,
) -> list[list[SearchHit]]:
    """Return the hits of `search` for each question; 100 questions are embedded a call."""
    with opened(root) as (store, gemini):
        datasets = dataset_keys(dataset)
        return search_all(store, gemini, questions, datasets=datasets, k=k, space_id=space)


def status(*, root: str | Path | None = None) -> Status:
    """Return the queue, the jobs, the expected finish and the cost so far."""
    with opened(root) as (store, gemini):
        return status_of(store, scope_id=gemini.scope_id)


def pending(*, by_project: bool = False, root: str | Path | None = None) -> list[PendingCounts]:
    """Return the work left in each dataset or project, the smallest first."""
    with opened(root) as (store, _):
        return pending_counts(store, by_project=by_project)


def connect(*, root: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """Connect DuckDB to documents, chunks, embeddings, results, jobs, shards and chunk_status."""
    with opened(root) as (store, _):
        return connect_store(store)


def reindex(
    model: str,
    *,
    dimensions: int | None = None,
    datasets: str | Sequence[str] | None = None,
    root: str | Path | None = None,
    wait_minutes: float | None = None,
    switch: bool | None = None,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
    progress: Callable[[str], None] = print,
) -> list[ReindexReport]:
    """Move these datasets, or all, to another model one after the other; search goes on.

    Stops at the first dataset that waits for batches; called again, it continues there.
    """
    with opened(root, progress=progress) as (store, gemini):
        settings = store.settings
        space = EmbeddingSpace.of(
            backend=settings.backend, model=model, dimensions=dimensions or settings.dimensions
        )
        return reindex_all(
            store,
            gemini,
            dataset_keys(datasets),
            space,
            wait_minutes=settings.wait_minutes if wait_minutes is None else wait_minutes,
            switch=switch,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )


def import_vectors(
    file: str | Path,
    *,
    model: str | None = None,
    dimensions: int | None = None,
    root: str | Path | None = None,
) -> ImportReport:
    """Import vectors paid for elsewhere from Parquet or JSON Lines; re-embed a few as a check."""
    with opened(root) as (store, gemini):
        settings = store.settings
        space = EmbeddingSpace.of(
            backend=settings.backend,
            model=model or settings.model,
            dimensions=dimensions or settings.dimensions,
        )
        return bring_vectors(store, gemini, Path(file), space)


def cancel_reindex(
    datasets: str | Sequence[str] | None = None, *, root: str | Path | None = None
) -> list[str]:
    """Cancel the reindexing of datasets; return the names of those that were under way."""
    with opened(root) as (store, _):
        wanted = dataset_keys(datasets) or tuple(store.ledger.sources.datasets())
        return [str(dataset) for dataset in wanted if give_up(store, dataset)]


def quality(
    datasets: str | Sequence[str] | None = None, *, root: str | Path | None = None
) -> list[Evaluation]:
    """Measure how well the indexes answer their judged questions; newest version first."""
    with opened(root) as (store, gemini):
        wanted = dataset_keys(datasets) or tuple(store.ledger.sources.datasets())
        for dataset in wanted:
            measure_quality(store, gemini, dataset)
        return [found for dataset in wanted for found in store.ledger.evaluations.of(dataset)]
