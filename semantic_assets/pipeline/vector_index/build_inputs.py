"""The inputs of an index: the fingerprints of its embeddings files, and what its chunks were cut from.

The metadata of a document may change without its text, and then no embedding does. The inputs of its
chunks do: they are those of the documents that are settled, and not just being read.
"""

from collections.abc import Mapping

from semantic_assets.index.description import PART_FORMAT
from semantic_assets.index.words.word_file import ANALYSIS
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.backends import backend_for
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint


def index_fingerprint(store: Store, dataset: DatasetKey) -> str:
    """Return the fingerprint a dataset's index should have, from ledger and settings alone."""
    wanted = current_fingerprint(store, dataset, store.serving_space(dataset).space_id)
    return fingerprint(wanted, store.index_backend(dataset))


def index_fingerprints(
    store: Store, spaces: Mapping[DatasetKey, EmbeddingSpace]
) -> dict[DatasetKey, str]:
    """Map each of these datasets, given with its serving space, to its `index_fingerprint`."""
    known = store.ledger.files.fingerprints("embeddings")
    cut_from = store.ledger.files.inputs("chunks")
    settings = store.all_dataset_settings()
    names = {dataset: space.space_id for dataset, space in spaces.items()}
    found: dict[DatasetKey, dict[str, str]] = {dataset: {} for dataset in spaces}
    for shard in store.ledger.sources.shards():
        dataset = shard.key.dataset
        if dataset in found and (path := layout.embeddings(names[dataset], shard.key)) in known:
            found[dataset][str(shard.key)] = known[path]
    return {
        dataset: fingerprint(
            inputs_fingerprint(names[dataset], inputs, cut_from),
            store.index_backend_of(settings[dataset]),
        )
        for dataset, inputs in found.items()
        if dataset in settings
    }


def current_fingerprint(store: Store, dataset: DatasetKey, space_id: str) -> str:
    """Return the input fingerprint of the embeddings in a space that the ledger knows now."""
    known = store.ledger.files.fingerprints(layout.embeddings_dir(space_id, dataset))
    paths = {
        str(shard.key): layout.embeddings(space_id, shard.key)
        for shard in store.ledger.sources.shards(dataset)
    }
    found = {name: known[path] for name, path in paths.items() if path in known}
    return wanted_fingerprint(store, dataset, space_id, found)


def wanted_fingerprint(
    store: Store, dataset: DatasetKey, space_id: str, inputs: Mapping[str, str]
) -> str:
    """Return the fingerprint of an index of these embeddings files and the present chunks."""
    cut_from = store.ledger.files.inputs(layout.chunks_dir(dataset))
    return inputs_fingerprint(space_id, inputs, cut_from)


def inputs_fingerprint(
    space_id: str, inputs: Mapping[str, str], cut_from: Mapping[str, str]
) -> str:
    """Return the fingerprint of an index of these; another form or analysis makes another.

    Args:
        inputs: by shard, the fingerprints of embeddings files.
        cut_from: by path, the fingerprints of the inputs of chunks tables.
    """
    of_chunks = (cut_from.get(layout.chunks(ShardKey.parse(shard)), "") for shard in inputs)
    made_of = sorted(
        f"{shard}={embeddings} {chunks}"
        for (shard, embeddings), chunks in zip(inputs.items(), of_chunks, strict=True)
    )
    return fingerprint("index", f"rows {PART_FORMAT}", f"words {ANALYSIS}", space_id, *made_of)


def embeddings_fingerprints(
    store: Store, dataset: DatasetKey, space: EmbeddingSpace
) -> dict[str, str]:
    """Map the dataset's shards to the fingerprints of their trusted embeddings files."""
    found = {}
    for shard in store.ledger.sources.shards(dataset):
        trusted = store.trusted_fingerprint(layout.embeddings(space.space_id, shard.key))
        if trusted is not None:
            found[str(shard.key)] = trusted
    return found


def is_of(store: Store, one: IndexVersion, wanted: str) -> bool:
    """Say whether an index version is of these embeddings and in the backend of the settings."""
    backend = backend_for(store.index_backend(one.dataset), one.rows)
    return one.input_fingerprint == wanted and one.backend == backend
