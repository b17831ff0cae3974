"""What other processes do in these tests."""

import itertools
import time
from collections.abc import Callable
from contextlib import closing, suppress

import sqlalchemy as sa

from semantic_assets.errors import TransientError
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.ledger import Ledger, open_ledger
from semantic_assets.ledger.money.spend_totals import ESTIMATED
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.keys import DatasetKey
from tests.factories import MODEL, Clock, make_job, make_slice

NOW = Clock(1_000_000.0)


def _opened(url: str) -> Ledger:
    return open_ledger(url, create=True, clock=NOW)


def open_and_tell_id(number: int, url: str) -> str:
    ledger = _opened(url)
    ledger.close()
    return ledger.ledger_id


def insert_jobs(
    number: int, url: str, plan_fence: int, limit_tokens: int, limit_jobs: int
) -> list[str]:
    """Try to insert 15 jobs of 100 tokens; the ids of those that fitted."""
    ledger = _opened(url)
    plan = Lease("plan", "", plan_fence)
    limits = {"limit_tokens": limit_tokens, "limit_jobs": limit_jobs}
    tried = [make_job() for _ in range(15)]
    fitted = [
        job.job_id
        for job in tried
        if ledger.jobs.insert_if_fits(job, under=plan, guard=lambda _: None, **limits)
    ]
    ledger.close()
    return fitted


def move_job(number: int, url: str, job_id: str) -> bool:
    """Whether this process was the one that moved the job."""
    ledger = _opened(url)
    moved = ledger.jobs.move(
        job_id, JobState.CREATING, of=[JobState.UPLOADING], input_file=f"files/{number}"
    )
    ledger.close()
    return moved is not None


def acquire_lease(number: int, url: str, name: str, turn: int, processes: int) -> int | None:
    """The fence, where this process got the lease; nobody ends before all have asked."""
    ledger = _opened(url)
    lease = ledger.leases.acquire(name)
    ledger.database.store(f"asked-{turn}", str(number))
    while len(ledger.database.stored(f"asked-{turn}")) < processes:
        time.sleep(0.01)
    ledger.close()
    return None if lease is None else lease.fence


def die_with_lease(number: int, url: str, name: str) -> int | None:
    """End without a release, as a killed process does."""
    lease = _opened(url).leases.acquire(name)
    return None if lease is None else lease.fence


def ask_for_run(number: int, url: str) -> str | None:
    ledger = _opened(url)
    run_key = ledger.requests.ask("embeddings:a", "f1")
    ledger.close()
    return run_key


def start_generations(number: int, url: str, count: int) -> list[int]:
    ledger = _opened(url)
    numbers = [ledger.index_versions.start(DatasetKey("a", "b"), "space") for _ in range(count)]
    ledger.close()
    return numbers


def book_spending(number: int, url: str, jobs: list[str]) -> None:
    ledger = _opened(url)
    for job_id in jobs:
        ledger.spending.book(job_id, ESTIMATED, model=MODEL, tokens=10, usd=0.5)
    ledger.close()


def place_files(number: int, url: str, files: int) -> None:
    """Each process places files of its own."""
    ledger = _opened(url)
    for file in range(files):
        item = make_slice(f"a/b/{number}-{file}.md")
        ledger.sources.apply_listing(DatasetKey("a", "b"), added=[item], changed=[], removed=[])
    ledger.close()


def pause_scope(number: int, url: str, scope_id: str) -> None:
    ledger = _opened(url)
    ledger.scopes.pause(scope_id, "no billing")
    ledger.close()


def commit_for_ever(acknowledge: Callable[[tuple[str, str]], None], url: str) -> None:
    """Insert and move jobs; each is acknowledged when its transaction is done."""
    ledger = _opened(url)
    for _ in itertools.count():
        job = make_job()
        assert ledger.jobs.insert(job, detail="new")
        acknowledge((job.job_id, JobState.UPLOADING))
        assert ledger.jobs.move(job.job_id, JobState.CREATING, of=[JobState.UPLOADING])
        acknowledge((job.job_id, JobState.CREATING))


def commit_until_cut_off(number: int, url: str) -> list[str]:
    """Insert jobs until the server is gone, or refuses; those that were acknowledged."""
    told: list[str] = []
    with suppress(sa.exc.DBAPIError, TransientError), closing(_opened(url)) as ledger:
        while True:
            job = make_job()
            ledger.jobs.insert(job, detail="new")
            told.append(job.job_id)
    return told
