"""A job's row stays in its state while a file gets its name."""

import pytest

from semantic_assets.errors import Conflict
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.model.batch_job import JobState
from tests.factories import make_job

S = JobState


def test_a_block_runs_under_the_fence_and_state_it_was_decided_for(ledger: Ledger) -> None:
    job = make_job()
    ledger.jobs.insert(job, detail="new")
    with ledger.jobs.held(job, 1):
        done = True
    assert done


@pytest.mark.parametrize("change", ["moved", "taken over", "gone"])
def test_a_block_does_not_run_once_another_has_the_job(ledger: Ledger, change: str) -> None:
    job = make_job()
    if change != "gone":
        ledger.jobs.insert(job, detail="new")
    if change == "moved":
        ledger.jobs.move(job.job_id, S.CREATING, of=[S.UPLOADING])
    if change == "taken over":
        ledger.jobs.claim(job.job_id, 2)
    done = False
    with pytest.raises(Conflict, match=job.job_id), ledger.jobs.held(job, 1):
        done = True
    assert not done
