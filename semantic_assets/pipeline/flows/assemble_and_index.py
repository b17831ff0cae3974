"""Publish landed results as `embeddings` and in the indexes; needs no sources, sends nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport, assemble
from semantic_assets.pipeline.flows.kept_apart import Troubles, kept_apart
from semantic_assets.pipeline.flows.timing import Stopwatch
from semantic_assets.pipeline.flows.unchanged import settled_shards_unchanged
from semantic_assets.pipeline.vector_index.build import IndexReport, build_index
from semantic_assets.pipeline.vector_index.known_versions import known_indexes
from semantic_assets.store import Store


@dataclass(slots=True)
class Published:
    embeddings: list[EmbeddingsReport] = field(default_factory=list)
    indexes: list[IndexReport] = field(default_factory=list)
    #: Those of them that were not as they were.
    assembled: list[EmbeddingsReport] = field(default_factory=list)
    indexed: list[DatasetKey] = field(default_factory=list)
    #: What stopped single datasets; the others are published.
    troubles: Troubles = field(default_factory=dict)


def assemble_and_index(
    store: Store,
    shards: Sequence[ShardKey],
    stopwatch: Stopwatch | None = None,
    *,
    datasets: Collection[DatasetKey] = (),
    unshared: Collection[ShardKey] = (),
) -> Published:
    """Assemble these split shards, and build the indexes of their datasets and of `datasets`.

    Args:
        unshared: shards to which no answer is added, as `assemble`.
    """
    done, stopwatch = Published(), stopwatch or Stopwatch()
    with stopwatch.stage("embeddings"):
        settled = settled_shards_unchanged(store, {*shards} - {*unshared})
    for shard in shards:
        if (held := settled.get(shard)) is not None:
            done.embeddings.append(held)
            continue
        with stopwatch.stage("embeddings"), kept_apart(store, shard.dataset, done.troubles):
            done.assembled.append(assemble(store, shard, unshared=shard in unshared))
            done.embeddings.append(done.assembled[-1])
    ready = {one.shard.dataset for one in done.embeddings if one.ready or one.is_settled}
    _index(store, done, ready | set(datasets), stopwatch)
    return done


def _index(
    store: Store, done: Published, datasets: Collection[DatasetKey], stopwatch: Stopwatch
) -> None:
    with stopwatch.stage("vector_index"):
        known = known_indexes(store, datasets)
    for dataset in sorted(datasets):
        if (held := known.get(dataset)) is not None:
            done.indexes.append(held)
            continue
        with stopwatch.stage("vector_index"), kept_apart(store, dataset, done.troubles):
            done.indexes.append(index_dataset(store, dataset))
            done.indexed.append(dataset)


def index_datasets(store: Store) -> list[IndexReport]:
    """Build the index of each dataset that has one, by hand."""
    datasets = store.ledger.index_versions.serving_of_all()
    return [index_dataset(store, dataset, by_hand=True) for dataset in sorted(datasets)]


def index_dataset(store: Store, dataset: DatasetKey, *, by_hand: bool = False) -> IndexReport:
    """Build a dataset's index as `build_index` does; tables found broken are made again first."""

    def build() -> IndexReport:
        for shard in store.ledger.sources.shards(dataset):
            path = layout.embeddings(store.serving_space(dataset).space_id, shard.key)
            if path in known and store.ledger.files.find(path) is None:
                assemble(store, shard.key)  # it was found broken
        return build_index(store, dataset, by_hand=by_hand)

    known = store.ledger.files.fingerprints("embeddings")
    return with_rebuilt(store, build)
