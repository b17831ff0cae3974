"""Make a lake's ledger, and tell it what became of the lake: shared key, moved, copied."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.lake.home import is_same_home
from semantic_assets.lineage import lacks_events, require_home
from semantic_assets.model.batch_job import FINAL, BatchJob, JobState
from semantic_assets.pipeline.batch_jobs.deadlines import BY_HAND, abandon
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

S = JobState
#: Moves to a state from which a job can be given up.
_ON_THE_WAY = {S.UPLOADING: S.CREATING, S.CREATING: S.UNCONFIRMED, S.ENDED: S.QUARANTINED}


class Fate(StrEnum):
    """What became of a lake that is not where its ledger knows it to be."""

    MOVED = "moved"
    COPIED = "copied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    ledger_id: str
    place: str
    #: Jobs that are the original's and were given up in the copy.
    given_up: int = 0
    #: The ledger does not know of all that its lake has seen: `recover` is next.
    needs_recovery: bool = False


def init(settings: Settings, *, beside: str | None = None, fate: Fate | None = None) -> Initialised:
    """Make the ledger if there is none.

    Args:
        beside: the id of another ledger that shares the key on purpose.
        fate: where the lake is now it stays, or becomes a lake of its own.

    Raises:
        ConfigError: the lake is a copy or was moved, and `fate` does not say which; or a copy
            cannot become a lake of its own.
    """
    with open_store(settings, create=True, unchecked=True) as store:
        given_up = 0
        if fate == Fate.COPIED:
            given_up = _become_own(store)
        elif fate == Fate.MOVED:
            store.ledger.identity.settle(store.lake.home)
        else:
            require_home(store.lake, store.ledger)
        if beside is not None:
            store.ledger.register_beside(beside)
    with open_store(settings, create=False, unchecked=True) as store:
        return Initialised(
            ledger_id=store.ledger.ledger_id,
            place=store.lake.shown,
            given_up=given_up,
            needs_recovery=lacks_events(store.lake, store.ledger),
        )


def _become_own(store: Store) -> int:
    """Make a copy a lake of its own; return how many jobs of the original it gave up.

    Killed at any step, the same command goes on: the id is given last.

    Raises:
        ConfigError: it is no copy: its own jobs would be given up, and their texts paid for twice.
    """
    known, here = store.ledger.identity.home, store.lake.home
    if known is not None and is_same_home(known, here):
        if store.ledger.identity.copied_from is not None:
            return 0  # it is one already
        raise ConfigError(
            f"the lake at {store.lake.shown} is where its ledger knows it to be: it is no copy, and "
            "nothing was changed"
        )
    _require_own_things(store)
    store.ledger.identity.free_leases()
    # A damaged job is out nowhere: its answers were the original's and are the copy's too.
    jobs = [job for job in store.ledger.jobs.list() if job.state not in FINAL | {S.DAMAGED}]
    for job in jobs:
        _give_up(store, job)
    store.ledger.identity.become(secrets.token_hex(5), here)
    return len(jobs)


def _require_own_things(store: Store) -> None:
    settings = store.settings
    if settings.ledger_url:
        raise ConfigError(
            "the ledger at SEMANTIC_ASSETS_LEDGER_URL is the original's: a copy of a lake gets a "
            "ledger of its own only if its ledger was copied with it, in its folder"
        )
    if settings.qdrant_url or settings.lance_url:
        raise ConfigError(
            "the index is outside the lake (SEMANTIC_ASSETS_QDRANT_URL or _LANCE_URL) and would be "
            "the original's too: unset both, then run `semantic-assets init --copied` again"
        )


def _give_up(store: Store, job: BatchJob) -> None:
    """Give up a job that the original collects: it is billed there."""
    while job.state in _ON_THE_WAY and not job.is_realtime:
        moved = store.ledger.jobs.move(job.job_id, _ON_THE_WAY[job.state], of=[job.state])
        assert moved is not None
        job = moved
    if not abandon(store, job, BY_HAND, billed=False):
        raise Conflict(
            f"job {job.job_id} is in another process's hand: end it, then run this again"
        )
