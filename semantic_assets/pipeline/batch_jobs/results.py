"""Make a job's outcomes durable and the job final. Paid answers are written once.

A results file gets its name while the ledger holds the job's row: not the heartbeat decides, which
a suspended process finds out about too late. Order: results file in place, its keys in the key index, then the ledger row. A process that dies
in between leaves the results file, and the next process finishes from there.
"""

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.batching.codec import Block
from semantic_assets.batching.job_keys import JobKeys
from semantic_assets.errors import BrokenFile, Conflict
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import unsent_texts
from semantic_assets.lake.table_file import TableFile
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.spending import Amount
from semantic_assets.model.batch_job import REOPENING, WITHHOLDING, BatchJob, JobState
from semantic_assets.model.catalog import batch_usd
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.tables import results_of, token_columns
from semantic_assets.pipeline.answers import downloads
from semantic_assets.pipeline.batch_jobs.claim import claimed
from semantic_assets.pipeline.pending.broken_files import JOB, paid_file, require_readable
from semantic_assets.pipeline.pending.landed import WHOLE_JOB, cover
from semantic_assets.pipeline.product_kinds.product_kind import kind_of_job
from semantic_assets.store import Store
from semantic_assets.system.memory import give_back

#: Key in the metadata of error rows: what the job may have cost. A process that died before it moved
#: the row left the next one without a word of it.
_POSSIBLY_BILLED = "semantic_assets.possibly_billed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The counts of one landed job; tokens are Google's counts."""

    requests: int
    succeeded: int
    tokens: int
    #: Texts without a line: they may have been paid for, and are sent again.
    missing: int = 0
    #: Output tokens of generated answers, including answers that were not accepted.
    output_tokens: int | None = None

    @property
    def failed(self) -> int:
        return self.requests - self.succeeded


class AnswersFile:
    """A results file of a job while its answers come in; whoever makes it gives it its name."""

    def __init__(
        self, store: Store, job: BatchJob, path: Path, keys: Sequence[str], job_keys: JobKeys
    ) -> None:
        self._store, self._job = store, job
        self._schema = _schema(store, job)
        self._keys, self._job_keys = keys, job_keys
        self._is_open = np.ones(len(keys), dtype=bool)
        self._file = TableFile(path, self._schema, identity(store, job))

    def write(self, block: Block) -> None:
        self._file.write(block.batch(self._schema))
        places = self._job_keys.places(block.keys)
        self._is_open[places[places >= 0]] = False

    def finish(self) -> int:
        """Write a row for each text without an answer, and the footer; return how many it lacks.

        A text that was left out of the request file lacks nothing.
        """
        open_keys = [self._keys[place] for place in np.flatnonzero(self._is_open).tolist()]
        unsent = unsent_texts(self._store.lake, self._job.job_id) if open_keys else {}
        missing = [key for key in open_keys if key not in unsent]
        for reason, left_out in _by_reason(unsent, set(open_keys)):
            write_failures(
                self._file, self._schema, left_out, outcome=Outcome.TRANSIENT, message=reason
            )
        write_failures(
            self._file,
            self._schema,
            missing,
            outcome=Outcome.MISSING,
            message="no answer in the result",
        )
        self.close()
        return len(missing)

    def close(self) -> None:
        self._file.close()


@contextmanager
def replacing_results(store: Store, job: BatchJob, lease: Lease) -> Iterator[Path]:
    """Yield the path of a job's results file to be; if the block raises, no reader sees it.

    Raises:
        Conflict: the job was taken over, or moved on.
    """
    path = layout.results(job.product_id, job.job_id)
    unmoved = store.ledger.jobs.held(job, lease.fence)
    with store.lake.replacing(path, unmoved) as temporary:
        yield temporary


def _by_reason(unsent: dict[str, str], open_keys: Set[str]) -> Iterator[tuple[str, list[str]]]:
    for reason in dict.fromkeys(unsent.values()):
        keys = [key for key, why in unsent.items() if why == reason and key in open_keys]
        if keys:
            yield reason, keys


def write_job_failure(
    store: Store,
    job: BatchJob,
    lease: Lease,
    *,
    keys: Sequence[str],
    outcome: str,
    message: str,
    together: bool,
    of_service: bool = False,
    possibly_billed: Amount | None = None,
) -> None:
    """Write one error row for each text of a job.

    Args:
        together: the job failed as a whole, so it is halved.
        of_service: it failed for a reason that is not its texts': no attempt of theirs.
        possibly_billed: what it may have cost; who makes the job final books it.

    Raises:
        Conflict: the job was taken over, or moved on.
    """
    path = layout.results(job.product_id, job.job_id)
    sign = -1 if of_service else int(together)
    metadata = identity(store, job) | {WHOLE_JOB: str(sign * len(keys))}
    if possibly_billed is not None:
        metadata[_POSSIBLY_BILLED] = json.dumps(asdict(possibly_billed))
    schema, unmoved = _schema(store, job), store.ledger.jobs.held(job, lease.fence)
    with store.lake.writing(path, schema, metadata, unmoved) as file:
        write_failures(file, schema, keys, outcome=outcome, message=message)


