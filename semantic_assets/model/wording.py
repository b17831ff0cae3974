"""How work is told: numbers with their nouns, and lines of progress that may be drawn or left out."""

import math
import time
from collections.abc import Callable
from typing import Self

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_HISSING = ("s", "x", "z", "ch", "sh")
#: (name, seconds, up to how many seconds it is used).
_UNITS = (
    ("s", 1.0, 120.0),
    ("min", 60.0, 7_200.0),
    ("hour", 3_600.0, 2.1 * 86_400.0),
    ("day", 86_400.0, math.inf),
)
_A_LITTLE = 0.05
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _PART_OF_THE_TIME = 2.0, 60.0, 0.1


def counted(number: int, noun: str) -> str:
    """Return `1 dataset`, `2 datasets` or `12,000 batch jobs`: the last word of a noun is counted."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def are(number: int) -> str:
    """Return the verb of so many."""
    return "is" if number == 1 else "are"


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] in _CONSONANTS:
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(_HISSING) else "s")


def span_told(low: float, high: float | None = None) -> str:
    """Return a span of time in words, as `2 to 5 min` or `3 days`; never as nothing."""
    high = low if high is None else high
    name, unit = next((name, unit) for name, unit, most in _UNITS if high < most)
    first, last = max(1, round(low / unit)), max(1, math.ceil(high / unit - _A_LITTLE))
    name += "s" if name in ("hour", "day") and last > 1 else ""
    return f"{last:,} {name}" if first >= last else f"{first:,} to {last:,} {name}"


class ProgressLine(str):
    """`3 of 10 texts answered`, with its numbers: each takes the place of the one before."""

    done: int
    total: int

    def __new__(cls, what: str, done: int, total: int) -> Self:
        return cls.of(f"{done:,} of {total:,} {what}", done, total)

    @classmethod
    def of(cls, line: str, done: int, total: int) -> Self:
        """Return a line in words of its own."""
        made = super().__new__(cls, line)
        made.done, made.total = done, total
        return made


class DetailLine(str):
    """What only who looks for it wants to read: ids, and one line for each of many alike."""


class CalmProgress:
    """Passes lines on as a log can bear them: progress when it moved, seldom, and no details.

    The pauses grow with the time it takes, up to a minute: an hour is some seventy lines.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say, self._verbose, self._clock = say, verbose, clock
        self._began = self._said_at = clock()
        self._said: str | None = None
        self._held: str | None = None

    def __call__(self, line: str) -> None:
        if isinstance(line, ProgressLine):
            self._hold(line)
        elif self._verbose or not isinstance(line, DetailLine):
            self.flush()
            self._say(line)

    def flush(self) -> None:
        """Say the last line that was held back."""
        if self._held is not None:
            line, self._held = self._held, None
            self._said, self._said_at = line, self._clock()
            self._say(line)

    def _hold(self, line: str) -> None:
        if line == self._said:
            self._held = None
            return
        is_first = self._said is None
        self._held = line
        now = self._clock()
        pause = (now - self._began) * _PART_OF_THE_TIME
        pause = min(max(pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        if is_first or now - self._said_at >= pause:
            self.flush()


def calm(say: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """Return a callback that gets lines as `CalmProgress` passes them on, unless it takes them all."""
    if say is None or isinstance(say, CalmProgress) or getattr(say, "takes_all", False):
        return say
    return CalmProgress(say)


def flush(say: Callable[[str], None] | None) -> None:
    """Have said what `CalmProgress` holds back."""
    if isinstance(say, CalmProgress):
        say.flush()
