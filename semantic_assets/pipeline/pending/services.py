"""The services of Google that one lake uses: that of the settings, and those its datasets name.

A dataset is sent, and its questions are, through the service of the settings or through the one it
names: a key that is merely there sends nothing.
"""

from collections.abc import Iterable

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import FINAL, BatchJob, JobState
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

_OPEN = frozenset(JobState) - FINAL


def services(store: Store, gemini: Gemini) -> list[Gemini]:
    """Return the clients of all services in use, that of the settings first.

    Jobs that are out are asked for though no dataset names their service any more.
    """
    others = [gemini.on(backend) for backend in store.settings.services[1:]]
    if not others:
        return [gemini]
    used = _named(store) | {job.scope_id for job in store.ledger.jobs.list(states=_OPEN)}
    return [gemini, *(one for one in others if {one.endpoint.backend, one.scope_id} & used)]


def _named(store: Store) -> set[str]:
    """Return the backends that datasets name, without reading the rest of their settings."""
    rows = store.ledger.datasets.rows().values()
    return {str(row.settings["backend"]) for row in rows if "backend" in row.settings}


def service_of_job(gemini: Gemini, job: BatchJob) -> Gemini:
    """Return the client of the service a job was sent by; of another key's job, `gemini`."""
    return _at_scope(gemini, [job.scope_id]) or gemini


def is_of_services(gemini: Gemini, job: BatchJob) -> bool:
    """Say whether a job can be asked for with these settings, through whichever service."""
    return _at_scope(gemini, [job.scope_id]) is not None


def _at_scope(gemini: Gemini, scopes: Iterable[str]) -> Gemini | None:
    found = (gemini.on(backend) for backend in gemini.endpoint.settings.services)
    return next((one for one in found if one.scope_id in scopes), None)


def may_serve(store: Store, dataset: DatasetKey, backend: str) -> bool:
    """Say whether a dataset's texts and questions may go to a backend, which is set up."""
    if backend == store.settings.backend:
        return True
    named = store.dataset_settings(dataset).backend
    return named == backend and backend in store.settings.services
