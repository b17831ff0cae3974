"""Where a scenario stands when waiting helps no more, and what a person then does."""

from typing import Any

from semantic_assets.lake import layout
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.pipeline.batch_jobs import resolve
from semantic_assets.pipeline.batch_jobs.guards import recheck_remote
from semantic_assets.pipeline.batch_jobs.restore import restore
from semantic_assets.pipeline.generation_jobs.generate import generation_results, retry_generation
from semantic_assets.pipeline.pending.retry import failures, retry
from semantic_assets.store import Store
from tests.chaos.account import GIVEN_UP
from tests.chaos.incidents import LOCAL, put_back, restore_manifests
from tests.chaos.scenarios import End, Scenario
from tests.chaos.world import World

S = JobState
#: A file that is there once a person has retried what FAILED.
RETRIED = "retried"


def observe(world: World) -> tuple[End, int]:
    """How it stands, and how many jobs (FAILED: chunks and documents) that concerns."""
    store, _ = world.open()
    with store:
        if damaged := store.ledger.jobs.list(states=[S.DAMAGED]):
            return End.DAMAGED, len(damaged)
        for state, end in (
            (S.QUARANTINED, End.QUARANTINED),
            (S.UNCONFIRMED, End.UNCONFIRMED),
            (S.ENDED, End.WAITING),
        ):
            jobs = store.ledger.jobs.list(states=[state])
            if jobs and not any(_is_used(store, job) for job in jobs):
                return end, len(jobs)
        reasons = [found.error_message for found in failures(store)]
        reasons += [row["error"] for row in _unanswered(store)]
        assert all(reasons), "FAILED without a reason"
        return (End.FAILED, len(reasons)) if reasons else (End.DONE, 0)


def _unanswered(store: Store) -> list[dict[str, Any]]:
    """Documents that a task failed for."""
    return [
        row
        for pinned in store.ledger.tasks.all()
        for row in generation_results(store, pinned.dataset, pinned.task.name)
        if row["status"] == "FAILED"
    ]


def _is_used(store: Store, job: BatchJob) -> bool:
    """Whether its answer is in the lake, where one that waits or is distrusted must not be."""
    return store.lake.exists(layout.results(job.product_id, job.job_id))


def settle(world: World, scenario: Scenario, end: End) -> None:
    """What a person does who reads the README."""
    store, gemini = world.open()
    with store:
        restore_manifests(world)
        for job in store.ledger.jobs.list(states=[S.QUARANTINED]):
            if scenario.mishap in LOCAL:
                resolve.accept(store, gemini, job.job_id)
            else:
                resolve.resubmit(store, gemini, job.job_id)
        for job in store.ledger.jobs.list(states=[S.DAMAGED]):
            put_back(world, layout.results(job.product_id, job.job_id))
            restore(store, gemini, job.job_id)
        if end is End.UNCONFIRMED and end is scenario.ends:
            # Before the listing works again, which would tell by itself.
            for job in store.ledger.jobs.list(states=[S.UNCONFIRMED]):
                _decide(world, store, gemini, job, was_created=scenario.was_created)
        if end is End.FAILED:
            _retry(world, store, scenario.retried_at)
        recheck_remote([gemini])
    if not scenario.in_vain or (world.folder / RETRIED).exists():
        world.disarm()
    if end is End.FAILED:
        (world.folder / RETRIED).touch()


def _retry(world: World, store: Store, off: float) -> None:
    """Retry what FAILED, perhaps on a machine whose clock is off."""
    world.clock.advance(off)
    retry(store)
    for pinned in store.ledger.tasks.all():
        retry_generation(store, pinned.dataset, pinned.task.name)
    world.clock.advance(-off)


def _decide(
    world: World, store: Store, gemini: resolve.Gemini, job: BatchJob, *, was_created: bool
) -> None:
    if not was_created:
        resolve.give_up(store, gemini, job.job_id)
        (world.folder / GIVEN_UP).mkdir(exist_ok=True)
        (world.folder / GIVEN_UP / job.job_id).touch()
        return
    # As a person reads it in Google's console.
    console = {found["displayName"]: found["name"] for found in world.control("state")["jobs"]}
    name = world.shown_name(console[job.display_name])
    resolve.adopt(store, gemini, job.job_id, remote_name=name)
