"""Serving index versions that are current and as they were when they were last opened."""

from collections.abc import Collection, Mapping

from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.ledger.lake_files.file_notes import FileNote
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.backends import EXACT, FAISS, backend_for
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.pending.known_files import known_tables
from semantic_assets.pipeline.vector_index.build import IndexReport
from semantic_assets.pipeline.vector_index.build_inputs import inputs_fingerprint
from semantic_assets.pipeline.vector_index.serving import is_kept, path_of
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store


def known_indexes(store: Store, datasets: Collection[DatasetKey]) -> dict[DatasetKey, IndexReport]:
    """Map those of these datasets whose index a build would leave as it is to the build's report.

    Other backends than files are asked by the build itself.
    """
    wanted = frozenset(datasets)
    versions = {
        dataset: version
        for dataset, version in store.ledger.index_versions.all_serving().items()
        if dataset in wanted and version.backend in (EXACT, FAISS)
    }
    versions = _in_place(store, _of_these_embeddings(store, versions))
    return {dataset: IndexReport.unchanged(version) for dataset, version in versions.items()}


def note_indexes(store: Store, datasets: Collection[DatasetKey]) -> None:
    """Note the serving versions of these datasets that can be opened, in one transaction."""
    wanted = frozenset(datasets)
    if not wanted:
        return
    serving = store.ledger.index_versions.all_serving()
    versions = {dataset: serving[dataset] for dataset in serving.keys() & wanted}
    left = versions.keys() - _in_place(store, versions).keys()
    notes = (_note(store, versions[dataset]) for dataset in left)
    store.ledger.notes.record([note for note in notes if note is not None])


def _of_these_embeddings(
    store: Store, versions: Mapping[DatasetKey, IndexVersion]
) -> dict[DatasetKey, IndexVersion]:
    """Return the versions of the embeddings that their datasets have now, all of them in place."""
    spaces = store.ledger.dataset_spaces.all()
    settings = store.all_dataset_settings()
    paths = {
        shard.key: layout.embeddings(versions[shard.key.dataset].space_id, shard.key)
        for shard in _shards(store, versions)
    }
    recorded = store.ledger.files.records(frozenset(paths.values()))
    known = known_tables(store, recorded.keys())
    cut_from = store.ledger.files.inputs("chunks")
    inputs: dict[DatasetKey, dict[str, str]] = {dataset: {} for dataset in versions}
    whole = {
        dataset
        for dataset, version in versions.items()
        if dataset in spaces and spaces[dataset].serving == version.space_id
    }
    for shard, path in paths.items():
        if path in known:
            inputs[shard.dataset][str(shard)] = known[path].fingerprint
        elif path in recorded:
            whole.discard(shard.dataset)
    return {
        dataset: versions[dataset]
        for dataset in whole & settings.keys()
        if _is_current(
            store,
            versions[dataset],
            inputs_fingerprint(versions[dataset].space_id, inputs[dataset], cut_from),
            settings[dataset],
        )
    }


def _is_current(
    store: Store, version: IndexVersion, wanted: str, settings: DatasetSettings
) -> bool:
    backend = backend_for(store.index_backend_of(settings), version.rows)
    return version.held_for == wanted or (
        version.input_fingerprint == wanted and version.backend == backend
    )


def _shards(store: Store, datasets: Collection[DatasetKey]) -> list[Shard]:
    return [shard for shard in store.ledger.sources.shards() if shard.key.dataset in datasets]


def _in_place(
    store: Store, versions: Mapping[DatasetKey, IndexVersion]
) -> dict[DatasetKey, IndexVersion]:
    """Return the versions whose files are as they were when they were noted."""
    notes = store.ledger.notes.find({layout.index_dir(dataset) for dataset in versions})
    noted = {
        dataset: note
        for dataset, version in versions.items()
        if (note := notes.get(layout.index_dir(dataset))) and note.fingerprint == path_of(version)
    }
    stamps = store.lake.tree_stamps({note.fingerprint for note in noted.values()})
    return {
        dataset: versions[dataset]
        for dataset, note in noted.items()
        if stamps.get(note.fingerprint) == note.stamp
    }


def _note(store: Store, version: IndexVersion) -> FileNote | None:
    path = path_of(version)
    before = store.lake.tree_stamps({path})
    if not before or not is_kept(store, version) or store.lake.tree_stamps({path}) != before:
        return None
    return FileNote(layout.index_dir(version.dataset), before[path], path, {})
