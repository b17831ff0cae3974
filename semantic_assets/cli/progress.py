"""Progress bars: on a terminal only, on standard error, so that pipes stay clean."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from semantic_assets.cli.cells import cell, say
from semantic_assets.model.telling import ProgressLine
from semantic_assets.text.foreign import visible


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


@contextmanager
def progress_reporter(*, to_stderr: bool) -> Iterator[Callable[[str], None]]:
    """Yield a progress callback: it prints lines and, on a terminal, a bar of counts below them."""
    if not sys.stderr.isatty():
        yield lambda line: say(line, err=to_stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)

    def progress(line: str) -> None:
        if isinstance(line, ProgressLine):
            bar.start()  # not before: the quote may have to be consented to on this terminal
            bar.update(task, description=visible(line), completed=line.done, total=line.total)
        else:
            bar.console.print(cell(visible(line)), soft_wrap=True)

    try:
        yield progress
    finally:
        bar.stop()
