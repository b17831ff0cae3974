"""Checks of facts that must always hold, with numbers; assets, `refresh` and `verify` share them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import BrokenFile, ConfigError, NotFound, SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.parts import Part, Parts
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.costs.paid_jobs import booked_as
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.vector_index.serving import require_parts
from semantic_assets.pipeline.vector_index.shard_part import shard_name
from semantic_assets.store import Store

_CANARIES = 5
_NORM_TOLERANCE = 1e-3
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One verdict. `passed` is None if it could not be determined."""

    name: str
    subject: str
    passed: bool | None
    message: str
    counted: int


def check_shard(store: Store, shard: ShardKey) -> list[Check]:
    """Check no_missing_vectors and unit_norm of a shard's embeddings; reads only the lake."""
    space = store.serving_space(shard.dataset)
    if not store.lake.exists(layout.embeddings(space.space_id, shard)):
        message = "no embeddings yet"
        return [_verdict("no_missing_vectors", shard, False, message, 0)]
    chunks = store.lake.read(layout.chunks(shard), ["chunk_id"])["chunk_id"]
    path = layout.embeddings(space.space_id, shard)
    table = store.lake.read(path, ["chunk_id", "status", "vector"])
    ready = table.filter(pc.equal(table["status"], RowStatus.READY))
    held = pc.is_in(chunks, ready["chunk_id"].combine_chunks())
    missing = len(chunks) - (pc.sum(held).as_py() or 0)
    vectors = ready["vector"].combine_chunks().flatten().to_numpy()
    norms = np.linalg.norm(vectors.reshape(-1, space.dimensions), axis=1)
    off = int((~(np.abs(norms - 1.0) <= _NORM_TOLERANCE)).sum())
    return [
        _verdict(
            "no_missing_vectors",
            shard,
            missing == 0,
            f"{missing} of {len(chunks)} chunks have no vector",
            missing,
        ),
        _verdict("unit_norm", shard, off == 0, f"{off} of {len(norms)} are not of length 1", off),
    ]


def check_canary(store: Store, gemini: Gemini, shard: ShardKey) -> Check:
    """Check canary_alignment: a few chunks of the shard, embedded again in real time, agree."""
    space = store.serving_space(shard.dataset)
    path = layout.embeddings(space.space_id, shard)
    table = store.lake.read(path, ["chunk_id", "status", "vector"])
    ready = table.filter(pc.equal(table["status"], RowStatus.READY))
    rows = random.Random(str(shard)).sample(range(ready.num_rows), min(_CANARIES, ready.num_rows))
    if not rows:
        return _verdict("canary_alignment", shard, True, "nothing to compare", 0)
    sample = ready.take(rows)
    chunks = store.lake.read(layout.chunks(shard), ["chunk_id", "vector_text"])
    place = pc.index_in(sample["chunk_id"], chunks["chunk_id"].combine_chunks())
    texts = chunks["vector_text"].take(place).to_pylist()
    try:
        again = embed_sample(store, gemini, space, texts, of=booked_as(store, "check"))
    except (TransientError, ConfigError, SpendRefused) as error:
        return _verdict("canary_alignment", shard, None, f"could not be run: {error}", 0)
    stored = np.asarray(sample["vector"].to_pylist(), dtype=np.float32)
    cosines = np.einsum("ij,ij->i", stored, again)
    off = int((cosines < MIN_COSINE).sum())
    message = f"{off} of {len(rows)} disagree, lowest cosine {float(cosines.min()):.4f}"
    return _verdict("canary_alignment", shard, off == 0, message, off)


