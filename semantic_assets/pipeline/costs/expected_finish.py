"""When the work that is out and waits should be done: by the jobs of this key, or Google's word.

The pace of an emulator says nothing of Google's: only jobs of the scope in use are looked at.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.catalog import AGENT_PLATFORM, is_charged
from semantic_assets.model.wording import counted, span_told
from semantic_assets.pipeline.costs.services.comparison import QUEUE_SECONDS
from semantic_assets.store import Store

_HOUR = 3_600.0
#: Google's target for a job, and when it is given up; the second service queues it first.
TARGET_SECONDS, EXPIRY_SECONDS = 24 * _HOUR, 48 * _HOUR
_QUEUE_SECONDS, _GIVEN_UP_SECONDS = QUEUE_SECONDS[1], 121 * _HOUR
#: From so many jobs on, a tenth at each end is left out as unusual.
_MANY = 10
#: A finish that is nearer is told as a span of time.
_SOON_SECONDS = 600.0
_MINUTE, _DAY = 60.0, 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPace:
    """How long a job takes, from its submission to its end."""

    #: Of observed jobs, widened where they are few; None: no job has ended yet.
    seconds_low: float | None
    #: None: not known at all, as on an emulator before its first job has ended.
    seconds_high: float | None
    #: The median; None: no job has ended yet.
    seconds: float | None
    #: How many jobs were observed; 0: these are the documented figures.
    jobs: int
    #: What is documented, in words.
    documented: str = "Google aims at 24 hours a job, and most end sooner"

    @property
    def basis(self) -> str:
        if self.jobs:
            return f"by the last {counted(self.jobs, 'job')}"
        return self.documented


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFinish:
    """Times in epoch seconds between which all should be answered."""

    #: None: it may be any time; no job has ended yet.
    earliest: float | None
    latest: float
    basis: str

    def told(self, now: float) -> str:
        """Return it in words, as `14:30 to 18:00 UTC`."""
        if self.earliest is None:
            return f"by {_clock(self.latest, now)}"
        if self.latest - now < _SOON_SECONDS:
            return f"in {span_told(self.earliest - now, self.latest - now)}"
        first, last = (_minute(at) for at in (self.earliest, self.latest))
        if first == last:
            return f"at {_clock(last, now)}"
        return f"{_clock(first, now, zone='')} to {_clock(last, now, beside=first)}"


def job_pace(store: Store) -> JobPace:
    """Return how long jobs of the scope in use take."""
    found = store.ledger.job_totals.durations(endpoint_of(store.settings).scope_id)
    if found:
        low, high = _spread(found)
        return JobPace(
            seconds_low=low,
            seconds_high=high,
            seconds=statistics.median(found),
            jobs=len(found),
        )
    return _documented(store.settings.backend)


def _documented(backend: str) -> JobPace:
    pace = JobPace(seconds_low=None, seconds_high=TARGET_SECONDS, seconds=None, jobs=0)
    if backend == AGENT_PLATFORM:
        said = "the Agent Platform may queue a job for 72 hours, and most end sooner"
        return replace(pace, seconds_high=_QUEUE_SECONDS, documented=said)
    return pace if is_charged(backend) else replace(pace, seconds_high=None)


def _spread(durations: Sequence[float]) -> tuple[float, float]:
    """Return the range of durations; the fewer there are, the further it reaches beyond them."""
    if len(durations) >= _MANY:
        tenths = statistics.quantiles(durations, n=10)
        low, high = tenths[0], tenths[-1]
    else:
        low, high = min(durations), max(durations)
    margin = 1 + 1 / len(durations)
    return low / margin, high * margin


def expected_finish(
    store: Store, out: Sequence[BatchJob], waiting: Mapping[str, float], pace: JobPace | None = None
) -> ExpectedFinish | None:
    """Return when jobs that are out and waiting tokens (by model) should be answered.

    None: nothing is out and nothing waits, or nothing is known of the pace.
    """
    pace = pace or job_pace(store)
    if pace.seconds_high is None or not (out or any(waiting.values())):
        return None
    now = store.ledger.now()
    models = {*(job.model for job in out), *(m for m, tokens in waiting.items() if tokens)}
    latest = max(_end(store, out, waiting, model, pace.seconds_high) for model in models)
    earliest = None
    if pace.seconds_low is not None:
        low = pace.seconds_low
        earliest = max(_end(store, out, waiting, m, low, is_late=False) for m in models)
    return ExpectedFinish(earliest=earliest, latest=max(latest, now), basis=pace.basis)


def _end(
    store: Store,
    out: Sequence[BatchJob],
    waiting: Mapping[str, float],
    model: str,
    seconds: float,
    *,
    is_late: bool = True,
) -> float:
    """Return when one model's work ends, if a job takes so long: its window is filled again and again."""
    now, window = store.ledger.now(), store.settings.window_of(model)
    its = [job for job in out if job.model == model]
    ends = [_job_end(store, job, seconds, now, is_late=is_late) for job in its]
    end = max(ends, default=now)
    tokens = waiting.get(model, 0.0)
    if not tokens:
        return end
    room = max(0.0, window - sum(job.tokens_estimated for job in its))
    if tokens <= room:
        return max(end, now + seconds)
    return max(end, min(ends, default=now) + math.ceil(tokens / window) * seconds)


def _job_end(store: Store, job: BatchJob, seconds: float, now: float, *, is_late: bool) -> float:
    """Return when a job ends; one that took longer than that already, as late as it may."""
    sent = job.submitted_at or now
    if sent + seconds > now or not is_late:
        return max(now, sent + seconds)
    if not is_charged(store.settings.backend):
        return now + (now - sent)
    is_queued = store.settings.backend == AGENT_PLATFORM
    target = _QUEUE_SECONDS if is_queued else TARGET_SECONDS
    expiry = _GIVEN_UP_SECONDS if is_queued else EXPIRY_SECONDS
    return next((end for end in (sent + target, sent + expiry) if end > now), now)


def _minute(at: float) -> float:
    return round(at / _MINUTE) * _MINUTE


def _clock(at: float, now: float, *, zone: str = " UTC", beside: float | None = None) -> str:
    """Return the time of day, with its date where that is not today's (or that of `beside`)."""
    when, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    shown = datetime.fromtimestamp(beside, UTC) if beside is not None else today
    is_plain = when.date() == shown.date() and abs(at - now) < _DAY * 300
    return f"{when:%H:%M}{zone}" if is_plain else f"{when.day} {when:%b %H:%M}{zone}"
