"""Check a job's results against its texts before any of them is used.

Token counts are checked over the whole file; then a few rows (those whose counts fit least, and
some at random) are embedded again in real time and must agree. A second generated answer may
differ from the first, so for generation only the token counts of the prompts are checked. The
token counts of media are only guessed beforehand, so they are not checked.

A job asks for its vectors by a `yield`, so that several jobs can be answered by one call.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.batching.canary_rows import choose_canaries
from semantic_assets.batching.plausibility import disordered, is_outlier, outlying
from semantic_assets.errors import (
    CorruptResult,
    PermanentError,
    RateLimited,
    RequestRejected,
    SpendRefused,
    TransientError,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.lake import layout
from semantic_assets.lake.key_halves import KeyPlaces
from semantic_assets.lake.manifests import manifest_texts
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.costs.paid_calls import Sample, embed_samples
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store
from semantic_assets.system.memory import give_back

#: Real-time vectors of the same text differ by noise; unrelated texts are far below.
MIN_COSINE = 0.99
Vectors = npt.NDArray[np.float32]
_COUNTED, _ROWS_AT_ONCE = ["text_hash", "token_count", "outcome"], 16_384
_NO_ROWS, _NO_KEYS = np.zeros(0, dtype=np.int64), pa.array([], pa.string())


class CanaryWaits(TransientError):
    """The canaries of a model cannot be run: all answers that need one wait."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A job's answers as a finished results file that has no name in the lake yet."""

    path: Path
    #: Vectors that were held while it was decoded, by row.
    vectors: Mapping[int, Vectors] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answered rows: position in the file, key, Google's token count and our estimate."""

    positions: npt.NDArray[np.int64]
    keys: pa.StringArray
    counts: npt.NDArray[np.float64]
    estimates: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Canaries:
    """The texts of a job to embed again, and the vectors that the job has for them."""

    space: EmbeddingSpace
    sample: Sample
    vectors: Vectors

    def cosines(self, again: Vectors) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = np.einsum("ij,ij->i", again, self.vectors)
        return found


def verify_answers(
    store: Store, job: BatchJob, decoded: Decoded
) -> Generator[Canaries, Vectors, None]:
    """Check a finished, not yet published results file; yield what to embed again.

    Raises:
        CorruptResult: the results cannot be the answers to the job's texts.
    """
    answered, doubt = verify_counts(store, job, decoded.path)
    if doubt and not kind_of_job(store, job).is_comparable:
        raise CorruptResult(doubt)
    if not len(answered.positions) or not kind_of_job(store, job).is_comparable:
        return
    rows = choose_canaries(answered.estimates, answered.counts, job.job_id)
    if doubt and not _far_off(answered)[rows].any():  # none of them is cheap enough to be looked at
        raise CorruptResult(doubt)
    asked = _canaries(store, job, answered, rows, _vectors(decoded, answered.positions[rows]))
    cosines = asked.cosines((yield asked))
    if (cosines < MIN_COSINE).any():
        worst = int(np.argmin(cosines))
        raise CorruptResult(
            f"canary: {int((cosines < MIN_COSINE).sum())} of {len(rows)} rows are not the vectors "
            f"of their texts (key {answered.keys[rows[worst]]}, cosine {cosines[worst]:.3f})"
            + (f"; {doubt}" if doubt else "")
        )


def verify_counts(store: Store, job: BatchJob, results: Path) -> tuple[Answered, str | None]:
    """Return the answered rows, and what their token counts leave in doubt; media are not checked.

    Doubt is for the canary: a few texts of a rare kind, which any author may add, must not hold up
    those of others in the same job.

    Raises:
        CorruptResult: Google's token counts do not follow the lengths of the texts.
    """
    answered = _answered(store, job, results)
    give_back()
    known = answered.counts > 0
    if not kind_of_job(store, job).has_known_counts:
        return answered, None
    if reason := disordered(answered.estimates[known], answered.counts[known]):
        raise CorruptResult(reason)
    return answered, outlying(answered.estimates[known], answered.counts[known])


def _far_off(answered: Answered) -> npt.NDArray[np.bool_]:
    """Return which rows have a count that is far off their text; shape (n,)."""
    known = answered.counts > 0
    found = np.zeros(len(known), bool)
    found[known] = is_outlier(answered.estimates[known], answered.counts[known])
    return found


def _answered(store: Store, job: BatchJob, results: Path) -> Answered:
    """Read the answered rows a portion at a time: whole columns of a job took 140 MB."""
    manifest = store.lake.read(layout.manifest(job.job_id), ["text_hash", "token_estimate"])
    places = KeyPlaces(manifest["text_hash"].combine_chunks())
    estimates = manifest["token_estimate"].to_numpy().astype(np.float64)
    del manifest
    rows, keys, counts, asked = [_NO_ROWS], [_NO_KEYS], [_NO_ROWS], [_NO_ROWS]
    first = 0
    with pq.ParquetFile(results, pre_buffer=False) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=_COUNTED, use_threads=False):
            ok = np.flatnonzero(pc.equal(batch["outcome"], Outcome.OK))
            taken = batch.take(pa.array(ok))
            rows.append(first + ok)
            keys.append(taken["text_hash"])
            counts.append(taken["token_count"].fill_null(0).to_numpy())
            asked.append(places.at(taken["text_hash"]))
            first += batch.num_rows
    return Answered(
        positions=np.concatenate(rows),
        keys=pa.concat_arrays(keys),
        counts=np.concatenate(counts).astype(np.float64),
        estimates=estimates[np.concatenate(asked)],
    )


