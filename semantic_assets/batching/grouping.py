"""Groups of pending texts that may travel in one job."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from semantic_assets.batching.packing import MAX_REQUESTS
from semantic_assets.model.keys import DatasetKey, ShardKey


@dataclass(frozen=True, slots=True)
class PendingText:
    """A pending text: its token estimate, its shard, and the job it last failed with, if any."""

    estimate: int
    shard: ShardKey
    #: Number of the shard's first row with this text.
    row: int
    failed_with: tuple[str, int] | None = None
    #: (job_id, position) of its latest error row.
    last_error: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    keys: tuple[str, ...]
    max_requests: int
    #: The dataset whose own budget pays; None: only the settings' caps apply.
    budgeted: DatasetKey | None = None


def groups(
    wanted: Mapping[str, PendingText],
    budgeted_datasets: frozenset[DatasetKey],
    max_requests: int = MAX_REQUESTS,
) -> list[Group]:
    """Group the pending texts by the job they may travel in.

    Texts of a job that failed as a whole travel with each other only, half of them at once. A
    dataset with its own budget shares no job, so that its spending is known.
    """
    failed: dict[tuple[str, int], list[str]] = defaultdict(list)
    free: dict[DatasetKey | None, list[str]] = defaultdict(list)
    for key, text in wanted.items():
        if text.failed_with is not None:
            failed[text.failed_with].append(key)
        else:
            dataset = text.shard.dataset
            free[dataset if dataset in budgeted_datasets else None].append(key)
    halves = [Group(tuple(keys), max(1, job[1] // 2)) for job, keys in failed.items()]
    return [
        *halves,
        *(Group(tuple(keys), max_requests, budgeted) for budgeted, keys in free.items()),
    ]
