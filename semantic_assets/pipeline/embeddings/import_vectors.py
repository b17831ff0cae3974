"""Import vectors paid for elsewhere as ordinary results, checked before they count.

A file has a `vector` and either the `text` that was embedded or its `text_hash`. A few rows are
embedded again in real time and must agree: vectors of another model or size are refused.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.batching.answers import BLOCK_ROWS, AnswerBlock
from semantic_assets.batching.job_keys import JobKeys
from semantic_assets.errors import ConfigError, CorruptResult
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import write_manifest
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Outcome
from semantic_assets.parsing.vector_files import VectorRows, read_vectors
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.batch_jobs.new_job import leased_job_id, new_job
from semantic_assets.pipeline.batch_jobs.results import (
    AnswersFile,
    finalize_job,
    replacing_results,
)
from semantic_assets.pipeline.costs.budgets import require_budget
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.pending.landed import complete_key_index
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

#: Rows that are embedded again to prove a file: one in a hundred, within these.
_FEWEST_PROOFS, _MOST_PROOFS = 10, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    job_id: str | None
    space_id: str
    imported: int
    #: Texts that already had a vector here.
    known: int
    #: Hashes without text that no current chunk has: their vectors cannot be checked.
    unknown: int


def import_vectors(store: Store, gemini: Gemini, file: Path, space: EmbeddingSpace) -> ImportReport:
    """Import the vectors of a Parquet or JSON Lines file into a space.

    Raises:
        ConfigError: the file cannot be understood, or its vectors are not of this space; nothing
            was imported.
        SpendRefused: the rows embedded again cost more than the day's cap allows.
        TransientError: these rows could not be embedded; nothing was imported.
    """
    rows = read_vectors(file, dimensions=space.dimensions)
    texts = _texts(store, rows)
    unknown = sum(key not in texts for key in rows.keys)
    rows = rows.only(lambda key: key in texts)
    landed = complete_key_index(store, space.space_id).known(rows.keys).is_answered
    here = {key for key, is_answered in zip(rows.keys, landed, strict=True) if is_answered}
    new = rows.only(lambda key: key not in here)
    known = len(rows.keys) - len(new.keys)
    job_id = _land(store, gemini, space, new, texts) if new.keys else None
    if not new.keys and unknown and not known:
        raise ConfigError(
            f"{file}: no current chunk has any of its {unknown} texts, so nothing can prove its "
            "vectors: give the column `text`, or run `semantic-assets estimate` after the sources "
            "were read and split"
        )
    return ImportReport(
        job_id=job_id,
        space_id=space.space_id,
        imported=len(new.keys),
        known=known,
        unknown=unknown,
    )


def _texts(store: Store, rows: VectorRows) -> dict[str, str]:
    """Map each key to its text, from the file or from a current chunk."""
    if rows.texts is not None:
        return dict(zip(rows.keys, rows.texts, strict=True))
    wanted = pa.array(rows.keys, pa.string())
    found: dict[str, str] = {}
    for shard in store.ledger.sources.shards():
        path = layout.chunks(shard.key)
        if store.lake.exists(path):
            chunks = store.lake.read(path, ["text_hash", "vector_text"])
            held = chunks.filter(pc.is_in(chunks["text_hash"], wanted))
            found.update(zip(*(held[name].to_pylist() for name in held.column_names), strict=True))
    return found


def _land(
    store: Store,
    gemini: Gemini,
    space: EmbeddingSpace,
    rows: VectorRows,
    texts: dict[str, str],
) -> str:
    """Land the vectors as a job: row, manifest, results file, final row.

    An import whose process died is released like any other job.
    """
    store.ledger.spaces.register(space)
    job_id, lease = leased_job_id(store)
    with store.ledger.leases.renewing(lease):
        _prove(store, gemini, space, job_id, rows, texts)
        manifest = pa.table(
            {
                "text_hash": pa.array(rows.keys, pa.string()),
                "vector_text": pa.array([texts[key] for key in rows.keys], pa.large_string()),
                # They take no room in the window of enqueued tokens.
                "token_estimate": pa.array([0] * len(rows.keys), pa.int32()),
            }
        )
        job = new_job(
            store,
            lease,
            product=space,
            job_id=job_id,
            scope_id=gemini.scope_id,
            requests=len(rows.keys),
            tokens=0,
            shards=[],
            state=JobState.UPLOADING,
        )
        store.ledger.jobs.insert(job, detail="imported")
        write_manifest(store.lake, job, space, [manifest])
        with replacing_results(store, job, lease) as path:
            file = AnswersFile(store, job, path, rows.keys, JobKeys(rows.keys))
            for block in _blocks(rows):
                file.write(block)
            file.finish()
        finalize_job(
            store,
            job,
            lease,
            to=JobState.COLLECTED,
            of=[JobState.UPLOADING],
            remote_state="IMPORTED",
        )
    return job_id


def _prove(
    store: Store,
    gemini: Gemini,
    space: EmbeddingSpace,
    job_id: str,
    rows: VectorRows,
    texts: dict[str, str],
) -> None:
    """Embed a sample of the rows again, and compare the vectors.

    Raises:
        ConfigError: rows embedded again do not agree.
    """
    count = min(len(rows.keys), _MOST_PROOFS, max(_FEWEST_PROOFS, len(rows.keys) // 100))
    chosen = random.Random(0).sample(range(len(rows.keys)), count)
    sample = [texts[rows.keys[row]] for row in chosen]
    require_budget(
        store, space.backend, realtime_usd(space.model, sum(map(estimate_tokens, sample)))
    )
    try:
        again = embed_sample(store, gemini, space, sample, of=job_id)
    except CorruptResult as error:
        raise ConfigError(f"the vectors cannot be proven: {error}") from error
    cosines = np.einsum("ij,ij->i", again, rows.vectors[chosen])
    if (cosines < MIN_COSINE).any():
        off = int((cosines < MIN_COSINE).sum())
        raise ConfigError(
            f"{off} of {len(chosen)} rows embedded again do not agree (lowest cosine "
            f"{float(cosines.min()):.3f}): these are not vectors of {space.space_id}. Nothing was "
            "imported; name the model and size they were made with"
        )


def _blocks(rows: VectorRows) -> Iterator[AnswerBlock]:
    for first in range(0, len(rows.keys), BLOCK_ROWS):
        keys = rows.keys[first : first + BLOCK_ROWS]
        yield AnswerBlock(
            vectors=rows.vectors[first : first + BLOCK_ROWS],
            keys=keys,
            tokens=[None] * len(keys),
            outcomes=[Outcome.OK] * len(keys),
            error_codes=[None] * len(keys),
            error_messages=[None] * len(keys),
        )
