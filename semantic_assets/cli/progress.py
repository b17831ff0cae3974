"""What a command shows while it works, on standard error so that pipes stay clean; how it is stopped.

On a terminal one line is drawn over and over; elsewhere lines come seldom.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from semantic_assets.cli.cells import draw, say, undraw
from semantic_assets.model.wording import CalmProgress, DetailLine, ProgressLine

#: As shells report a process that a signal ended.
_BY_SIGNAL = 128


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar that the block advances by counts; show nothing without a terminal."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


class LiveLine:
    """Draws progress as one line, below what is said meanwhile."""

    #: It takes every line: what is drawn over need not be rare.
    takes_all = True

    def __init__(self, *, to_stderr: bool, verbose: bool) -> None:
        self._to_stderr, self._verbose = to_stderr, verbose
        self._last: str | None = None

    def __call__(self, line: str) -> None:
        if isinstance(line, ProgressLine):
            self._last = line
        elif self._verbose or not isinstance(line, DetailLine):
            say(line, err=self._to_stderr)
        if self._last is not None:
            draw(self._last)

    def flush(self) -> None:
        """Take the line away."""
        undraw()


@contextmanager
def progress_reporter(*, to_stderr: bool, verbose: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a progress callback; ids and one line for each of many alike only if `verbose`."""
    if sys.stderr.isatty():
        told: LiveLine | CalmProgress = LiveLine(to_stderr=to_stderr, verbose=verbose)
    else:
        told = CalmProgress(lambda line: say(line, err=to_stderr), verbose=verbose)
    try:
        yield told
    finally:
        told.flush()


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM, with its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def working(
    root: str | None, goes_on: str, *, to_stderr: bool, verbose: bool = False
) -> Iterator[Callable[[str], None]]:
    """Yield the progress callback of a command that sends or waits; it can be stopped.

    Stopped, the command says what is out, and that `goes_on` goes on with it; a second Ctrl-C or
    SIGTERM ends it at once.
    """
    with _stoppable():
        try:
            with progress_reporter(to_stderr=to_stderr, verbose=verbose) as told:
                yield told
        except KeyboardInterrupt as stop:
            number = stop.number if isinstance(stop, Stopped) else int(signal.SIGINT)
            say(f"stopped: {_left_behind(root, goes_on)}", err=True)
            sys.exit(_BY_SIGNAL + number)


@contextmanager
def _stoppable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def stop(number: int, _frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_DFL)
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _left_behind(root: str | None, goes_on: str) -> str:
    from semantic_assets.errors import SemanticAssetsError
    from semantic_assets.pipeline.reports.left_behind import left_behind
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    if root is not None:
        goes_on += f" --root {root}"
    try:
        with open_store(Settings.load(root=root), reading=True) as store:
            return left_behind(store, goes_on)
    except SemanticAssetsError:
        return f"nothing is lost: `semantic-assets {goes_on}` goes on from here"
