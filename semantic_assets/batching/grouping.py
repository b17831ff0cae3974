"""Pending texts as columns, and groups of them that may travel in one job.

A job of the Agent Platform takes hundreds of thousands of texts. As objects 400,000 of them took
200 MB; as columns they take 25.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.batching.packing import MAX_REQUESTS
from semantic_assets.model.keys import DatasetKey, ShardKey

Places = npt.NDArray[np.int64]
#: A job, and the number of its requests or the position of a row.
OfJob = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class PendingTexts:
    """Pending texts in the order in which they are sent; shape of the columns (n,)."""

    keys: pa.StringArray
    #: Estimated tokens.
    estimates: Places
    #: Number of the first row with the text in its shard.
    rows: Places
    #: The shard of each, as its place in `shards`.
    shard: Places
    shards: tuple[ShardKey, ...]
    #: The job that a text last failed with as a whole, by its place.
    failed_with: Mapping[int, OfJob] = field(default_factory=dict)
    #: (job_id, position) of the latest error row of a text, by its place.
    last_error: Mapping[int, OfJob] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.estimates)

    @property
    def tokens(self) -> int:
        return int(self.estimates.sum())

    def take(self, places: Places) -> "PendingTexts":
        """Return the texts at these ascending places."""
        return PendingTexts(
            keys=self.keys.take(pa.array(places)),
            estimates=self.estimates[places],
            rows=self.rows[places],
            shard=self.shard[places],
            shards=self.shards,
            failed_with=_at(self.failed_with, places),
            last_error=_at(self.last_error, places),
        )

    def part(self, first: int, end: int) -> "PendingTexts":
        """Return the texts from place `first` up to `end`, without a copy of them."""
        inside = range(first, min(end, len(self)))
        return PendingTexts(
            keys=self.keys.slice(first, len(inside)),
            estimates=self.estimates[first:end],
            rows=self.rows[first:end],
            shard=self.shard[first:end],
            shards=self.shards,
            failed_with={at - first: job for at, job in self.failed_with.items() if at in inside},
            last_error={at - first: row for at, row in self.last_error.items() if at in inside},
        )

    def where(self, mask: npt.NDArray[np.bool_]) -> "PendingTexts":
        """Return the texts in a mask."""
        return self.take(np.flatnonzero(mask))

    def by_shard(self) -> Iterator[tuple[ShardKey, Places]]:
        """Yield each shard that has texts, in its order, with their places by ascending row."""
        for shard in sorted(set(self.shards)):
            at = np.flatnonzero(self.shard == self.shards.index(shard))
            if len(at):
                yield shard, at[np.argsort(self.rows[at], kind="stable")]

    def datasets(self) -> Counter[DatasetKey]:
        """Return how many texts each dataset has."""
        counts = np.bincount(self.shard, minlength=len(self.shards)).tolist()
        found = Counter[DatasetKey]()
        for shard, count in zip(self.shards, counts, strict=True):
            if count:
                found[shard.dataset] += count
        return found

    def is_of(self, datasets: frozenset[DatasetKey]) -> npt.NDArray[np.bool_]:
        """Return which texts are of these datasets."""
        wanted = np.array([shard.dataset in datasets for shard in self.shards], dtype=bool)
        found: npt.NDArray[np.bool_] = wanted[self.shard] if len(self) else np.zeros(0, bool)
        return found


def joined_texts(parts: Sequence[PendingTexts]) -> PendingTexts:
    """Return the texts of several shards as one."""
    empty = np.zeros(0, dtype=np.int64)
    starts = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    shards = tuple(shard for part in parts for shard in part.shards)
    firsts = np.cumsum([0, *(len(part.shards) for part in parts)]).tolist()
    pairs = list(zip(starts, parts, strict=False))
    return PendingTexts(
        keys=pa.concat_arrays([pa.array([], pa.string()), *(part.keys for part in parts)]),
        estimates=np.concatenate([empty, *(part.estimates for part in parts)]),
        rows=np.concatenate([empty, *(part.rows for part in parts)]),
        shard=np.concatenate(
            [empty, *(part.shard + first for first, part in zip(firsts, parts, strict=False))]
        ),
        shards=shards,
        failed_with={at + n: job for at, part in pairs for n, job in part.failed_with.items()},
        last_error={at + n: row for at, part in pairs for n, row in part.last_error.items()},
    )


def _at(noted: Mapping[int, OfJob], places: Places) -> dict[int, OfJob]:
    if not noted:
        return {}
    return {at: noted[n] for at, n in enumerate(places.tolist()) if n in noted}


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    texts: PendingTexts
    max_requests: int
    #: The dataset whose own budget pays; None: only the settings' caps apply.
    budgeted: DatasetKey | None = None


def groups(
    wanted: PendingTexts,
    budgeted_datasets: frozenset[DatasetKey],
    max_requests: int = MAX_REQUESTS,
) -> list[Group]:
    """Group the pending texts by the job they may travel in.

    Texts of a job that failed as a whole travel with each other only, half of them at once. A
    dataset with its own budget shares no job, so that its spending is known.
    """
    failed: dict[OfJob, list[int]] = defaultdict(list)
    for place, job in wanted.failed_with.items():
        failed[job].append(place)
    halves = [
        Group(wanted.take(np.array(sorted(places))), max(1, job[1] // 2))
        for job, places in failed.items()
    ]
    is_free = np.ones(len(wanted), dtype=bool)
    is_free[list(wanted.failed_with)] = False
    free = wanted.where(is_free) if halves else wanted
    found = []
    for budgeted in dict.fromkeys(_payer(shard, budgeted_datasets) for shard in free.shards):
        own = budgeted_datasets if budgeted is None else frozenset({budgeted})
        is_own = free.is_of(own)
        mask = ~is_own if budgeted is None else is_own
        if mask.any():
            texts = free if mask.all() else free.where(mask)
            found.append(Group(texts, max_requests, budgeted))
    return [*halves, *found]


def _payer(shard: ShardKey, budgeted: frozenset[DatasetKey]) -> DatasetKey | None:
    return shard.dataset if shard.dataset in budgeted else None
