"""The table at the end: only what was counted or timed in this run."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Times:
    """What happened when, in seconds since the servers were up and the shards registered."""

    began: float = field(default_factory=time.monotonic)
    events: list[tuple[float, str]] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.events.append((time.monotonic() - self.began, what))


@dataclass(frozen=True, slots=True)
class ShownRun:
    job: str
    state: str
    worker: str
    #: From its begin to its end; None if it never began.
    seconds: float | None


def table(counted: Mapping[str, int], runs: Sequence[ShownRun], times: Times) -> str:
    seconds = [run.seconds for run in runs if run.seconds is not None and run.state == "SUCCESS"]
    return "\n".join(
        [
            "",
            *(f"{count:>8}  {what.replace('_', ' ')}" for what, count in counted.items()),
            f"{len(runs):>8}  runs",
            *_counted((run.state, "on", run.worker) for run in runs),
            *_counted((run.job, run.state) for run in runs),
            f"{median(seconds):>8.1f}  seconds, the median run that succeeded",
            *(f"{at:>8.1f}  {what}" for at, what in times.events),
            "",
        ]
    )


def _counted(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"{count:>8}    {' '.join(row)}" for row, count in sorted(Counter(rows).items())]