def _canaries(
    store: Store, job: BatchJob, answered: Answered, rows: list[int], vectors: Vectors
) -> Canaries:
    keys = answered.keys.take(pa.array(rows)).to_pylist()
    chosen = set(keys)
    # Streamed: the texts of a whole job are 100 MB and more.
    texts = {key: text for key, text in manifest_texts(store.lake, job.job_id) if key in chosen}
    counted = answered.counts > 0
    # Google counts as it did for the job: estimates alone were a quarter too high.
    ratio = answered.counts[counted].sum() / max(1.0, answered.estimates[counted].sum())
    tokens = answered.estimates[rows].sum() * (ratio or 1.0)
    sample = Sample(job.job_id, [texts[key] for key in keys], max(1, round(float(tokens))))
    return Canaries(store.ledger.spaces.find(job.product_id), sample, vectors)


def calls_of(asked: Sequence[Canaries]) -> Iterator[list[Canaries]]:
    """Yield the canaries that share a call: of one space, and not too many or too long."""
    for space in dict.fromkeys(one.space for one in asked):
        call: list[Canaries] = []
        for one in (one for one in asked if one.space == space):
            if call and not _fits([*call, one]):
                yield call
                call = []
            call.append(one)
        yield call


def _fits(call: list[Canaries]) -> bool:
    texts = [text for one in call for text in one.sample.texts]
    try:
        return len(list(call_groups(texts, call[0].space.document_text))) == 1
    except RequestRejected:  # one text alone is too long: its job asks by itself
        return False


def is_waiting(store: Store, gemini: Gemini, model: str) -> bool:
    """Return whether the canaries of a model wait after a call that failed."""
    return store.ledger.scopes.paused(_place(gemini), model) is not None


def embed_again(
    store: Store, gemini: Gemini, call: list[Canaries]
) -> list[Vectors | TransientError]:
    """Embed the canaries of jobs in one call; return vectors, or why it waits, for each job.

    A call that fails holds back all canaries of the model, a minute, doubling to an hour: they
    were tried every 30 seconds, each time possibly billed. A refusal may be of one text, and a
    wrong answer of the call, so that each job concerned then asks by itself.
    """
    scopes, space = store.ledger.scopes, call[0].space
    if pause := scopes.paused(_place(gemini), space.model):
        return [CanaryWaits(_waiting(one, pause.reason)) for one in call]
    try:
        found = embed_samples(store, gemini, space, [one.sample for one in call])
    except TransientError as error:
        seconds = error.retry_seconds if isinstance(error, RateLimited) else None
        scopes.pause_model(_place(gemini), space.model, str(error), seconds=seconds)
        return [CanaryWaits(_waiting(one, str(error))) for one in call]
    except (PermanentError, SpendRefused) as error:
        if len(call) > 1:
            return [found for one in call for found in embed_again(store, gemini, [one])]
        return [TransientError(_waiting(call[0], str(error)))]
    scopes.resume(_place(gemini), space.model)
    if len(call) == 1:
        return [*found]
    return [
        again if (one.cosines(again) >= MIN_COSINE).all() else embed_again(store, gemini, [one])[0]
        for one, again in zip(call, found, strict=True)
    ]


def _place(gemini: Gemini) -> str:
    return f"canaries of {gemini.scope_id}"


def _waiting(one: Canaries, why: str) -> str:
    return f"job {one.sample.job_id}: its canary cannot be run, the result waits: {why}"


def _vectors(decoded: Decoded, positions: npt.NDArray[np.int64]) -> Vectors:
    """Return the vectors of these rows; read those that were not held while decoding."""
    wanted = positions.tolist()
    left = [position for position in wanted if position not in decoded.vectors]
    found = {**decoded.vectors, **(_read_vectors(decoded.path, left) if left else {})}
    return np.stack([found[position] for position in wanted])


def _read_vectors(results: Path, positions: list[int]) -> dict[int, Vectors]:
    """Read the vectors of these rows, from only the row groups they are in."""
    found: dict[int, Vectors] = {}
    with pq.ParquetFile(results, pre_buffer=False) as file:
        first = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            inside = [p for p in positions if first <= p < first + size]
            if inside:
                column = file.read_row_group(group, columns=["vector"])["vector"]
                for position in inside:
                    value = column[position - first].as_py()
                    found[position] = np.asarray(value, dtype=np.float32)
            first += size
    return found