def identity(store: Store, job: BatchJob) -> dict[str, str]:
    """Return what a results file keeps of its job, to rebuild a lost ledger from."""
    return {JOB: json.dumps(job.as_stored()), **kind_of_job(store, job).identity()}


def _schema(store: Store, job: BatchJob) -> pa.Schema:
    return results_of(store.product(job.product_id))


def write_failures(
    file: TableFile, schema: pa.Schema, keys: Sequence[str], *, outcome: str, message: str
) -> None:
    rows = [{"text_hash": key, "outcome": outcome, "error_message": message} for key in keys]
    file.write(pa.RecordBatch.from_pylist(rows, schema=schema))


def finalize_job(
    store: Store,
    job: BatchJob,
    lease: Lease,
    *,
    to: JobState,
    of: Sequence[JobState],
    possibly_billed: Amount | None = None,
    **values: Any,
) -> Outcomes:
    """Make a job final from its results file: cover its keys, move its row, book its cost.

    Raises:
        Conflict: another process moved the row meanwhile.
    """
    outcomes = read_outcomes(store, job)
    possibly_billed = possibly_billed or _noted_bill(store, job)
    if possibly_billed is None and outcomes.missing and not job.is_realtime:
        tokens = estimated_share(job, outcomes.missing)
        possibly_billed = Amount(tokens, batch_usd(job.model, tokens, 0), part="missing")
    if not outcomes.failed:  # Google may say that it failed: its rows are believed
        values.setdefault("error_message", None)
    give_back()  # what verifying it left
    cover_results(store, job.product_id, job.job_id)
    # From this transaction on it counts, as it is now.
    paid = paid_file(store, layout.results(job.product_id, job.job_id))
    moved = store.ledger.jobs.move(
        job.job_id,
        to,
        of=of,
        fence=lease.fence,
        possibly_billed=possibly_billed,
        paid=paid,
        succeeded=outcomes.succeeded,
        failed=outcomes.failed,
        tokens_actual=outcomes.tokens,
        output_tokens_actual=outcomes.output_tokens,
        **values,
    )
    if moved is None:
        raise Conflict(f"job {job.job_id} was moved by another process")
    if to not in REOPENING:
        store.lake.delete(layout.manifest(job.job_id))
    downloads.drop(store, job.job_id)
    return outcomes


def _noted_bill(store: Store, job: BatchJob) -> Amount | None:
    metadata = store.lake.metadata(layout.results(job.product_id, job.job_id))
    noted = metadata.get(_POSSIBLY_BILLED)
    return None if noted is None else Amount(**json.loads(noted))


def estimated_share(job: BatchJob, texts: int) -> int:
    """Return the estimated tokens of so many of a job's texts."""
    return job.tokens_estimated * texts // max(1, job.requests)


def cover_results(store: Store, product_id: str, job_id: str) -> None:
    """Enter the keys of a results file in the key index."""
    name = f"{job_id}.parquet"
    etag = store.lake.etags(layout.results_dir(product_id), name)[name]
    # The index may hold its keys from before the job turned up again.
    cover(store, store.key_index(product_id), product_id, name, etag, anew=True)


def read_outcomes(store: Store, job: BatchJob) -> Outcomes:
    columns = token_columns(job.product_id)
    table = store.lake.read(layout.results(job.product_id, job.job_id), ["outcome", *columns])
    tokens, *output = (pc.sum(table[name]).as_py() or 0 for name in columns)
    is_ok = pc.equal(table["outcome"], Outcome.OK)
    uncounted = pc.sum(pc.and_(is_ok, pc.is_null(table["token_count"]))).as_py() or 0
    return Outcomes(
        requests=table.num_rows,
        succeeded=pc.sum(is_ok).as_py() or 0,
        missing=pc.sum(pc.equal(table["outcome"], Outcome.MISSING)).as_py() or 0,
        # A line need not carry a count: what Google billed for it is as good as estimated.
        tokens=tokens + estimated_share(job, uncounted),
        output_tokens=output[0] if output else None,
    )


def adopt_landed(store: Store) -> int:
    """Move jobs whose results file is in place to `collected`; return how many.

    The results file decides, whatever the ledger says. One that is broken was never used: the job
    goes on as if it were not there, and a download replaces it.
    """
    finished = 0
    for job in store.ledger.jobs.list(states=WITHHOLDING - {JobState.DAMAGED}):
        if not has_landed(store, job):
            continue
        with claimed(store, job, *WITHHOLDING) as held:
            if held is not None:
                finalize_job(store, *held, to=JobState.COLLECTED, of=[held[0].state])
                finished += 1
    return finished


def has_landed(store: Store, job: BatchJob) -> bool:
    """Say whether a job's results file is in place, every page of it."""
    path = layout.results(job.product_id, job.job_id)
    if not store.lake.exists(path):
        return False
    try:
        require_readable(store, path)
    except BrokenFile as error:
        store.report_progress(f"job {job.job_id}: {path} is broken ({error.why}) and not used")
        return False
    return True
