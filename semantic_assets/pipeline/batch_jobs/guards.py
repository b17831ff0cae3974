"""Reasons to send nothing: untrusted answers, unknown remote jobs, an unprobed key."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.wire import RemoteJob
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import JobState, parse_display_name
from semantic_assets.pipeline.batch_jobs.other_jobs import note_others, others_are_old_news
from semantic_assets.pipeline.batch_jobs.reopen import reopen
from semantic_assets.pipeline.costs.budgets import day_cap
from semantic_assets.pipeline.costs.paid_jobs import is_of_probe
from semantic_assets.store import Store

_ALL_PAGES = 10_000
#: This many quarantined jobs of a space in a row stop it.
_IN_A_ROW = 2

#: The finding from one complete listing for each client; None: nothing unknown was listed.
_checked: WeakKeyDictionary[Gemini, str | None] = WeakKeyDictionary()


def quarantine_block(store: Store, product_id: str) -> str | None:
    """Return why a product is stopped (its last two jobs were quarantined), or None."""
    verdicts = store.ledger.jobs.last_verdicts(product_id, _IN_A_ROW)
    if len(verdicts) < _IN_A_ROW or any(job.state != JobState.QUARANTINED for job in verdicts):
        return None
    names = " and ".join(job.job_id for job in verdicts)
    return (
        f"the answers of {names} could not be trusted, so nothing more is sent in this space: "
        "look at `semantic-assets jobs`, then `semantic-assets resolve JOB`"
    )


def unknown_jobs_block(store: Store, gemini: Gemini) -> str | None:
    """Return why nothing may be sent: the remote holds jobs this ledger cannot explain. Or None.

    Jobs that were given up and are listed are re-opened: if nothing else is polled, no later
    listing would find them.
    """
    if gemini not in _checked or others_are_old_news(store, gemini):
        listed = list(gemini.batches.list_jobs(max_pages=_ALL_PAGES).jobs)
        reopen(store, gemini, listed)
        note_others(store, gemini, listed)
        _checked[gemini] = _explain(store, listed)
    return _checked[gemini]


def _explain(store: Store, remote: list[RemoteJob]) -> str | None:
    beside = set(store.ledger.beside())
    for job in remote:
        ledger_id, job_id = parse_display_name(job.display_name) or ("", "")
        if not ledger_id or ledger_id in beside:
            continue
        if ledger_id != store.ledger.ledger_id:
            return (
                f"the remote holds {job.name} of another ledger ({job.display_name}): its texts may "
                "be paid for there. If both are meant to share this key: `semantic-assets init "
                f"--beside {ledger_id}`"
            )
        if not _is_known(store, job_id):
            return (
                f"the remote holds {job.name} ({job.display_name}), which this ledger has no row "
                "of: it was restored from an older copy. Bring back the newest copy of the lake "
                "and run `semantic-assets recover`; or give up what was paid for it with "
                f"`semantic-assets resolve {job_id} --abandon`"
            )
    return None


def _is_known(store: Store, job_id: str) -> bool:
    if store.ledger.jobs.exists(job_id) or job_id in store.ledger.given_up():
        return True
    if is_of_probe(store, job_id):
        return True
    landed = f"{job_id}.parquet"
    return store.lake.exists(layout.manifest(job_id)) or any(
        store.lake.exists(f"results/{folder}/{landed}") for folder in store.lake.folders("results")
    )


def is_forgotten(store: Store, gemini: Gemini, job_id: str) -> bool:
    """Say whether the remote lists a job of this ledger, of which nothing here tells any more."""
    listed = gemini.batches.list_jobs(max_pages=_ALL_PAGES).jobs
    names = [parse_display_name(job.display_name) for job in listed]
    return (store.ledger.ledger_id, job_id) in names and not _is_known(store, job_id)


def remote_block(store: Store, gemini: Gemini) -> str | None:
    """Return why the remote side allows no submission on this scope, or None."""
    settings = store.settings
    backend = gemini.endpoint.backend
    if backend != "emulator" and day_cap(settings, backend).usd is None:
        return None  # planning quotes and asks for consent; until then the remote is not called
    return _unprobed(store, gemini) or unknown_jobs_block(store, gemini)


def _unprobed(store: Store, gemini: Gemini) -> str | None:
    settings = store.settings
    if settings.backend == "emulator" or settings.unprobed:
        return None
    if store.ledger.scopes.has_passed_probe(gemini.scope_id):
        return None
    if gemini.endpoint.backend != settings.backend:
        return (
            f"the backend {gemini.endpoint.backend} was not probed: run `semantic-assets probe` with "
            f"SEMANTIC_ASSETS_BACKEND={gemini.endpoint.backend} once, or set SEMANTIC_ASSETS_UNPROBED=1"
        )
    return (
        "this key was not probed: run `semantic-assets probe` (a few texts, under a cent), or set "
        "SEMANTIC_ASSETS_UNPROBED=1"
    )


def recheck_remote(clients: Iterable[Gemini]) -> None:
    """Forget the last complete listings, so that the next submission lists the remote again."""
    for gemini in clients:
        _checked.pop(gemini, None)
