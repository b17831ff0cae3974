"""The library functions: each opens the lake of the settings, does its work and closes it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

import duckdb

from semantic_assets.api.core import Consent, Datasets, Root, dataset_key, dataset_keys
from semantic_assets.api.hits import Hits
from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.errors import ConfigError
from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger.evaluations import ModeEvaluation
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_options import SearchArguments
from semantic_assets.pipeline.additions.addition_plan import plan_additions
from semantic_assets.pipeline.additions.copying import Added, copy_addition
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate import estimate_articles as quote_articles
from semantic_assets.pipeline.embeddings.import_vectors import ImportReport
from semantic_assets.pipeline.embeddings.import_vectors import import_vectors as bring_vectors
from semantic_assets.pipeline.exports.corpus_map import CorpusMap
from semantic_assets.pipeline.exports.corpus_map import corpus_map as map_datasets
from semantic_assets.pipeline.exports.dataset_export import ExportedTable, export_dataset
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.pipeline.flows.refresh import refresh as refresh_store
from semantic_assets.pipeline.flows.reindex import ReindexReport, reindex_all
from semantic_assets.pipeline.flows.reindex import cancel_reindex as give_up
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.pipeline.reports.status import Status
from semantic_assets.pipeline.search.judged.mode_quality import (
    are_modes_to_be_measured,
    measure_modes,
    quality_of,
)
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from semantic_assets.text.scripts import Script


@contextmanager
def opened(
    root: Root = None,
    *,
    progress: Callable[[str], None] | None = None,
    reading: bool = False,
    settings: Settings | None = None,
) -> Iterator[tuple[Store, Gemini]]:
    """Open the store and the client of the settings in force; `root` names another lake.

    Args:
        settings: all of them, `root` too; default: of the environment.
        reading: write nothing there, and make no lake where there is none.
    """
    with SemanticCore(root, progress=progress, settings=settings) as core:
        yield core.reader if reading else core.store, core.gemini


def refresh(
    datasets: Datasets = None,
    *,
    root: Root = None,
    wait_minutes: float | None = None,
    mode: str | None = None,
    max_cost_usd: float | None = None,
    consent: Consent = None,
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
            datasets=dataset_keys(store, datasets),
            wait_minutes=store.settings.wait_minutes if wait_minutes is None else wait_minutes,
            mode=mode,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )


def add(
    paths: Sequence[str | Path],
    *,
    to: str | None = None,
    replace: bool = False,
    root: Root = None,
) -> list[Added]:
    """Copy files and folders below the sources, each folder to a dataset of its name.

    Args:
        to: the dataset for all of them, as `"p/d"`.
        replace: replace files there that differ; otherwise they are refused by name.

    Raises:
        ConfigError: a path is not there, or the sources are in a bucket.
    """
    settings = Settings.load(root=root)
    if settings.sources_url:
        raise ConfigError(
            f"the sources are in a bucket, {settings.sources_url}: copy the files below it to "
            "PROJECT/DATASET/ by its own tool"
        )
    dataset = DatasetKey.parse(to) if to is not None else None
    plans = plan_additions(paths, dataset, settings.sources)
    return [copy_addition(plan, settings.sources, replace=replace) for plan in plans]


def estimate(
    datasets: Datasets = None,
    *,
    limit: int | None = None,
    exact: bool = False,
    root: Root = None,
) -> Estimate:
    """Quote what `refresh` would cost now, as `SemanticCore.estimate`."""
    with SemanticCore(root) as core:
        return core.estimate(datasets, limit=limit, exact=exact)


def estimate_articles(
    articles: int, chars: int, *, script: str = "latin", root: Root = None
) -> Estimate:
    """Quote a corpus of `articles` articles of `chars` characters each; needs no lake."""
    settings = Settings.load(root=root)
    with TemporaryDirectory(prefix="semantic-assets-") as folder, ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(settings, reading=True))
        except ConfigError:  # there is no ledger yet: the price comes before it
            elsewhere = replace(settings, root=Path(folder), root_url=None, ledger_url=None)
            store = stack.enter_context(open_store(elsewhere, create=True, reading=True))
        return quote_articles(store, articles=articles, chars=chars, script=Script(script))


def search(
    question: str,
    *,
    dataset: Datasets = None,
    space: str | None = None,
    root: Root = None,
    **options: Unpack[SearchArguments],
) -> Hits:
    """Find the passages that answer a question best, as `SemanticCore.search`."""
    with SemanticCore(root) as core:
        return core.search(question, dataset=dataset, space=space, **options)


def search_many(
    questions: Sequence[str],
    *,
    dataset: Datasets = None,
    space: str | None = None,
    root: Root = None,
    **options: Unpack[SearchArguments],
) -> list[Hits]:
    """Search for several questions, as `SemanticCore.search_many`."""
    with SemanticCore(root) as core:
        return core.search_many(questions, dataset=dataset, space=space, **options)


def status(*, root: Root = None) -> Status:
    """Report the queue, the jobs, the expected finish and the cost so far."""
    with SemanticCore(root) as core:
        return core.status()


def pending(
    datasets: Datasets = None, *, by_project: bool = False, root: Root = None
) -> list[PendingCounts]:
    """Count what is left to do in each dataset or project, the smallest first."""
    with SemanticCore(root) as core:
        wanted = dataset_keys(core.reader, datasets)
        return pending_counts(core.reader, wanted, by_project=by_project)


def connect(*, root: Root = None) -> duckdb.DuckDBPyConnection:
    """Open SQL over documents, chunks, embeddings, results, batch_jobs, shards and chunk_status."""
    with SemanticCore(root) as core:
        return core.connect()


def export(
    dataset: Datasets,
    target: str | Path,
    *,
    format: str | None = None,
    table: str | None = None,
    index: bool = False,
    replace: bool = False,
    root: Root = None,
    progress: Callable[[str], None] = print,
) -> ExportedTable:
    """Bring a folder, file or table to the rows that search serves; only changes are written."""
    with opened(root, progress=progress, reading=True) as (store, _):
        return export_dataset(
            store,
            dataset_key(store, dataset),
            str(target),
            wanted_format=format,
            table=table,
            index=index,
            replace=replace,
        )


def corpus_map(
    datasets: Datasets,
    *,
    root: Root = None,
    progress: Callable[[str], None] = print,
) -> CorpusMap:
    """Lay out the passages that search serves on a plane: near places have like meaning."""
    with opened(root, progress=progress, reading=True) as (store, _):
        return map_datasets(store, dataset_keys(store, datasets))


def reindex(
    model: str,
    *,
    dimensions: int | None = None,
    datasets: Datasets = None,
    root: Root = None,
    wait_minutes: float | None = None,
    switch: bool | None = None,
    max_cost_usd: float | None = None,
    consent: Consent = None,
    progress: Callable[[str], None] = print,
) -> list[ReindexReport]:
    """Move these datasets, or all, to another model one after the other; search goes on.

    Stops at the first dataset that waits for batches; called again, it continues there.
    """
    with opened(root, progress=progress) as (store, gemini):
        return reindex_all(
            store,
            gemini,
            dataset_keys(store, datasets),
            store.settings.space_of(model, dimensions),
            wait_minutes=store.settings.wait_minutes if wait_minutes is None else wait_minutes,
            switch=switch,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )


def import_vectors(
    file: str | Path, *, model: str | None = None, dimensions: int | None = None, root: Root = None
) -> ImportReport:
    """Import vectors paid for elsewhere from Parquet or JSON Lines; re-embed a few as a check."""
    with opened(root) as (store, gemini):
        return bring_vectors(store, gemini, Path(file), store.settings.space_of(model, dimensions))


def cancel_reindex(datasets: Datasets = None, *, root: Root = None) -> list[str]:
    """Give up reindexing; the names of the datasets that were under way."""
    with SemanticCore(root) as core:
        wanted = dataset_keys(core.reader, datasets) or core.reader.ledger.sources.datasets()
        return [str(dataset) for dataset in wanted if give_up(core.store, dataset)]


def quality(datasets: Datasets = None, *, root: Root = None) -> list[ModeEvaluation]:
    """Measure how well each mode answers the judged questions; newest generation first.

    What was measured before is only read. The weight of hybrid search is learned with it, and is
    that of the dataset's searches from then on.
    """
    with SemanticCore(root) as core:
        wanted = dataset_keys(core.reader, datasets) or core.reader.ledger.sources.datasets()
        broken: list[ConfigError] = []
        for dataset in wanted:
            try:
                if are_modes_to_be_measured(core.reader, dataset):
                    measure_modes(core.store, core.gemini, dataset)
            except ConfigError as error:  # the others are measured first
                broken.append(error)
        if broken:
            raise broken[0]
        return [one for dataset in wanted for one in quality_of(core.reader, dataset)]
