"""Land an answer: decode it as it comes in, and put the results file in place once it is verified.

Or land the failure of a job that has none.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.batching.canary_candidates import CanaryCandidates
from semantic_assets.batching.codec import AnswerStream, Block
from semantic_assets.batching.job_keys import JobKeys
from semantic_assets.errors import CorruptResult, CutOffResult, RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import manifest_estimates
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import REMOTE_GONE, BatchJob, remote_word
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.answers.canary import Canaries, Decoded, Vectors
from semantic_assets.pipeline.answers.downloads import keep, kept, making
from semantic_assets.pipeline.answers.whole_answers import may_grow
from semantic_assets.pipeline.batch_jobs.results import (
    AnswersFile,
    replacing_results,
    write_job_failure,
)
from semantic_assets.pipeline.costs.budgets import possible_bill
from semantic_assets.store import Store
from semantic_assets.system import durable
from semantic_assets.system.memory import give_back

#: An answer that is not whole is fetched once more before it is believed.
_DOWNLOADS = 2
#: Until a person may have granted what Google itself lacks.
_REFUSED_SECONDS = 3_600.0
#: A result that cannot be read is given up so long after its job ended: Google keeps files 48 hours.
_READABLE_SECONDS = 50 * 3_600.0
Verify = Callable[[Decoded], Generator[Canaries, Vectors, None]]
#: Hands over a file in parts.
Fetch = Callable[[Callable[[bytes], None]], None]


def land_answers(
    store: Store, gemini: Gemini, job: BatchJob, lease: Lease, keys: list[str], *, verify: Verify
) -> Generator[Canaries, Vectors, None]:
    """Download, decode and verify the job's answers, and put the results file in place.

    Yields what `verify` asks for.

    Raises:
        CorruptResult: the file does not answer the job's texts.
        RemoteMissing: the file cannot be read (yet).
    """
    result_file = job.result_file or gemini.batches.get(job.remote_name or "").result_file
    if result_file is None:
        raise RemoteMissing(f"{job.remote_state}, and no result file is named")
    for left in reversed(range(_DOWNLOADS)):
        with (
            suppress(_CutOff),
            _decoded(store, gemini, job, result_file, keys, is_last=not left) as decoded,
        ):
            yield from verify(decoded)
            with replacing_results(store, job, lease) as path:
                durable.share(decoded.path, path)
            return


class _CutOff(Exception):
    """There are fewer answers than texts, or an answer is broken."""


def accepted(decoded: Decoded) -> Generator[Canaries, Vectors, None]:
    """Verify nothing: a person has looked."""
    yield from ()


@contextmanager
def _decoded(
    store: Store, gemini: Gemini, job: BatchJob, result_file: str, keys: list[str], *, is_last: bool
) -> Iterator[Decoded]:
    """Yield a job's answers as they are kept here, or downloaded for the block; keep whole ones.

    Raises:
        _CutOff: answers are missing, and the file can be fetched once more; the client accepts a
            body that ends early without a length.
    """
    if (found := kept(store, job.job_id, result_file)) is not None:
        yield Decoded(found)
        return
    with making(store, job) as path:
        try:
            vectors, missing = decode(
                store,
                job,
                keys,
                path,
                partial(gemini.batches.download, result_file, of=job.display_name),
            )
        except CorruptResult as error:
            if not is_last:
                raise _CutOff from error
            is_cut_off = isinstance(error, CutOffResult) and gemini.batches.answers_grow
            if is_cut_off and may_grow(store, job):
                raise RemoteMissing(f"the answers are still being written: {error}") from error
            raise
        if missing and not is_last:
            raise _CutOff
        yield Decoded(path if missing else keep(store, job, result_file, path), vectors)


def decode(
    store: Store, job: BatchJob, keys: list[str], path: Path, fetch: Fetch
) -> tuple[dict[int, Vectors], int]:
    """Write the answers as they come in to a results file to be.

    Returns:
        Vectors that may be asked for as canaries, by row; and how many texts have no answer.

    Raises:
        CorruptResult: a line that cannot answer the requests; the rest is not fetched.
    """
    stream = AnswerStream(store.product(job.product_id), keys)
    estimates = manifest_estimates(store.lake, job.job_id)
    job_keys = JobKeys(keys, estimates if len(estimates) == len(keys) else None)
    candidates = CanaryCandidates(job_keys, job.job_id)
    file = AnswersFile(store, job, path, keys, job_keys)

    def take(blocks: Iterable[Block]) -> None:
        for block in blocks:
            file.write(block)
            if isinstance(block, AnswerBlock):
                candidates.see(block)

    try:
        fetch(lambda part: take(stream.feed(part)))
        take(stream.finish())
        return candidates.held(), file.finish()
    finally:
        file.close()
        give_back()


def is_bill_in_doubt(job: BatchJob) -> bool:
    """Tell whether a job that gave nothing may have cost something."""
    return job.remote_state == REMOTE_GONE or remote_word(job.remote_state or "") == "EXPIRED"


def land_failure(
    store: Store, job: BatchJob, lease: Lease, keys: list[str], word: str, *, is_refused: bool
) -> None:
    """Write error rows for a job without an output. Only FAILED says anything against its texts.

    Not that Google may not use the bucket: the next job would fail of it too, and waits.
    """
    said = job.error_message or "the job ended without an output"
    if is_refused:
        store.ledger.scopes.pause_model(
            job.scope_id,
            job.model,
            f"{said}: grant it there to Google's own account of the project",
            seconds=_REFUSED_SECONDS,
        )
    write_job_failure(
        store,
        job,
        lease,
        keys=keys,
        outcome=Outcome.EXPIRED if word == "EXPIRED" else Outcome.TRANSIENT,
        message=f"{word}: {said}",
        together=word == "FAILED",
        of_service=is_refused,
        possibly_billed=possible_bill(job) if is_bill_in_doubt(job) else None,
    )


def land_unreadable(
    store: Store, job: BatchJob, lease: Lease, keys: list[str], reason: str
) -> bool:
    """Give up a result that cannot be read, 50 hours after the job ended. False: wait."""
    now = store.ledger.now()
    if now - (job.ended_at or now) < _READABLE_SECONDS:
        # SUCCEEDED may be seen before the file can be read (tidyverse/ellmer PR #926).
        store.report_progress(f"job {job.job_id}: its result cannot be read yet ({reason})")
        return False
    message = f"its result could not be read for 50 hours: {reason}"
    write_job_failure(
        store,
        job,
        lease,
        keys=keys,
        outcome=Outcome.EXPIRED,
        message=message,
        together=False,
        possibly_billed=possible_bill(job),
    )
    return True
