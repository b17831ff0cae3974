"""The landed outcomes: the key index, made complete from the results files, which decide."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import BrokenFile, Conflict
from semantic_assets.lake import layout
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.outcomes import OutcomeCode
from semantic_assets.lake.verified_file import broken
from semantic_assets.ledger.lake_files.paid_files import PaidFile
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.pipeline.pending.broken_files import (
    distrust,
    is_merged,
    require_named,
    set_aside,
)
from semantic_assets.store import Store

#: Metadata key of a results file: how many texts failed together, as one job.
WHOLE_JOB = "semantic_assets.whole_job"
#: google.rpc codes of rows that say nothing of their text: unknown, exhausted, internal, unavailable.
_OF_THE_SERVICE = pa.array(
    [
        *("2", "8", "13", "14"),
        *("UNKNOWN", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE"),
        # "Service agents are being provisioned", and a bucket that Google may not read.
        *("FAILED_PRECONDITION", "PERMISSION_DENIED"),
    ]
)
_HANDFUL, _PART = 3, 0.05
#: Before the name of a retry file in the key index.
RETRY = "retry/"
#: Completing the key index begins anew when jobs were set aside, or it was found broken.
_ATTEMPTS = 100
#: Their results files hold error rows alone: without one the texts are only tried once more.
_WITHOUT_ANSWERS = {JobState.ABANDONED, JobState.GONE, JobState.REJECTED, JobState.RELEASED}


def complete_key_index(store: Store, product_id: str) -> KeyIndex:
    """Update a product's key index from its results directory, and return it: the files decide.

    Files that another machine replaced are read again: a given-up job that turned up has other
    outcomes. The jobs of files that are missing or broken are set aside, and a broken index is
    made again.
    """
    for _ in range(_ATTEMPTS):
        try:
            if (index := _completed(store, product_id)) is not None:
                return index
        except BrokenFile as error:
            distrust(store, error)
    raise Conflict(f"the key index of {product_id} is being made by another process: try again")


def damaged_jobs(store: Store, product_id: str | None = None) -> Sequence[BatchJob]:
    """List the jobs whose answers were paid for, and whose file is missing or altered."""
    return store.ledger.jobs.list(states=[JobState.DAMAGED], product_id=product_id)


def _completed(store: Store, product_id: str) -> KeyIndex | None:
    """Complete the index; None: jobs were set aside, so look again."""
    index = store.key_index(product_id)
    covered = index.etags()
    folder = layout.results_dir(product_id)
    damaged, paid = set[str](), dict[str, PaidFile]()
    present = store.lake.etags(folder)
    gone = {n: covered[n] for n in covered if not n.startswith(RETRY) and n not in present}
    new = {name: etag for name, etag in present.items() if covered.get(name) != etag}
    names = store.lake.names(layout.retries_dir(product_id))
    retries = [name for name in names if f"{RETRY}{name}" not in covered]
    if gone or new or not present:
        damaged = {
            layout.results(product_id, job.job_id) for job in damaged_jobs(store, product_id)
        }
        paid = store.ledger.paid.below(f"{folder}/")
        missing = [path for path in paid if path.rpartition("/")[2] not in present]
        lost = [broken(path, "it is missing") for path in missing if path not in damaged]
        if sum(set_aside(store, error) for error in lost):
            return None
    if not (gone or new or retries):
        return index
    if store.is_read_only:
        gone = {name: etag for name, etag in gone.items() if f"{folder}/{name}" not in paid}
    index = store.key_index_to_complete(product_id)
    if gone:
        index.forget(gone)
    for name, etag in new.items():
        if f"{folder}/{name}" not in damaged and not _covered(store, index, product_id, name, etag):
            return None
    for name in retries:
        _cover_retry(store, index, f"{layout.retries_dir(product_id)}/{name}")
    return index


def _covered(store: Store, index: KeyIndex, product_id: str, name: str, etag: str) -> bool:
    """Cover a results file; False: its job was set aside, or it is part of another by now."""
    try:
        cover(store, index, product_id, name, etag)
    except BrokenFile as error:
        if not layout.is_results(error.path):
            raise
        if is_merged(store, error.path) or set_aside(store, error):
            return False
        if _may_hold_answers(store, error):
            raise
        store.report_progress(f"{error}: it is passed over")
    return True


def _may_hold_answers(store: Store, error: BrokenFile) -> bool:
    """Say whether texts would be paid for again if the file were passed over."""
    if store.is_read_only:
        return False
    job_id = layout.job_of_results(error.path)
    if not store.ledger.jobs.exists(job_id):
        return True  # of a ledger that was lost: nobody knows whose texts it answers
    return store.ledger.jobs.find(job_id).state not in _WITHOUT_ANSWERS


def _cover_retry(store: Store, index: KeyIndex, path: str) -> None:
    try:
        keys = store.lake.read(path)["text_hash"]
    except BrokenFile as error:  # errors before it count again: nothing is sent for that
        store.report_progress(f"{error}, or `semantic-assets retry --errors-only` again")
        return
    index.add_retry(f"{RETRY}{path.rpartition('/')[2]}", keys.combine_chunks())


def cover(
    store: Store, index: KeyIndex, product_id: str, name: str, etag: str, *, anew: bool = False
) -> None:
    """Enter a results file's keys and outcomes in the key index.

    `etag` is taken before the file is read: a file replaced meanwhile is covered again later.

    Raises:
        BrokenFile: it is not as it was when it began to count.
    """
    path = f"{layout.results_dir(product_id)}/{name}"
    require_named(store, path)
    table = store.lake.read_columns(path, ["text_hash", "outcome", "error_code"])
    words = table["outcome"].combine_chunks().dictionary_encode()
    codes = [OutcomeCode[word.upper()] for word in words.dictionary.to_pylist()]
    whole_job = int(store.lake.metadata(path).get(WHOLE_JOB, "0")) or -_side_by_side(table)
    index.add(
        name,
        table["text_hash"].combine_chunks(),
        np.asarray(codes, dtype=np.int64)[words.indices.to_numpy()],
        whole_job=whole_job,
        etag=etag,
        anew=anew,
    )


def _side_by_side(table: pa.Table) -> int:
    """Return how many texts of a job the service failed, if they are more than a handful of it.

    Code 13 on half of the rows of each file is trouble of the service, and no attempt of a text: of
    three attempts, one text in eight had ended FAILED.
    """
    failed = pc.sum(pc.is_in(table["error_code"], _OF_THE_SERVICE)).as_py() or 0
    return failed if failed > max(_HANDFUL, _PART * table.num_rows) else 0
