"""What the same texts take through each of Google's two services: price, jobs, days, what breaks.

The Developer API has a window of enqueued tokens, which is filled again and again; through the
Agent Platform all jobs wait at once, in a queue that it says may take 72 hours.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semantic_assets.model.catalog import (
    AGENT_PLATFORM,
    AGENT_PLATFORM_BYTES,
    AGENT_PLATFORM_ROWS,
    USUAL_BYTES_A_LINE,
    USUAL_BYTES_A_TOKEN,
)
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.wording import span_told

DEVELOPER_API = "gemini"
TITLES = {DEVELOPER_API: "Developer API", AGENT_PLATFORM: "Agent Platform"}
_HOUR, _DAY = 3_600.0, 86_400.0
#: A fill of the window took an hour where short jobs were reported, and a day is Google's target.
FILL_SECONDS = (_HOUR, _DAY)
#: Google's docs: 72 hours in the queue, and a target of less than 24 to run.
QUEUE_SECONDS = (0.0, 72 * _HOUR + _DAY)
#: A job takes a fifth of the window by an estimate that is 1.25 times too high before the first
#: answer, and less at the end of a shard. `footprint` at tier 1: 30.3M tokens in 415 jobs.
_JOB_SHARE, _MOST_TEXTS_A_JOB = 0.146, 50_000
#: From so many fills on, a day at an hour a fill, a quote shows both services.
_MANY_FILLS = 24


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a deployment; `reached` is the share of it in use, 1 or more breaks it."""

    what: str
    reached: float
    remedy: str


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent to one model."""

    texts: int
    tokens: int
    #: The Developer API's limit of tokens in all active jobs of the model together.
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceQuote(HtmlTable):
    """What one service makes of the work."""

    #: As `SEMANTIC_ASSETS_BACKEND` names it.
    service: str
    #: Whether it is the backend in use.
    is_used: bool
    #: None: its price is not known to us; quotes and caps take the Developer API's.
    usd: float | None
    jobs: int
    #: How often the window of enqueued tokens is filled, one time after the other; 0: it has none.
    fills: int
    days_low: float
    days_high: float
    breaks_first: str

    @property
    def title(self) -> str:
        return TITLES[self.service]

    @property
    def days_told(self) -> str:
        low, high = (
            f"{days:,.{0 if days >= 10 else 1}f}" for days in (self.days_low, self.days_high)
        )
        return f"up to {high}" if not self.days_low else low if low == high else f"{low} to {high}"


Services = tuple[ServiceQuote, ServiceQuote]


def compare_services(
    loads: Sequence[Load],
    usd: float,
    *,
    backend: str = "",
    fill_seconds: tuple[float, float] = FILL_SECONDS,
    queue_seconds: tuple[float, float] = QUEUE_SECONDS,
    others: Sequence[Limit] = (),
) -> Services:
    """Return what the Developer API and the Agent Platform make of the same work.

    Args:
        usd: the price of the Developer API.
        backend: the one in use.
        fill_seconds: how long a fill of the window takes, at least and at most.
        queue_seconds: how long the slowest job of the Agent Platform takes.
        others: what breaks here, whichever of the two answers.
    """
    fills = [math.ceil(load.tokens / load.window) for load in loads]
    longest = max(fills, default=0)
    jobs, platform_jobs = (sum(map(count, loads)) for count in (_jobs, _platform_jobs))
    days = [longest * seconds / _DAY for seconds in fill_seconds]
    queued = [seconds / _DAY if loads else 0.0 for seconds in queue_seconds]
    developer = ServiceQuote(
        service=DEVELOPER_API,
        is_used=backend == DEVELOPER_API,
        usd=usd,
        jobs=jobs,
        fills=sum(fills),
        days_low=round(days[0], 2),
        days_high=round(days[1], 2),
        breaks_first=_first([*_of_window(longest, days[0]), *_of_jobs(jobs), *others]),
    )
    platform = ServiceQuote(
        service=AGENT_PLATFORM,
        is_used=backend == AGENT_PLATFORM,
        usd=None,
        jobs=platform_jobs,
        fills=0,
        days_low=round(queued[0], 2),
        days_high=round(queued[1], 2),
        breaks_first=_first([*_of_jobs(platform_jobs), *others]),
    )
    return developer, platform


def is_worth_showing(found: Services) -> bool:
    """Say whether the work is so large that the choice of a service matters."""
    return found[0].fills > _MANY_FILLS


def better_service(found: Services) -> str | None:
    """Return why the service that is not in use would be better, in one line; None: it would not.

    The Agent Platform is, if the window takes longer at its fastest than the queue at its slowest;
    the Developer API, if the window takes all at once and may still be faster than the queue.
    """
    developer, platform = found
    if developer.is_used and developer.days_low > platform.days_high:
        span = f"{developer.days_low:,.0f} days"
        return (
            f"the window takes about {span} at its fastest; the Agent Platform has none: "
            "see docs/scaling.md"
        )
    is_small = developer.fills == 1 and developer.days_high < platform.days_high
    if platform.is_used and is_small:
        queue, window = (span_told(one.days_high * _DAY) for one in (platform, developer))
        return (
            f"the Agent Platform may take {queue}; the Developer API takes this at once, and ends it "
            f"within {window}: see docs/scaling.md"
        )
    return None


def window_limit(days: float) -> Limit:
    """Return how far the window is from being what holds a corpus up."""
    return Limit(
        "the window of enqueued tokens: over a month at an hour a fill",
        days / 30,
        "the Agent Platform, which has none; a higher tier; a window agreed with Google",
    )


def listing_limit(jobs: int) -> Limit:
    """Return how far the number of results files is from slowing each plan down."""
    return Limit(
        "the listing of results before each plan: over 100 calls of 1,000 names in a bucket",
        jobs / 100_000,
        "a higher tier: larger jobs, fewer files",
    )


def _of_window(fills: int, days: float) -> Iterator[Limit]:
    """Yield the window where it is what holds the work up, over a month or not."""
    if fills > 1:
        what = f"the window: {fills:,} fills, one after the other"
        yield Limit(what, max(1.0, window_limit(days).reached), "")


def _of_jobs(jobs: int) -> Iterator[Limit]:
    limit = listing_limit(jobs)
    if limit.reached >= 1:
        yield limit


def _first(limits: Sequence[Limit]) -> str:
    reached = [limit for limit in limits if limit.reached >= 1]
    return max(reached, key=lambda one: one.reached).what if reached else "nothing"


def _jobs(load: Load) -> int:
    by_tokens = math.ceil(load.tokens / (_JOB_SHARE * load.window))
    return max(by_tokens, math.ceil(load.texts / _MOST_TEXTS_A_JOB))


def _platform_jobs(load: Load) -> int:
    size = load.tokens * USUAL_BYTES_A_TOKEN + load.texts * USUAL_BYTES_A_LINE
    return max(math.ceil(size / AGENT_PLATFORM_BYTES), math.ceil(load.texts / AGENT_PLATFORM_ROWS))
