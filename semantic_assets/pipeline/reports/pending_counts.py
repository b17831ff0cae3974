"""Count the work left by dataset or project; opens only the files of unsettled shards."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.pipeline.documents.unread import documents_waiting
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.pipeline.vector_index.serving import parts_of
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCounts:
    """The counts of a dataset, or of a project (`dataset_id` None); without deleted documents."""

    project_id: str
    dataset_id: str | None
    root_path: str
    dataset_count: int
    #: Files not read yet count as one document each: their number is known when they are read.
    documents_to_chunk: int
    chunks_to_embed: int
    vectors_to_index: int
    #: Missing outcomes of generation tasks.
    answers_to_come: int = 0
    pending_count: int = field(init=False)

    def __post_init__(self) -> None:
        total = self.documents_to_chunk + self.chunks_to_embed + self.vectors_to_index
        total += self.answers_to_come
        object.__setattr__(self, "pending_count", total)


def pending_counts(
    store: Store, only: Sequence[DatasetKey] = (), *, by_project: bool = False
) -> list[PendingCounts]:
    """Return the counts of all datasets or projects, the smallest first, as they are served.

    Args:
        only: of these datasets, which may be new; none: of all.
    """
    settled = frozenset(settled_shards(store))
    waiting = documents_waiting(store)
    datasets = sorted(set(only) or {*store.ledger.sources.datasets(), *waiting})
    found = [_of_dataset(store, d, settled, waiting.get(d, 0)) for d in datasets]
    if by_project:
        found = _by_project(store, found)
    return sorted(found, key=lambda one: (one.pending_count, one.project_id, one.dataset_id or ""))


def _by_project(store: Store, datasets: Sequence[PendingCounts]) -> list[PendingCounts]:
    return [
        PendingCounts(
            project_id=project,
            dataset_id=None,
            root_path=f"{store.sources.shown}/{project}",
            dataset_count=len(its),
            documents_to_chunk=sum(one.documents_to_chunk for one in its),
            chunks_to_embed=sum(one.chunks_to_embed for one in its),
            vectors_to_index=sum(one.vectors_to_index for one in its),
            answers_to_come=sum(one.answers_to_come for one in its),
        )
        for project in sorted({one.project_id for one in datasets})
        for its in [[one for one in datasets if one.project_id == project]]
    ]


def _of_dataset(
    store: Store, dataset: DatasetKey, settled: frozenset[ShardKey], waiting: int
) -> PendingCounts:
    every = [shard.key for shard in store.ledger.sources.shards(dataset)]
    shards = every if store.is_embedded(dataset) else []
    return PendingCounts(
        project_id=dataset.project,
        dataset_id=dataset.dataset,
        root_path=f"{store.sources.shown}/{dataset.project}/{dataset.dataset}",
        dataset_count=1,
        documents_to_chunk=waiting + sum(_not_chunked(store, shard) for shard in shards),
        chunks_to_embed=sum(_unembedded(store, shard) for shard in shards if shard not in settled),
        vectors_to_index=_unindexed(store, dataset, shards),
        answers_to_come=answers_to_come(store, dataset, every),
    )


def answers_to_come(store: Store, dataset: DatasetKey, shards: Sequence[ShardKey]) -> int:
    """Count the outcomes of a dataset's tasks missing in `generations`, from the ledger alone."""
    files, missing = store.ledger.files, 0
    for pinned in store.ledger.tasks.of(dataset):
        for shard in shards:
            asked = files.find(layout.requests(pinned.task.task_id, shard))
            came = files.find(layout.outputs(pinned.task.task_id, shard))
            missing += max(0, (asked.rows if asked else 0) - (came.rows if came else 0))
    return missing


def _not_chunked(store: Store, shard: ShardKey) -> int:
    """Count the read documents of a shard that are not split in their present state."""
    documents = store.trusted_fingerprint(layout.documents(shard))
    cut = store.ledger.files.find(layout.chunks(shard))
    if documents is None or (cut and cut.updated_at >= _read_at(store, shard)):
        return 0
    rows = store.lake.read(layout.documents(shard), ["document_id", "parse_status"])
    ids = rows["document_id"].filter(pc.equal(rows["parse_status"], ParseStatus.OK))
    return len(ids) - _held(ids, _ids(store, layout.chunks(shard), "document_id"))


def _read_at(store: Store, shard: ShardKey) -> float:
    record = store.ledger.files.find(layout.documents(shard))
    return record.updated_at if record else 0.0


def _unembedded(store: Store, shard: ShardKey) -> int:
    """Count the chunks of a shard without a final outcome in the serving space."""
    space_id = store.serving_space(shard.dataset).space_id
    chunks = _ids(store, layout.chunks(shard), "chunk_id")
    return len(chunks) - _held(chunks, _ids(store, layout.embeddings(space_id, shard), "chunk_id"))


def _unindexed(store: Store, dataset: DatasetKey, shards: Sequence[ShardKey]) -> int:
    """Count the vectors that the serving index version lacks."""
    serving = store.ledger.index_versions.serving(dataset)
    stale = [shard for shard in shards if not _is_in(store, shard, serving)]
    if not stale:
        return 0
    parts = parts_of(store, serving) if serving else None
    indexed = (
        parts.table(["chunk_id"])["chunk_id"] if parts else pa.chunked_array([[]], pa.string())
    )
    space_id = store.serving_space(dataset).space_id
    return sum(
        len(ready) - _held(ready, indexed)
        for shard in stale
        for ready in [_ready(store, layout.embeddings(space_id, shard))]
    )


def _is_in(store: Store, shard: ShardKey, serving: IndexVersion | None) -> bool:
    space_id = store.serving_space(shard.dataset).space_id
    record = store.ledger.files.find(layout.embeddings(space_id, shard))
    if record is None:
        return True  # there is nothing to index
    return serving is not None and serving.inputs.get(str(shard)) == record.fingerprint


def _ready(store: Store, path: str) -> pa.ChunkedArray:
    if not store.lake.exists(path):
        return pa.chunked_array([[]], pa.string())
    rows = store.lake.read(path, ["chunk_id", "status"])
    return rows["chunk_id"].filter(pc.equal(rows["status"], RowStatus.READY))


def _ids(store: Store, path: str, column: str) -> pa.ChunkedArray:
    if not store.lake.exists(path):
        return pa.chunked_array([[]], pa.string())
    return store.lake.read(path, [column])[column]


def _held(ids: pa.ChunkedArray, known: pa.ChunkedArray) -> int:
    """Count the ids that are among the known ones."""
    held: int | None = pc.sum(pc.is_in(ids, pc.unique(known))).as_py()
    return held or 0
