"""What a move of a job's row brings with it: money, shards and digest, in its transaction.

Nothing returns to a final row. Booked afterwards, the cost of a collected job was lost when the
process died in between, a released job stayed committed, an abandoned one was not possibly billed.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from semantic_assets.ledger.database.engine import Database
from semantic_assets.ledger.database.schema import shard_space
from semantic_assets.ledger.lake_files.paid_files import PaidFile, record_paid
from semantic_assets.ledger.money.spend_totals import (
    ACTUAL,
    ESTIMATED,
    POSSIBLY_BILLED,
    REALTIME,
)
from semantic_assets.ledger.scopes import resume_job
from semantic_assets.ledger.spending import Amount, Spending
from semantic_assets.model.batch_job import FINAL, IN_WINDOW, REOPENING, BatchJob, JobState
from semantic_assets.model.catalog import batch_usd, realtime_usd


def settle_insert(
    connection: sa.Connection,
    database: Database,
    job: BatchJob,
    reserved: Amount | None,
    paid: PaidFile | None = None,
) -> None:
    """Book what a new row costs, or reserve what it may; from now on its results file counts."""
    record_paid(connection, database, paid)
    if job.state == JobState.COLLECTED:
        _book_answers(Spending(database, connection), job)
        _unsettle(connection, job.product_id)
    elif job.state in IN_WINDOW or job.is_realtime:
        amount = reserved or _estimated(job)
        Spending(database, connection).book(
            job.job_id, ESTIMATED, model=job.model, tokens=amount.tokens, usd=amount.usd
        )


def settle_move(
    connection: sa.Connection,
    database: Database,
    before: JobState,
    job: BatchJob,
    possibly_billed: Amount | None,
    paid: PaidFile | None = None,
) -> None:
    """Book, release and unsettle what a move to `job.state` makes true.

    Args:
        possibly_billed: what may have been paid for nothing.
        paid: the file that counts from now on.
    """
    record_paid(connection, database, paid)
    spending = Spending(database, connection)
    if before in REOPENING:  # it may be paid for after all
        amount = _estimated(job)
        spending.book(job.job_id, ESTIMATED, model=job.model, tokens=amount.tokens, usd=amount.usd)
    if job.state in (JobState.RELEASED, JobState.REJECTED):
        spending.release(job.job_id)
    elif job.state == JobState.COLLECTED:
        _book_answers(spending, job)
    elif job.state == JobState.ABANDONED and possibly_billed is None:
        spending.release(job.job_id)
    if possibly_billed is not None:
        part = possibly_billed.part
        spending.book(
            f"{job.job_id}+{part}" if part else job.job_id,
            POSSIBLY_BILLED,
            model=job.model,
            tokens=possibly_billed.tokens,
            usd=possibly_billed.usd,
        )
    if job.state in FINAL:
        resume_job(connection, job.job_id)
    _unsettle_for(connection, before, job)


def _book_answers(spending: Spending, job: BatchJob) -> None:
    tokens, output = job.tokens_actual or 0, job.output_tokens_actual or 0
    kind, price = (REALTIME, realtime_usd) if job.is_realtime else (ACTUAL, batch_usd)
    spending.release(job.job_id)
    spending.book(
        job.job_id, kind, model=job.model, tokens=tokens, usd=price(job.model, tokens, output)
    )


def _estimated(job: BatchJob) -> Amount:
    price = realtime_usd if job.is_realtime else batch_usd
    output = job.output_tokens_estimated or 0
    return Amount(job.tokens_estimated, price(job.model, job.tokens_estimated, output))


def _unsettle_for(connection: sa.Connection, before: JobState, job: BatchJob) -> None:
    if JobState.DAMAGED in (before, job.state):
        _unsettle(connection, job.product_id)  # its texts may be wanted by shards it never knew
    elif before in REOPENING:
        # Vectors may turn up for texts that were taken for failed: every shard may want them.
        _unsettle(connection, job.product_id)
    elif job.state == JobState.COLLECTED and not job.shards:
        _unsettle(connection, job.product_id)  # imported: nobody asked for it
    elif job.state == JobState.COLLECTED and not job.failed:
        # No text is pending that was not before. But no shard is settled, whoever took it for
        # that while a job given up was on its way back.
        _reset(connection, job.product_id, job.shards, settled_fingerprint=None)
    elif job.state in _LETTING_GO:
        _reset(connection, job.product_id, job.shards, pending=None, settled_fingerprint=None)


#: Texts of jobs that come to stand here may be pending again.
_LETTING_GO = frozenset(
    {
        JobState.RELEASED,
        JobState.REJECTED,
        JobState.COLLECTED,
        JobState.ABANDONED,
        JobState.GONE,
    }
)


def _unsettle(connection: sa.Connection, product_id: str) -> None:
    of_product = shard_space.c.product_id == product_id
    connection.execute(
        sa.update(shard_space).where(of_product).values(pending=None, settled_fingerprint=None)
    )


def _reset(
    connection: sa.Connection, product_id: str, shards: Iterable[str], **values: None
) -> None:
    which = (shard_space.c.product_id == product_id) & shard_space.c.shard.in_(list(shards))
    connection.execute(sa.update(shard_space).where(which).values(**values))
