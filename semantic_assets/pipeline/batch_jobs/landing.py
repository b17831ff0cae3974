"""Land an answer: decode it as it comes in, and put the results file in place once it is verified."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.batching.canary_candidates import CanaryCandidates
from semantic_assets.batching.codec import AnswerStream, Block
from semantic_assets.errors import CorruptResult, CutOffResult, RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import manifest_estimates
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.pipeline.answers.canary import Canaries, Decoded, Vectors
from semantic_assets.pipeline.answers.downloads import keep, kept, making
from semantic_assets.pipeline.answers.whole_answers import may_grow
from semantic_assets.pipeline.batch_jobs.results import AnswersFile, replacing_results
from semantic_assets.store import Store
from semantic_assets.system import durable

#: An answer that is not whole is fetched once more before it is believed.
_DOWNLOADS = 2
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
    candidates = CanaryCandidates(manifest_estimates(store.lake, job.job_id), job.job_id)
    file = AnswersFile(store, job, path, keys)

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
