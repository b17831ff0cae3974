"""Which embedding spaces are wanted, and by which datasets: the serving ones, and reindex targets."""

from dataclasses import dataclass

from semantic_assets.lake import layout
from semantic_assets.ledger.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True)
class WantedSpace:
    space: EmbeddingSpace
    datasets: frozenset[DatasetKey]


def wanted_spaces(store: Store) -> list[WantedSpace]:
    """Serving spaces first: search is fed before a reindex is."""
    serving: dict[EmbeddingSpace, set[DatasetKey]] = {}
    targets: dict[EmbeddingSpace, set[DatasetKey]] = {}
    for dataset, (serves, target) in sorted(_spaces_of_all(store).items()):
        serving.setdefault(serves, set()).add(dataset)
        if target is not None:
            targets.setdefault(target, set()).add(dataset)
    spaces = [*serving, *(space for space in targets if space not in serving)]
    return [
        WantedSpace(space, frozenset(serving.get(space, set()) | targets.get(space, set())))
        for space in spaces
    ]


def _spaces_of_all(
    store: Store,
) -> dict[DatasetKey, tuple[EmbeddingSpace, EmbeddingSpace | None]]:
    """(serving, target) by dataset. A tick asks for all of them: two queries, not two for each."""
    known = store.ledger.spaces.all()
    return {
        dataset: (
            store.configured_space(dataset) if held.serving is None else known[held.serving],
            None if held.target is None else known[held.target],
        )
        for dataset, held in store.ledger.dataset_spaces.all().items()
    }


def unsettled_shards(store: Store, wanted: WantedSpace) -> list[tuple[Shard, str]]:
    """Shards whose current chunks are not known to be settled, with their chunks' fingerprint."""
    progress, chunks = store.ledger.progress.all(), store.ledger.files.fingerprints("chunks")
    found = []
    for shard in store.ledger.sources.shards():
        cut = chunks.get(layout.chunks(shard.key))
        if shard.key.dataset not in wanted.datasets or cut is None:
            continue
        noted = progress.get((shard.key, wanted.space.space_id))
        if noted is None or not noted.is_settled_for(cut):
            found.append((shard, cut))
    return found


def is_settled_in(store: Store, dataset: DatasetKey, space: EmbeddingSpace) -> bool:
    """Whether nothing of a dataset is left to embed in a space."""
    return not unsettled_shards(store, WantedSpace(space, frozenset({dataset})))


def settled_shards(store: Store) -> list[ShardKey]:
    """Shards all of whose current chunks have a final outcome in the space they are searched in."""
    progress, chunks = store.ledger.progress.all(), store.ledger.files.fingerprints("chunks")
    spaces, found = _spaces_of_all(store), []
    for shard in store.ledger.sources.shards():
        if shard.key.dataset not in spaces:
            continue  # removed just now
        noted = progress.get((shard.key, spaces[shard.key.dataset][0].space_id))
        if noted and noted.is_settled_for(chunks.get(layout.chunks(shard.key))):
            found.append(shard.key)
    return found
