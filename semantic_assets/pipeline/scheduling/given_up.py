"""Checks of the runs that the sensor gave up after they failed: one for all partitions of an asset."""

from collections.abc import Sequence

from semantic_assets.pipeline.reports.checks import Check
from semantic_assets.pipeline.scheduling.batch_runs import ADVANCE, VECTOR_INDEX
from semantic_assets.store import Store

_MOST_NAMES = 10


def check_shard_requests(store: Store) -> Check:
    """Check requested_runs_succeed: the runs of no shard were given up after they failed."""
    given_up = [name for name, kind in _given_up(store) if kind not in (ADVANCE, VECTOR_INDEX)]
    return _requests("requested_runs_succeed", "all shards", given_up)


def check_index_requests(store: Store) -> Check:
    """Check requested_runs_succeed: the runs of no dataset's index were given up."""
    given_up = [name for name, kind in _given_up(store) if kind == VECTOR_INDEX]
    return _requests("requested_runs_succeed", "all datasets", given_up)


def check_advance(store: Store) -> Check:
    """Check batches_advance: the runs that send and collect were not given up."""
    given_up = [name for name, kind in _given_up(store) if kind == ADVANCE]
    return _requests("batches_advance", "all batch jobs", given_up)


def _given_up(store: Store) -> list[tuple[str, str]]:
    """List (name, kind) of the requests that were given up, partitions first in their names."""
    found = (name.partition(":") for name in store.ledger.requests.exhausted())
    return sorted((f"{of} ({kind})" if of else kind, kind) for kind, _, of in found)


def _requests(name: str, subject: str, given_up: Sequence[str]) -> Check:
    more = len(given_up) - _MOST_NAMES
    named = ", ".join(given_up[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    message = f"given up after runs that failed: {named or 'none'}"
    passed, number = not given_up, len(given_up)
    return Check(name=name, subject=subject, passed=passed, message=message, counted=number)
