"""Doubt about answers that are not whole: a text without a line is asked for again later."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import CorruptResult, RemoteMissing
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.statuses import Outcome
from semantic_assets.store import Store

#: A result file may be read before it is whole: it is fetched again for so long.
_PATIENCE_SECONDS = 6 * 3_600.0
#: So many texts without a line, or so large a part of the job, are no accident of single rows.
_HANDFUL, _PART = 3, 0.05


def may_grow(store: Store, job: BatchJob) -> bool:
    """Return whether a job has ended so lately that its answers may still be written."""
    return store.ledger.now() - (job.ended_at or 0.0) < _PATIENCE_SECONDS


def require_whole(store: Store, job: BatchJob, results: Path) -> None:
    """Check that every text of a job has a line, or that its lack has lasted and is small.

    SUCCEEDED, 24 of 24 by its statistics, and an empty body: all texts were sent again, three times.

    Raises:
        RemoteMissing: texts have no line yet; the file is fetched again later.
        CorruptResult: after hours, more than a handful still have none.
    """
    outcomes = pq.read_table(results, columns=["outcome"])["outcome"]
    missing = pc.sum(pc.equal(outcomes, Outcome.MISSING)).as_py() or 0
    if not missing:
        return
    said = f"{missing} of {len(outcomes)} texts have no line in the result"
    if may_grow(store, job):
        raise RemoteMissing(f"{said} yet")
    if missing > max(_HANDFUL, _PART * len(outcomes)):
        raise CorruptResult(f"{said} after 6 hours: an answer that is not whole is no answer")
