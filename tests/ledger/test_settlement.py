"""A move of a job's row books its money and unsettles its shards in the same transaction."""

import pytest

from semantic_assets.errors import SpendRefused
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.ledger.spending import Amount, Spending
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import ShardKey
from tests.factories import make_job
from tests.ledger.test_ledger_jobs import insert

S = JobState
SHARD = ShardKey.parse("acme.manuals.00000")


def settled(ledger: Ledger, job: BatchJob) -> None:
    ledger.progress.note(
        SHARD, job.product_id, pending=0, counted_fingerprint="c", settled_fingerprint="c"
    )


def hints(ledger: Ledger, job: BatchJob) -> tuple[int | None, str | None]:
    found = ledger.progress.of(SHARD, job.product_id)
    return found.pending, found.settled_fingerprint


def at(ledger: Ledger, state: JobState, **changes: object) -> BatchJob:
    return insert(ledger, state=state, shards=(str(SHARD),), tokens_estimated=1_000, **changes)


def test_a_new_job_is_committed_in_the_transaction_that_inserts_it(ledger: Ledger) -> None:
    at(ledger, S.UPLOADING)
    assert ledger.spending.totals().committed_usd > 0


def test_a_collected_job_is_paid_and_no_longer_committed(ledger: Ledger) -> None:
    job = at(ledger, S.ENDED)
    settled(ledger, job)
    ledger.jobs.move(job.job_id, S.COLLECTED, of=[S.ENDED], tokens_actual=900, failed=0)
    totals = ledger.spending.totals()
    assert (totals.batch_tokens, totals.committed_usd) == ({job.model: 900}, 0)
    assert hints(ledger, job) == (0, None)


@pytest.mark.parametrize("state", [S.RELEASED, S.REJECTED])
def test_what_was_never_created_costs_nothing_and_is_pending_again(
    ledger: Ledger, state: JobState
) -> None:
    job = at(ledger, S.CREATING)
    settled(ledger, job)
    ledger.jobs.move(job.job_id, state, of=[S.CREATING])
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.spent_usd) == (0, 0)
    assert hints(ledger, job) == (None, None)


@pytest.mark.parametrize(("amount", "usd"), [(None, 0), (Amount(1_000, 0.5), 0.5)])
def test_a_job_that_is_given_up_is_possibly_billed_or_free(
    ledger: Ledger, amount: Amount | None, usd: float
) -> None:
    job = at(ledger, S.UNCONFIRMED)
    ledger.jobs.move(job.job_id, S.ABANDONED, of=[S.UNCONFIRMED], possibly_billed=amount)
    totals = ledger.spending.totals()
    assert (totals.committed_usd, totals.possibly_billed_usd) == (0, usd)


def test_a_job_that_turns_up_after_all_is_committed_again(ledger: Ledger) -> None:
    job = at(ledger, S.UNCONFIRMED)
    ledger.jobs.move(job.job_id, S.ABANDONED, of=[S.UNCONFIRMED])
    settled(ledger, job)
    ledger.jobs.move(job.job_id, S.SUBMITTED, of=[S.ABANDONED])
    assert ledger.spending.totals().committed_usd > 0
    assert hints(ledger, job) == (None, None)


def test_a_move_that_somebody_else_made_books_nothing(ledger: Ledger) -> None:
    job = at(ledger, S.ENDED)
    moves = [
        ledger.jobs.move(job.job_id, S.COLLECTED, of=[S.ENDED], tokens_actual=900) for _ in range(2)
    ]
    assert moves[1] is None
    assert sum(ledger.spending.totals().batch_tokens.values()) == 900


def test_a_guard_that_refuses_leaves_neither_row_nor_money(ledger: Ledger) -> None:
    def refusing(spending: Spending) -> None:
        raise SpendRefused("over the cap")

    with pytest.raises(SpendRefused):
        ledger.jobs.insert(make_job(), detail="real time", guard=refusing)
    assert ledger.jobs.list() == []
    assert ledger.spending.totals().committed_usd == 0


def test_a_call_is_possibly_billed_until_it_is_settled(ledger: Ledger) -> None:
    amount = Amount(10, 0.25)
    ledger.spending.reserve("q1", model="m", amount=amount, guard=lambda spending: None)
    assert ledger.spending.totals().possibly_billed_usd == 0.25
    ledger.spending.settle("q1", model="m", reserved=amount, cost=Amount(9, 0.2))
    totals = ledger.spending.totals()
    assert (totals.possibly_billed_usd, totals.realtime_usd) == (0, 0.2)


def test_texts_without_a_line_are_possibly_billed_beside_what_their_job_cost(
    ledger: Ledger,
) -> None:
    job = at(ledger, S.ENDED)
    ledger.jobs.move(
        job.job_id,
        S.COLLECTED,
        of=[S.ENDED],
        tokens_actual=900,
        possibly_billed=Amount(100, 0.25, part="missing"),
    )
    totals = ledger.spending.totals(of=job.job_id.__eq__)
    assert totals.batch_tokens == {job.model: 900}
    assert totals.possibly_billed_usd == 0.25
