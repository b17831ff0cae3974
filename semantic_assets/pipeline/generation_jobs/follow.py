"""Follow what was submitted: ask the service, take in what has ended, send the rest of it.

One call moves as far as is possible without waiting, so that a loop of calls ends.
"""

from dataclasses import replace

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import FINAL
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.generation.task_versions import pinned_task
from semantic_assets.pipeline.generation_jobs.generate import (
    GenerationStatus,
    generation_status,
)
from semantic_assets.pipeline.generation_jobs.generation_files import PROJECT
from semantic_assets.pipeline.pending.services import is_of_services
from semantic_assets.store import Store


def follow_generation(
    store: Store, gemini: Gemini, dataset: DatasetKey, name: str
) -> GenerationStatus:
    """Ask for a task's jobs once, apply what has ended, and return the dataset's progress.

    Of a submitted file the rest is sent as windows and caps allow: consent was given to all of it.
    Documents of other datasets may have come since, so `refresh` quotes and sends those. Where
    all is done, or the lake is read-only, nothing is asked or written.

    Raises:
        NotFound: the dataset is not processed by such a task.
        ConfigError: nothing may be written to the lake.
    """
    pinned = pinned_task(store, dataset, name)
    found = generation_status(store, dataset, name)
    if found.is_done:
        return found
    if store.is_read_only:
        return replace(found, trouble="the lake is read-only: the service was not asked")
    sends = dataset.project == PROJECT and not pinned.is_stopped
    done = advance(store, gemini, submits=sends, only=pinned.task)
    found = generation_status(store, dataset, name, blocked_by=done.blocked_by if sends else None)
    if found.is_done:
        return found
    return replace(
        found,
        trouble=next(iter(done.trouble), None) or _foreign(store, gemini, found),
        needs_person=_needs_person(found, is_stopped=pinned.is_stopped, sends=sends)
        or (done.blocked_by is not None and done.blocked_by.needs_person and not found.open_jobs),
    )


def _foreign(store: Store, gemini: Gemini, found: GenerationStatus) -> str | None:
    """Say that its open jobs are of another key, which alone can ask for them."""
    jobs = (store.ledger.jobs.find(name) for name in found.job_ids)
    foreign = [job for job in jobs if job.state not in FINAL and not is_of_services(gemini, job)]
    if not foreign:
        return None
    return (
        f"{len(foreign)} of its jobs were sent with another key or backend: set that one to "
        "collect them"
    )


def _needs_person(found: GenerationStatus, *, is_stopped: bool, sends: bool) -> bool:
    """Tell whether what waits is sent by no further call: the task is stopped, or consent is due."""
    return (is_stopped or not sends) and not found.open_jobs and not found.unapplied
