"""How work is told: numbers with their nouns, and lines of progress that may be drawn or left out."""

import time
from collections.abc import Callable
from typing import Self

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_HISSING = ("s", "x", "z", "ch", "sh")
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _PART_OF_THE_TIME = 2.0, 60.0, 0.1


def counted(number: int, noun: str) -> str:
    """Return `1 dataset`, `2 datasets` or `12,000 batch jobs`: the last word of a noun is counted."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] in _CONSONANTS:
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(_HISSING) else "s")


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
