"""What becomes of a broken file: what was paid for is set aside by its job, the rest is made again.

Nothing of a broken results file is used. Its job is `damaged`: the texts stay withheld, so that
nothing is paid for twice by itself, and a person has the file put back, fetched again or paid
again. All other jobs go on.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path

import pyarrow as pa

from semantic_assets.errors import BrokenFile
from semantic_assets.lake import key_index_file, layout
from semantic_assets.lake.manifests import write_manifest
from semantic_assets.lake.verified_file import broken
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.lake_files.paid_files import PaidFile
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.store import Store

#: Key in a results file's metadata: the job as its row was, to rebuild a lost ledger.
JOB = "semantic_assets.job"
_REMEMBERED = 4_096
_ROWS_AT_ONCE = 4_096
S = JobState


def paid_file(store: Store, path: str) -> PaidFile:
    """Return a file of the lake as the ledger is to know it.

    Raises:
        BrokenFile: it is missing.
    """
    try:
        return PaidFile(path, *digest_of(store.lake.fetched(path)))
    except FileNotFoundError as error:
        raise broken(path, "it is missing") from error


def digest_of(path: Path) -> tuple[str, int]:
    """Return (digest, bytes) of a file of this machine.

    SHA-256 reads 170 MB, the vectors of a shard, in 0.1 CPU seconds; BLAKE2b takes 0.24.

    Raises:
        FileNotFoundError: there is no such file.
    """
    found = path.stat()
    version = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
    return _digest(_Content(path, version)), found.st_size


@dataclass(frozen=True, slots=True)
class _Content:
    """A file as it is now; it keeps its digest under another name."""

    path: Path = field(compare=False)
    version: tuple[int, int, int, int]


@lru_cache(_REMEMBERED)
def _digest(content: _Content) -> str:
    with content.path.open("rb") as file:
        return file_digest(file, sha256).hexdigest()


def require_intact(store: Store, path: str) -> None:
    """Check a paid file against the ledger before it is used.

    A page's header has no checksum of its own, and a file of another job has right ones: only the
    digest tells.

    Raises:
        BrokenFile: it is missing, or not as it was when it began to count.
    """
    found = paid_file(store, path)
    known = require_named(store, path)
    if known is not None and known.digest != found.digest:
        raise broken(path, "its content is not what was paid for")


def require_named(store: Store, path: str) -> PaidFile | None:
    """Check what a file's footer and size tell, without reading all of it; return what it must be.

    Raises:
        BrokenFile: it is cut off, or the file of another job.
    """
    known, size = store.ledger.paid.find(path), store.lake.size(path)
    if known is not None and known.size != size:
        raise broken(path, f"it has {size} bytes instead of {known.size}")
    if named_job(store, path) not in (None, layout.job_of_results(path)):
        raise broken(path, "it is the file of another job")
    return known


def named_job(store: Store, path: str) -> str | None:
    """Return the job that a results file says it is of; a part of a real-time job names none.

    Raises:
        BrokenFile: its footer is not as it was written.
    """
    stored = store.lake.metadata(path).get(JOB)
    try:
        return None if stored is None else str(json.loads(stored)["job_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise broken(path, "its footer is altered") from error


def set_aside(store: Store, error: BrokenFile) -> bool:
    """Make the job of a broken results file `damaged`, its texts withheld; say so in one line.

    False: its row does not say that it brought answers, or somebody has it in hand.
    """
    job_id = layout.job_of_results(error.path)
    if store.is_read_only or not store.ledger.jobs.exists(job_id):
        return False
    with store.ledger.leases.trying(lease_names.of_job(job_id)) as lease:
        job = None if lease is None else store.ledger.jobs.claim(job_id, lease.fence)
        if job is None or job.state != S.COLLECTED:
            return False
        if _is_whole(store, layout.results(job.product_id, job_id)):
            return False
        damage(store, job, error)
    return True


def is_merged(store: Store, path: str) -> bool:
    """Tell whether a part of a real-time job is gone because its process merged it.

    Whoever had just looked it up took the job for damaged, whose answers were whole.
    """
    own = f"{path.rpartition('/')[0]}/{layout.job_of_results(path)}.parquet"
    return path != own and not store.lake.exists(path) and store.lake.exists(own)


def damage(store: Store, job: BatchJob, error: BrokenFile) -> None:
    """Withhold the texts of a job whose file is broken, then move its row, under the row's fence."""
    name = f"{job.job_id}.parquet"
    index = store.key_index_to_complete(job.product_id)
    keys = _keys(store, job) or index.keys_of(name)
    if keys and job.state == S.COLLECTED:
        # The manifest before the row: a row without one withholds nothing that is known.
        texts = pa.table({"text_hash": keys, "vector_text": [""] * len(keys)})
        texts = texts.append_column("token_estimate", pa.array([0] * len(keys), pa.int32()))
        write_manifest(store.lake, job, store.product(job.product_id), [texts])
    moved = store.ledger.jobs.move(
        job.job_id,
        S.DAMAGED,
        of=[job.state],
        fence=job.fence,
        detail=error.why,
        error_message=str(error),
    )
    if moved is not None:
        etags = index.etags()
        index.forget({file: etags[file] for file in etags if file == name})
        store.report_progress(
            f"job {job.job_id}: damaged, nothing of it is used and its texts wait: {error}"
        )


def require_readable(store: Store, path: str) -> None:
    """Read every page of a file, which checks them where no digest is known yet.

    Raises:
        BrokenFile: a page is not as it was written.
    """
    with store.lake.open(path) as file:
        for _ in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
            pass


def _is_whole(store: Store, path: str) -> bool:
    try:
        require_intact(store, path)
        require_readable(store, path)
    except (BrokenFile, FileNotFoundError):
        return False
    return True


def _keys(store: Store, job: BatchJob) -> list[str]:
    """Return the texts that a broken results file still names, if it is the job's own."""
    path = layout.results(job.product_id, job.job_id)
    try:
        named = named_job(store, path)
        keys: list[str] = store.lake.read_columns(path, ["text_hash"])["text_hash"].to_pylist()
    except (BrokenFile, FileNotFoundError):
        return []
    return keys if named == job.job_id and len(keys) == job.requests else []


def distrust(store: Store, error: BrokenFile) -> None:
    """Have a broken file that can be made again made again, and say so in one line.

    Raises:
        BrokenFile: it cannot be made again, or nothing may be written.
    """
    if store.is_read_only or not layout.is_rebuilt(error.path):
        raise error
    if error.path.startswith("keys/"):
        key_index_file.delete(store.lake.path(error.path))
    else:
        store.ledger.files.forget([error.path])
    store.report_progress(f"{error.path} was broken ({error.why}): it is made again")


def known_table(store: Store, path: str) -> str | None:
    """Return the fingerprint of a table that the ledger knows; None: it was never written.

    Ask under the lease of its shard: who writes it changes file and record one after the other.

    Raises:
        BrokenFile: the file is not the one that was recorded.
    """
    record = store.ledger.files.find(path)
    if record is not None and store.lake.fingerprint(path) != record.fingerprint:
        raise broken(path, "it is missing, cut off or another one")
    return None if record is None else record.fingerprint
