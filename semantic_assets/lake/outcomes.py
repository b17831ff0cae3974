"""Outcomes of texts in the results files: the place of a vector, or the failures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class OutcomeCode(IntEnum):
    """The outcome of one text in one job."""

    OK = 0
    PERMANENT = 1
    TRANSIENT = 2
    MISSING = 3
    EXPIRED = 4


#: A job of 50,000 texts is halved 16 times until one is left: as often a text may fail together
#: with others before that counts against it.
_BISECTIONS = 17


@dataclass(slots=True)
class Landed:
    """The outcomes of one text: the place of its vector, or its failures."""

    job_id: str | None = None
    position: int = -1
    #: Error rows of its own, since the last retry.
    attempts: int = 0
    #: Jobs of several texts that failed as a whole with it, or whose texts failed side by side.
    whole_failures: int = 0
    is_permanent: bool = False
    #: (job_id, position) of the latest error row.
    last_error: tuple[str, int] | None = None
    #: (job_id, requests) if the latest error was one of the whole job.
    failed_with: tuple[str, int] | None = None

    def is_failed(self, max_attempts: int) -> bool:
        return self.job_id is None and (
            self.is_permanent
            or self.attempts >= max_attempts
            or self.whole_failures >= max_attempts + _BISECTIONS
        )


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One row of one results file, for the text at the place `asked` in the lookup."""

    asked: int
    job_id: str
    position: int
    outcome: int
    #: Requests of the job if it failed as a whole, else 0; below 0: so many failed side by side.
    whole_job: int


@dataclass(frozen=True, slots=True)
class KnownTexts:
    """The outcomes of n asked texts, in their order.

    Nearly all of a shard's 50,000 texts have a single row with outcome ok. So these are columns,
    and only a text with an error or several rows is an object.
    """

    #: Job ids that `job` is an index into, ascending.
    job_ids: list[str]
    #: Shape (n,): the job with the vector, -1 without one; and the vector's row there.
    job: Indices
    position: Indices
    attempts: Indices
    #: The texts with an error row or several rows, by their place in the lookup.
    troubled: Mapping[int, Landed]

    @property
    def is_answered(self) -> Mask:
        return self.job >= 0

    def is_failed(self, max_attempts: int) -> Mask:
        failed = np.zeros(len(self.job), dtype=bool)
        failed[[i for i, landed in self.troubled.items() if landed.is_failed(max_attempts)]] = True
        return failed

    def at(self, asked: int) -> Landed | None:
        """Return the outcomes of the text at a place; None if it has none yet."""
        if asked in self.troubled:
            return self.troubled[asked]
        if self.job[asked] < 0:
            return None
        return Landed(self.job_ids[self.job[asked]], int(self.position[asked]), 1)

    def within(self, mask: Mask) -> "KnownTexts":
        """Return the outcomes of the texts in a mask, as if the others had none yet."""
        columns = (np.where(mask, self.job, -1), np.where(mask, self.position, -1))
        troubled = {at: landed for at, landed in self.troubled.items() if mask[at]}
        return KnownTexts(self.job_ids, *columns, np.where(mask, self.attempts, 0), troubled)

    def updated(self, places: Indices, now: "KnownTexts") -> "KnownTexts":
        """Return the same, with the outcomes that the texts at these places have now."""
        job_ids = sorted({*self.job_ids, *now.job_ids})
        number = {job_id: place for place, job_id in enumerate(job_ids)}
        # -1, no job, is the last of them.
        before = np.array([*(number[job_id] for job_id in self.job_ids), -1])
        after = np.array([*(number[job_id] for job_id in now.job_ids), -1])
        job, position, attempts = before[self.job], self.position.copy(), self.attempts.copy()
        job[places], position[places] = after[now.job], now.position
        attempts[places] = now.attempts
        troubled = dict(self.troubled)
        for at, place in enumerate(places.tolist()):
            troubled.pop(place, None)
            if at in now.troubled:
                troubled[place] = now.troubled[at]
        return KnownTexts(job_ids, job, position, attempts, troubled)

    def repeated(self, places: Indices) -> "KnownTexts":
        """Return the outcomes at these places, which may name a text several times."""
        if len(places) == len(self.job):
            return self
        columns = (self.job[places], self.position[places], self.attempts[places])
        troubled = {
            at: self.troubled[place]
            for at, place in enumerate(places.tolist())
            if place in self.troubled
        }
        return KnownTexts(self.job_ids, *columns, troubled)


def fold(rows: Iterable[OutcomeRow]) -> dict[int, Landed]:
    """Merge the rows of each text. Rows come sorted by job, so the lowest job_id's vector wins."""
    known: dict[int, Landed] = {}
    for row in rows:
        landed = known.setdefault(row.asked, Landed())
        if landed.job_id is None:
            _count(landed, row)
    return known


def _count(landed: Landed, row: OutcomeRow) -> None:
    if row.outcome == OutcomeCode.OK:
        landed.job_id, landed.position = row.job_id, row.position
        landed.attempts += 1
        landed.last_error = landed.failed_with = None
        return
    together = row.whole_job > 1 or row.whole_job < 0
    landed.whole_failures += together
    landed.attempts += not together
    landed.is_permanent = landed.is_permanent or row.outcome == OutcomeCode.PERMANENT
    landed.last_error = (row.job_id, row.position)
    landed.failed_with = (row.job_id, row.whole_job) if row.whole_job > 1 else None