def check_index(store: Store, dataset: DatasetKey) -> Check:
    """Check index_matches_embeddings: the serving version holds the READY rows it was built from."""
    name = "index_matches_embeddings"
    serving = store.ledger.index_versions.serving(dataset)
    if serving is None:
        return _verdict(name, dataset, False, "there is no index: run `refresh`", 0)
    try:
        parts = require_parts(store, serving)
    except (BrokenFile, NotFound) as error:
        return _verdict(name, dataset, False, str(error), serving.rows)
    differing = sum(
        _differing(store, serving, ShardKey.parse(shard), fingerprint, parts)
        for shard, fingerprint in serving.inputs.items()
    )
    message = f"{differing} READY chunks are missing from index version {serving.number} or differ"
    return _verdict(name, dataset, differing == 0, message, differing)


def _differing(
    store: Store, serving: IndexVersion, shard: ShardKey, fingerprint: str, parts: Parts
) -> int:
    """Count the READY chunks of a shard that its parts lack, or hold with another vector."""
    path = layout.embeddings(serving.space_id, shard)
    if store.lake.fingerprint(path) != fingerprint:
        return 0  # newer embeddings than the version's: it is due to be rebuilt
    table = store.lake.read(path, ["chunk_id", "document_id", "status", "vector"])
    ready = _without_pending(
        store, shard, table, table.filter(pc.equal(table["status"], RowStatus.READY))
    )
    is_held = np.zeros(ready.num_rows, np.bool_)
    for part in parts:
        if part.shard == shard_name(shard) and ready.num_rows:
            is_held |= _held_by(part, ready)
    return int((~is_held).sum())


def _held_by(part: Part, ready: pa.Table) -> npt.NDArray[np.bool_]:
    """Say for each of these rows whether a part holds it with its vector."""
    chunks = part.table(["chunk_id"])["chunk_id"].combine_chunks()
    numbers = pc.fill_null(pc.index_in(ready["chunk_id"], chunks), -1).to_numpy()
    found = np.flatnonzero(numbers >= 0)
    is_held = np.zeros(len(numbers), np.bool_)
    for start in range(0, len(found), _ROWS_AT_ONCE):
        some = found[start : start + _ROWS_AT_ONCE]
        vectors = ready["vector"].take(pa.array(some)).combine_chunks().flatten().to_numpy()
        places = part.places(numbers[some])
        is_held[some] = part.stored.are(places, vectors.reshape(len(some), -1))
    return is_held


def _without_pending(store: Store, shard: ShardKey, held: pa.Table, ready: pa.Table) -> pa.Table:
    """Leave out documents with a pending chunk: the index carries their old rows."""
    chunks = store.lake.read(layout.chunks(shard), ["chunk_id", "document_id"])
    known = pc.is_in(chunks["chunk_id"], held["chunk_id"].combine_chunks())
    pending = chunks.filter(pc.invert(known))["document_id"].combine_chunks()
    return ready.filter(pc.invert(pc.is_in(ready["document_id"], pending)))


def check_answers(reports: Sequence[OutputsReport], shard: ShardKey) -> Check:
    """Check no_failed_answers: no document was given up by a task of the shard."""
    failed, documents = (sum(getattr(r, n) for r in reports) for n in ("failed", "documents"))
    message = f"{failed} of {documents} answers FAILED"
    return _verdict("no_failed_answers", shard, failed == 0, message, failed)


def check_all(
    store: Store, gemini: Gemini, *, datasets: tuple[DatasetKey, ...] = ()
) -> list[Check]:
    """Run the checks of shards, canaries and indexes of all embedded datasets, or of these."""
    found: list[Check] = []
    for dataset in filter(store.is_embedded, datasets or store.ledger.sources.datasets()):
        space_id = store.serving_space(dataset).space_id
        for shard in store.ledger.sources.shards(dataset):
            found += check_shard(store, shard.key)
            if store.lake.exists(layout.embeddings(space_id, shard.key)):
                found.append(check_canary(store, gemini, shard.key))
        found.append(check_index(store, dataset))
    return found


def _verdict(
    name: str, subject: ShardKey | DatasetKey, passed: bool | None, message: str, counted: int
) -> Check:
    return Check(name=name, subject=str(subject), passed=passed, message=message, counted=counted)
