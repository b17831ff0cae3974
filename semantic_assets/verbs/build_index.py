"""build_index: a new generation of a dataset's index, verified, then switched to.

No delete before the replacement: a document with a pending chunk keeps the rows and vectors it
has in the serving generation, and whatever was deleted or replaced shows at the switch.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import CorruptResult
from semantic_assets.index.exact import build_exact, is_whole, open_exact
from semantic_assets.lake import layout
from semantic_assets.ledger.generations import Generation
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

KEPT_GENERATIONS = 3
_PROBES = 32
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    dataset: DatasetKey
    space_id: str
    generation: int
    rows: int
    #: Rows kept from the generation before, of documents whose new chunks have no vector yet.
    carried: int
    written: bool


@dataclass(frozen=True, slots=True)
class _Part:
    rows: pa.Table
    vectors: Vectors
    carried: int


def build_index(store: Store, dataset: DatasetKey) -> IndexReport:
    """Build and switch, unless the serving generation is of these embeddings already."""
    space_id = store.space.space_id
    with store.ledger.leases.holding(f"index:{dataset}") as lease:
        inputs = _inputs(store, dataset)
        input_fingerprint = _fingerprint(space_id, inputs)
        serving = _serving(store, dataset)
        if serving is not None and serving.input_fingerprint == input_fingerprint:
            return _report(serving, carried=0, written=False)
        carrying = serving if serving is not None and serving.space_id == space_id else None
        part = _rows(store, dataset, inputs, carrying)
        number = store.ledger.generations.start(dataset, space_id)
        _build(store, dataset, number, part)
        _switch(store, lease, dataset, number, part, inputs, input_fingerprint)
        _retire(store, dataset)
    return IndexReport(
        dataset=dataset,
        space_id=space_id,
        generation=number,
        rows=part.rows.num_rows,
        carried=part.carried,
        written=True,
    )


def _serving(store: Store, dataset: DatasetKey) -> Generation | None:
    """The serving generation; None as well where its files were deleted, to be built again."""
    found = store.ledger.generations.serving(dataset)
    if found is None:
        return None
    folder = store.lake.path(layout.generation(dataset, found.space_id, found.number))
    return found if is_whole(folder) else None


def index_fingerprint(store: Store, dataset: DatasetKey) -> str:
    """What the index should be of, by the ledger alone."""
    space_id = store.space.space_id
    found = {}
    for shard in store.ledger.sources.shards(dataset):
        record = store.ledger.files.find(layout.embeddings(space_id, shard.key))
        if record is not None:
            found[str(shard.key)] = record.fingerprint
    return _fingerprint(space_id, found)


def _fingerprint(space_id: str, inputs: dict[str, str]) -> str:
    return fingerprint("index", space_id, *(f"{k}={v}" for k, v in sorted(inputs.items())))


def _report(serving: Generation, *, carried: int, written: bool) -> IndexReport:
    return IndexReport(
        dataset=serving.dataset,
        space_id=serving.space_id,
        generation=serving.number,
        rows=serving.rows,
        carried=carried,
        written=written,
    )


def _inputs(store: Store, dataset: DatasetKey) -> dict[str, str]:
    """The trusted embeddings files of the dataset, by shard."""
    found = {}
    for shard in store.ledger.sources.shards(dataset):
        trusted = store.trusted_fingerprint(layout.embeddings(store.space.space_id, shard.key))
        if trusted is not None:
            found[str(shard.key)] = trusted
    return found


def _build(store: Store, dataset: DatasetKey, number: int, part: _Part) -> None:
    """Write, sync and prove a generation before anything points to it.

    Raises:
        CorruptResult: what was written does not find itself; the old generation keeps serving.
    """
    folder = store.lake.path(layout.generation(dataset, store.space.space_id, number))
    build_exact(folder, part.rows, part.vectors)
    for path in (*folder.iterdir(), folder, folder.parent):
        _sync(path)
    built = open_exact(folder)
    step = max(1, part.rows.num_rows // _PROBES)
    for row in range(0, part.rows.num_rows, step):
        best = built.nearest(np.asarray(part.vectors[row]), 1)
        # Another row may hold the very same vector; a lower score than 1 is the corruption.
        if not best or best[0][1] < 0.999:
            raise CorruptResult(f"index {dataset} {number}: row {row} does not find itself")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _switch(
    store: Store,
    lease: Lease,
    dataset: DatasetKey,
    number: int,
    part: _Part,
    inputs: dict[str, str],
    input_fingerprint: str,
) -> None:
    store.ledger.generations.switch(
        lease,
        dataset,
        number,
        rows=part.rows.num_rows,
        input_fingerprint=input_fingerprint,
        inputs=inputs,
    )
    store.tell(f"index {dataset}: generation {number} serves {part.rows.num_rows} chunks")


def _retire(store: Store, dataset: DatasetKey) -> None:
    """Keep the newest generations; a reader of an older one sees it vanish and asks again."""
    for old in store.ledger.generations.list(dataset)[KEPT_GENERATIONS:]:
        if old.state != "serving":
            store.lake.delete_tree(layout.generation(dataset, old.space_id, old.number))
            store.ledger.generations.forget(dataset, old.number)


def _rows(
    store: Store, dataset: DatasetKey, inputs: dict[str, str], serving: Generation | None
) -> _Part:
    parts = [_shard_rows(store, ShardKey.parse(name)) for name in sorted(inputs)]
    pending = {document for part in parts for document in part[2]}
    carried = _carried(store, dataset, serving, pending)
    # A document with a pending chunk comes whole from the old generation, if it is there.
    old_documents = pa.array(sorted(set(carried.rows["document_id"].to_pylist())), pa.string())
    kept = [_without(rows, vectors, old_documents) for rows, vectors, _ in parts]
    dimensions = store.space.dimensions
    return _Part(
        rows=pa.concat_tables([INDEX_ROWS.empty_table(), *(r for r, _ in kept), carried.rows]),
        vectors=np.concatenate(
            [np.zeros((0, dimensions), np.float32), *(v for _, v in kept), carried.vectors]
        ),
        carried=carried.rows.num_rows,
    )


def _without(rows: pa.Table, vectors: Vectors, documents: pa.Array) -> tuple[pa.Table, Vectors]:
    if not len(documents):
        return rows, vectors
    keep = pc.invert(pc.is_in(rows["document_id"], documents)).combine_chunks()
    return rows.filter(keep), vectors[keep.to_numpy(zero_copy_only=False)]


def _carried(
    store: Store, dataset: DatasetKey, serving: Generation | None, pending: set[str]
) -> _Part:
    empty = _Part(
        INDEX_ROWS.empty_table(), np.zeros((0, store.space.dimensions), dtype=np.float32), 0
    )
    if serving is None or not pending:
        return empty
    old = open_exact(store.lake.path(layout.generation(dataset, serving.space_id, serving.number)))
    rows = old.table().cast(INDEX_ROWS)
    keep = pc.is_in(rows["document_id"], pa.array(sorted(pending), pa.string())).combine_chunks()
    kept = rows.filter(keep)
    return _Part(kept, old.vectors[keep.to_numpy(zero_copy_only=False)], kept.num_rows)


def _shard_rows(store: Store, shard: ShardKey) -> tuple[pa.Table, Vectors, set[str]]:
    """(index rows, vectors, documents with a pending chunk) of one shard."""
    embeddings = store.lake.read(
        layout.embeddings(store.space.space_id, shard), ["chunk_id", "status", "vector"]
    )
    columns = [name for name in INDEX_ROWS.names if name not in ("uri", "title")]
    chunks = store.lake.read(layout.chunks(shard), columns)
    place = pc.index_in(chunks["chunk_id"], embeddings["chunk_id"].combine_chunks())
    pending = set(chunks.filter(pc.is_null(place))["document_id"].to_pylist())
    ready = embeddings.filter(pc.equal(embeddings["status"], "READY"))
    place = pc.index_in(chunks["chunk_id"], ready["chunk_id"].combine_chunks()).combine_chunks()
    held = chunks.filter(pc.is_valid(place))
    vectors = ready["vector"].combine_chunks()
    matrix = vectors.flatten().to_numpy().reshape(len(vectors), store.space.dimensions)
    return _with_documents(store, shard, held), matrix[place.drop_null().to_numpy()], pending


def _with_documents(store: Store, shard: ShardKey, chunks: pa.Table) -> pa.Table:
    documents = store.lake.read(layout.documents(shard), ["document_id", "uri", "title"])
    place = pc.index_in(chunks["document_id"], documents["document_id"].combine_chunks())
    found = documents.take(place)
    table = chunks.append_column("uri", found["uri"]).append_column("title", found["title"])
    return table.select(INDEX_ROWS.names).cast(INDEX_ROWS)
