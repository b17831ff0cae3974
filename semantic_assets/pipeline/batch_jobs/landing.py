"""Land an answer: download it, decode it, and put the results file in place once it is verified."""

from collections.abc import Callable, Generator, Iterator, Sized
from contextlib import suppress
from functools import partial
from pathlib import Path

from semantic_assets.batching.codec import Block, answer_blocks
from semantic_assets.errors import CorruptResult, RemoteMissing
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import unsent_texts
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.pipeline.answers.canary import Canaries, Vectors
from semantic_assets.pipeline.answers.downloads import downloaded, keep
from semantic_assets.pipeline.batch_jobs.results import writing_results
from semantic_assets.store import Store

#: An answer that is not whole is fetched once more before it is believed.
_DOWNLOADS = 2
Verify = Callable[[Path], Generator[Canaries, Vectors, None]]


def land_answers(
    store: Store, gemini: Gemini, job: BatchJob, lease: Lease, keys: list[str], *, verify: Verify
) -> Generator[Canaries, Vectors, None]:
    """Download, decode and verify the job's answers, and put the results file in place.

    Yields what `verify` asks for.

    Raises:
        CorruptResult: the file does not answer the job's texts.
        RemoteMissing: the file cannot be read (yet).
    """
    result_file = job.result_file or gemini.get(job.remote_name or "").result_file
    if result_file is None:
        raise RemoteMissing(f"{job.remote_state}, and no result file is named")
    for left in reversed(range(_DOWNLOADS)):
        with downloaded(store, gemini, job, result_file) as path, suppress(_CutOff):
            answers = answer_blocks(store.product(job.product_id), _lines(path), expected=keys)
            blocks = _whole(
                answers,
                len(keys),
                unsent=partial(unsent_texts, store.lake, job.job_id),
                is_last=not left,
                keep=partial(keep, store, job, result_file, path),
            )
            with writing_results(store, job, lease, keys=keys, blocks=blocks) as results:
                yield from verify(results)
            return


class _CutOff(Exception):
    """There are fewer answers than texts, or an answer is broken."""


def accepted(results: Path) -> Generator[Canaries, Vectors, None]:
    """Verify nothing: a person has looked."""
    yield from ()


def _whole(
    blocks: Iterator[Block],
    texts: int,
    *,
    unsent: Callable[[], Sized],
    is_last: bool,
    keep: Callable[[], None],
) -> Iterator[Block]:
    """Pass the blocks on; `keep` the file they are from if none of what was sent is missing.

    Raises:
        _CutOff: answers are missing, and the file can be fetched once more; the client accepts a
            body that ends early without a length.
    """
    decoded = 0
    try:
        for block in blocks:
            decoded += len(block.keys)
            yield block
    except CorruptResult as error:
        if is_last:
            raise
        raise _CutOff from error
    if decoded >= texts or decoded >= texts - len(unsent()):
        keep()
    elif not is_last:
        raise _CutOff


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=1 << 20) as file:
        yield from file
