"""List the sources, place new files in shards, and record changed and removed ones.

Of a dataset's files only dataset.toml is opened; the others are opened when their shard is read. A
file that is absent while its dataset is there counts as deleted; an absent dataset counts as
missing, and is only removed after a grace period.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semantic_assets.errors import ConfigError, SourceMissing, UnknownName
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.datasets import Dataset
from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.model.keys import DatasetKey, is_name
from semantic_assets.parsing.source_file import source_uri
from semantic_assets.pipeline.discovery.dataset_removal import discard, finish_removal
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.pipeline.discovery.named_datasets import nearest_told
from semantic_assets.pipeline.generation.task_versions import PinnedTasks, pin_tasks, task_files
from semantic_assets.settings.dataset_settings import FILE_NAME, DatasetSettings, read_table
from semantic_assets.settings.selection import IGNORE_FILE, Selection
from semantic_assets.sources.listing import ListedFile, Listing
from semantic_assets.sources.passed_over import PassedOver
from semantic_assets.store import Store

_HOUR_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class _Known:
    """A dataset as the ledger knows it, before the listing."""

    dataset: DatasetKey
    row: Dataset | None
    #: The file stamp of each placed file.
    files: dict[str, str]
    #: Somebody asked for it by its name.
    is_named: bool


@dataclass(frozen=True, slots=True)
class _Difference:
    added: list[SourceSlice]
    changed: list[tuple[str, str, int]]
    removed: list[str]
    renamed: list[tuple[str, SourceSlice]]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.renamed)


def discover(
    store: Store, *, datasets: tuple[DatasetKey, ...] = (), removes: bool = True
) -> Discovery:
    """List all datasets under the source root, or just these, also if they were removed.

    Args:
        removes: False: leave what is in the lake of datasets that are gone.

    Raises:
        SourceMissing: the root is gone, or no dataset is left in it; nothing was changed.
        UnknownName: a dataset asked for was never there.
    """
    report, known = Discovery(), store.ledger.datasets.rows()
    if not datasets:
        store = replace(store, sources=store.sources.listed_once())
    there = _folders(store, known, report)
    placed = store.ledger.sources.slices_of(datasets)
    found = []
    for dataset in datasets or sorted(there | set(known)):
        row = known.get(dataset)
        if datasets and row is None and dataset not in there:
            folder = f"{store.sources.shown}/{dataset.project}/{dataset.dataset}"
            near = nearest_told(str(dataset), sorted(there | set(known)))
            raise UnknownName(f"dataset {dataset}: there is no folder {folder}{near}")
        try:
            one = _Known(dataset, row, placed[dataset], is_named=bool(datasets))
            if _discover_one(store, one, report, removes):
                found.append(dataset)
        except (ConfigError, OSError) as error:
            report.skipped[str(dataset)] = str(error)
    report.datasets = tuple(found)
    report.keep_only(datasets)
    _pin_tasks(store, report)
    return report


def _pin_tasks(store: Store, report: Discovery) -> None:
    """Pin the tasks of the datasets; an invalid task file is reported and blocks only itself."""
    try:
        shared = task_files(store)
    except ConfigError as error:
        report.skipped["task files"] = str(error)
        shared = {}
    rows, pinned = store.ledger.datasets.rows(), PinnedTasks(store)
    for dataset in report.datasets:
        try:
            settings = DatasetSettings.of(rows[dataset].settings, f"{dataset}: {FILE_NAME}")
            pin_tasks(store, dataset, settings, shared, pinned)
        except ConfigError as error:
            report.skipped[f"tasks of {dataset}"] = str(error)


def _folders(store: Store, known: dict[DatasetKey, Dataset], report: Discovery) -> set[DatasetKey]:
    sources = store.sources
    if not sources.is_there():
        raise SourceMissing(
            f"source root {sources.shown} is not there (unmounted?): nothing was changed. "
            "Set SEMANTIC_ASSETS_SOURCES, or make the folder <root>/<project>/<dataset>"
        )
    found: set[DatasetKey] = set()
    for kind, names in sources.beside().items():
        report.pass_over(kind, *names)
    for project in sources.projects():
        try:
            found |= _valid_folders(project, sources.datasets(project), report)
        except OSError as error:
            report.skipped[project] = str(error)
    present = [dataset for dataset, row in known.items() if not row.is_removed]
    if present and not found:
        raise SourceMissing(
            f"source root {sources.shown} holds no dataset (unmounted?), and {len(present)} were there: "
            "nothing was changed. Bring them back, or take them out by `semantic-assets rm`"
        )
    return found


def _valid_folders(project: str, names: list[str], report: Discovery) -> set[DatasetKey]:
    """Return the folders of a project that can be datasets; report the others."""
    if not is_name(project):
        report.pass_over(PassedOver.NAME, source_uri(project))
        return set()
    if not names:
        report.pass_over(PassedOver.EMPTY, project)
    report.pass_over(
        PassedOver.NAME, *(source_uri(f"{project}/{n}") for n in names if not is_name(n))
    )
    return {DatasetKey(project, name) for name in names if is_name(name)}


def _discover_one(store: Store, known: _Known, report: Discovery, removes: bool) -> bool:
    """List one dataset and apply the differences; return whether the dataset is there."""
    dataset, row = known.dataset, known.row
    if row is not None and row.is_removed:
        if row.cleared_at is None and removes:
            finish_removal(store, dataset)
        if row.is_kept_out and not known.is_named:
            return False
    table, selection = _read_settings(store, dataset)
    listing = store.sources.files(dataset, selection)
    report.excluded += listing.excluded
    report.pass_over(PassedOver.HIDDEN, *listing.hidden)
    if not listing.files:
        _note_missing(store, dataset, row, report, removes)
        return False
    if _is_as_known(row, table) and _difference(known.files, listing).is_empty:
        return True  # nothing is written and no lease is taken: the usual tick
    with store.ledger.leases.holding(lease_names.of_discovery(dataset)):
        difference = _difference(store.ledger.sources.slices(dataset), listing)
        store.ledger.datasets.seen(dataset, table)
        _apply(store, dataset, difference, report)
    return True


def _is_as_known(row: Dataset | None, table: dict[str, Any]) -> bool:
    return (
        row is not None
        and row.settings == table
        and row.missing_since is None
        and not row.is_removed
    )


def _apply(store: Store, dataset: DatasetKey, found: _Difference, report: Discovery) -> None:
    store.ledger.sources.apply_listing(
        dataset,
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        renamed=found.renamed,
    )
    report.added += len(found.added)
    report.changed += len(found.changed)
    report.removed += len(found.removed)
    report.renamed += len(found.renamed)


def _read_settings(store: Store, dataset: DatasetKey) -> tuple[dict[str, Any], Selection]:
    """Read the dataset.toml and validate it: the ledger never holds an invalid one."""
    shown = f"{store.sources.shown}/{dataset.project}/{dataset.dataset}"
    names = store.sources.about_names(dataset)
    is_described = FILE_NAME in names or IGNORE_FILE in names
    about = store.sources.about(dataset) if is_described else Path()
    table = read_table(about / FILE_NAME) if FILE_NAME in names else {}
    settings = DatasetSettings.of(table, f"{shown}/{FILE_NAME}")
    settings.require_model(store.settings.model, store.settings.dimensions, f"{shown}/{FILE_NAME}")
    selection = Selection.of(settings.include, settings.exclude)
    if IGNORE_FILE in names:
        selection = selection.with_ignore_file(about / IGNORE_FILE, f"{shown}/{IGNORE_FILE}")
    return table, selection


def _note_missing(
    store: Store, dataset: DatasetKey, row: Dataset | None, report: Discovery, removes: bool
) -> None:
    """Note a missing dataset; discard it only after the grace period (a disk may be unmounted)."""
    if row is None:
        report.pass_over(PassedOver.EMPTY, str(dataset))
    if row is None or row.is_removed:
        return
    since = row.missing_since or store.ledger.datasets.miss(dataset)
    hours = store.dataset_settings(dataset).remove_after_hours
    hours = store.settings.remove_after_hours if hours is None else hours
    until = since + hours * _HOUR_SECONDS
    if removes and store.ledger.now() >= until:
        discard(store, dataset)
        report.discarded.append(str(dataset))
        return
    report.missing[str(dataset)] = (
        f"no file of it is there since {_time(since)}; it is kept until {_time(until)}, or until "
        f"`semantic-assets rm {dataset}`"
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _difference(placed: dict[str, str], listing: Listing) -> _Difference:
    files = listing.files
    new = [item for uri, item in files.items() if uri not in placed]
    gone = {uri: file_stamp for uri, file_stamp in placed.items() if uri not in files}
    renamed = _renamed(gone, new)
    followed = {item.uri for _, item in renamed}
    return _Difference(
        added=[_slice(item) for item in new if item.uri not in followed],
        changed=[
            (uri, item.fingerprint, item.size)
            for uri, item in files.items()
            if placed.get(uri, item.fingerprint) != item.fingerprint
        ],
        removed=sorted(set(gone) - {old for old, _ in renamed}),
        renamed=renamed,
    )


def _renamed(gone: dict[str, str], new: Iterable[ListedFile]) -> list[tuple[str, SourceSlice]]:
    """List (old name, new file) where one lost and one new file alone share a file stamp."""
    came = list(new)
    names = {file_stamp: uri for uri, file_stamp in gone.items()}
    went_often, came_often = Counter(gone.values()), Counter(item.fingerprint for item in came)
    return [
        (names[item.fingerprint], _slice(item))
        for item in came
        if went_often[item.fingerprint] == came_often[item.fingerprint] == 1
    ]


def _slice(item: ListedFile) -> SourceSlice:
    return SourceSlice(
        uri=item.uri,
        first_record=0,
        end_record=None,
        bytes=item.size,
        file_fingerprint=item.fingerprint,
    )
