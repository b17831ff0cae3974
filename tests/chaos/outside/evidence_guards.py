"""Switching off what keeps time, absence, words and half an answer from being taken for evidence."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

from semantic_assets.errors import (
    Conflict,
    GeminiUnavailable,
    RemoteMissing,
    SemanticAssetsError,
)
from semantic_assets.gemini import faults
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.faults import Method
from semantic_assets.gemini.sdk_batches import SdkBatches
from semantic_assets.gemini.wire import Listing, RemoteJob
from semantic_assets.ledger import jobs, leases
from semantic_assets.ledger.job_ids import JobIds
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.pipeline.batch_jobs import collect, deadlines, poll, reopen
from semantic_assets.pipeline.flows import advance
from semantic_assets.store import Store


def no_fresh_look() -> None:
    """A deadline acts on what was last known of a job."""
    deadlines._is_at_work = lambda *_: True


def given_up_by_age() -> None:
    """An unconfirmed job is given up when it is old, whatever can be listed."""
    real = advance.confirm

    def confirm(store: Store, gemini: Gemini) -> None:
        for job in store.ledger.jobs.list(states=[JobState.UNCONFIRMED]):
            if store.ledger.now() - job.created_at >= gemini.batches.deadlines.abandon:
                deadlines.abandon(store, job, "old", billed=True)
        real(store, gemini)

    advance.confirm = confirm


def reopened_while_it_runs() -> None:
    """A job that was too old is taken back as soon as a listing shows it."""
    reopen._may_return = lambda *_: True


def no_last_word() -> None:
    """What a person gave up is taken back like any other."""
    reopen.BY_HAND = "nobody"


def leases_by_the_clock() -> None:
    """A lease is in force until its expiry, whoever held it."""
    for module in (jobs, leases):
        module.is_in_force = lambda holder, expires_at, now: expires_at >= now  # type: ignore[attr-defined]


def ids_by_the_clock() -> None:
    """Jobs and retries are ordered by the clock of the machine that made them."""
    count = iter(range(1 << 32))

    def new(self: JobIds) -> str:
        return f"{int(self.database.clock() * 1000):012x}{next(count):08x}"

    JobIds.new = new  # type: ignore[method-assign]


def no_second_look_at_listings() -> None:
    """A listing that lacks a job which `get` shows is complete."""
    poll._leaves_out = lambda *_: False


def absence_believed() -> None:
    """Jobs that vanish at once are gone, each by itself."""

    def ask_for(
        store: Store, gemini: Gemini, jobs: Iterable[BatchJob], *, is_listed: bool = True
    ) -> list[BatchJob]:
        moved = []
        for job in jobs:
            try:
                moved.append(poll._observe(store, job, gemini.batches.get(job.remote_name or "")))
            except RemoteMissing as error:
                moved.append(poll._absent(store, job, str(error)))
        return [job for job in moved if job is not None]

    poll._ask_for = ask_for


def listing_believed() -> None:
    """A job has ended when a bare listing says so."""
    poll._is_believed = lambda listed: True
    collect._told = lambda *_: None


def tokens_followed() -> None:
    """A page token that repeats is followed."""

    def list_jobs(self: SdkBatches, *, max_pages: int) -> Listing:
        found: list[RemoteJob] = []
        token = ""
        for _ in range(max_pages):
            page = self._page("pageSize=100" + (token and f"&pageToken={token}"))
            found += self._jobs_of(page)
            token = quote(str(page.get("nextPageToken") or ""))
            if not token:
                return Listing(tuple(found), complete=True)
        return Listing(tuple(found), complete=False)

    SdkBatches.list_jobs = list_jobs  # type: ignore[method-assign]


def words_believed() -> None:
    """A refusal that speaks of files is about a file that is missing."""
    real = faults._of_answer

    def of_answer(error: Any, method: Method, secret: str | None) -> SemanticAssetsError:
        found = real(error, method, secret)
        return RemoteMissing(str(found)) if "file" in str(found).lower() else found

    faults._of_answer = of_answer


def refused_creation_in_doubt() -> None:
    """A 404 to the create call leaves open whether a job was made."""
    real = faults._unexplained

    def unexplained(code: int, method: Method, text: str) -> SemanticAssetsError:
        return GeminiUnavailable(text) if method == Method.CREATE else real(code, method, text)

    faults._unexplained = unexplained


def half_an_answer() -> None:
    """An answer is whole when its job SUCCEEDED."""
    collect.require_whole = lambda *_: None


def no_fence_of_taking_back() -> None:
    """Who slept deletes error rows, whatever another has put in their place."""
    Jobs.held = lambda *_: nullcontext()  # type: ignore[method-assign]
    Lease.require = lambda self: None  # type: ignore[method-assign]


def lost_races_raised() -> None:
    """A job that another process has in hand ends the pass."""
    real = collect.claimed

    @contextmanager
    def claimed(store: Store, job: BatchJob, *states: JobState) -> Iterator[Any]:
        with real(store, job, *states) as held:
            if held is None:
                raise Conflict(f"job {job.job_id} is in another's hand")
            yield held

    collect.claimed = claimed
