"""Check a job's results against its texts before any of them is used.

Token counts are checked over the whole file; then a few rows (those whose counts fit least, and
some at random) are embedded again in real time and must agree. A second generated answer may
differ from the first, so for generation only the token counts of the prompts are checked. The
token counts of media are only guessed beforehand, so they are not checked.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.batching.canary_size import canary_rows
from semantic_assets.batching.plausibility import implausible, misfit
from semantic_assets.errors import (
    CorruptResult,
    PermanentError,
    SemanticAssetsError,
    TransientError,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_texts
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.costs.paid_calls import embed_sample
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store

#: Real-time vectors of the same text differ by noise; unrelated texts are far below.
MIN_COSINE = 0.99


@dataclass(frozen=True, slots=True)
class Answered:
    """The answered rows: position in the file, key, Google's token count and our estimate."""

    positions: npt.NDArray[np.int64]
    keys: list[str]
    counts: npt.NDArray[np.float64]
    estimates: npt.NDArray[np.float64]


def verify_answers(store: Store, gemini: Gemini, job: BatchJob, results: Path) -> None:
    """Check a finished, not yet published results file.

    Raises:
        CorruptResult: the results cannot be the answers to the job's texts.
        TransientError: the canary could not be run; the result waits.
    """
    answered = verify_counts(store, job, results)
    if not len(answered.positions) or not kind_of_job(store, job).is_comparable:
        return
    rows = _choose(job, answered)
    expected = _embed_again(store, gemini, job, [answered.keys[row] for row in rows])
    found = _vectors(results, answered.positions[rows])
    cosines = np.einsum("ij,ij->i", expected, found)
    if (cosines < MIN_COSINE).any():
        worst = int(np.argmin(cosines))
        raise CorruptResult(
            f"canary: {int((cosines < MIN_COSINE).sum())} of {len(rows)} rows are not the vectors "
            f"of their texts (key {answered.keys[rows[worst]]}, cosine {cosines[worst]:.3f})"
        )


def verify_counts(store: Store, job: BatchJob, results: Path) -> Answered:
    """Return the answered rows after checking their token counts; media are not checked.

    Raises:
        CorruptResult: Google's token counts do not fit the texts.
    """
    answered = _answered(store, job, results)
    known = answered.counts > 0
    if not kind_of_job(store, job).has_known_counts:
        return answered
    if reason := implausible(answered.estimates[known], answered.counts[known]):
        raise CorruptResult(reason)
    return answered


def _answered(store: Store, job: BatchJob, results: Path) -> Answered:
    table = pq.read_table(results, columns=["text_hash", "token_count", "outcome"])
    positions = np.flatnonzero(pc.equal(table["outcome"], Outcome.OK).to_numpy())
    taken = table.take(positions)
    manifest = store.lake.read(layout.manifest(job.job_id), ["text_hash", "token_estimate"])
    place = pc.index_in(taken["text_hash"], manifest["text_hash"].combine_chunks())
    return Answered(
        positions=positions,
        keys=taken["text_hash"].to_pylist(),
        counts=taken["token_count"].fill_null(0).to_numpy().astype(np.float64),
        estimates=manifest["token_estimate"].take(place).to_numpy().astype(np.float64),
    )


def _choose(job: BatchJob, answered: Answered) -> list[int]:
    """Choose the canary rows: half where the counts fit least, the rest at random (job as seed)."""
    total = canary_rows(len(answered.positions))
    doubtful = np.argsort(-misfit(answered.estimates, answered.counts))[: (total + 1) // 2]
    chosen = [int(row) for row in doubtful]
    rest = sorted(set(range(len(answered.positions))).difference(chosen))
    return chosen + random.Random(job.job_id).sample(rest, total - len(chosen))


def _embed_again(
    store: Store, gemini: Gemini, job: BatchJob, keys: Sequence[str]
) -> npt.NDArray[np.float32]:
    chosen = set(keys)
    # Streamed: the texts of a whole job are 100 MB and more.
    texts = {key: text for key, text in manifest_texts(store.lake, job.job_id) if key in chosen}
    try:
        space = store.ledger.spaces.find(job.product_id)
        return embed_sample(store, gemini, space, [texts[key] for key in keys], of=job.job_id)
    except (TransientError, PermanentError) as error:
        raise _waiting(job, error) from error


def _waiting(job: BatchJob, error: SemanticAssetsError) -> TransientError:
    return TransientError(f"job {job.job_id}: its canary cannot be run, the result waits: {error}")


def _vectors(results: Path, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Read the vectors at these rows, from only the row groups they are in."""
    found: dict[int, npt.NDArray[np.float32]] = {}
    with pq.ParquetFile(results, pre_buffer=False) as file:
        first = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            inside = [int(p) for p in positions if first <= p < first + size]
            if inside:
                column = file.read_row_group(group, columns=["vector"])["vector"]
                for position in inside:
                    value = column[position - first].as_py()
                    found[position] = np.asarray(value, dtype=np.float32)
            first += size
    return np.stack([found[int(position)] for position in positions])
