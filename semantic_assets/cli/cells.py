"""The only way to the terminal: every table, message and question of the commands goes through here.

A text of a document, a name of a file, a word of Google's is shown as it is: never as Rich's markup
or emoji, and with its control and format characters made visible.
"""

import shutil
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from semantic_assets.text.foreign import exact_json, scrubbed, visible, visible_lines

if TYPE_CHECKING:  # Rich is imported by the commands that draw
    from rich.table import Table
    from rich.text import Text

_PIPE_WIDTH = 140
_CLEARED = "\r\x1b[K"
#: Whether a line of progress stands where the next message goes.
_drawn: list[bool] = []


def draw(line: str) -> None:
    """Draw a line of progress over the one before, as much of it as fits the terminal."""
    from rich.cells import cell_len, set_cell_size

    shown, width = visible(line), shutil.get_terminal_size().columns - 1
    if cell_len(shown) > width:
        shown = set_cell_size(shown, width - 1) + "…"
    sys.stderr.write(_CLEARED + shown)
    sys.stderr.flush()
    _drawn[:] = [True]


def undraw() -> None:
    """Take the drawn line away: whatever is said next begins a line."""
    if _drawn:
        _drawn.clear()
        sys.stderr.write(_CLEARED)
        sys.stderr.flush()


def say(message: object, *, err: bool = False) -> None:
    """Print a message as one line."""
    undraw()
    click.echo(visible(str(message)), err=err)


def say_to_stderr(message: object) -> None:
    say(message, err=True)


def ask(question: str, *, err: bool = False) -> None:
    """Ask for consent on the terminal; end the command without it."""
    undraw()
    click.confirm(visible(question), abort=True, err=err)


def agrees(question: str) -> bool:
    """Return the answer to a question on the terminal; no unless it is yes."""
    undraw()
    return click.confirm(visible(question), default=False)


def say_json(value: Any, *, indent: int | None = None) -> None:
    """Print JSON: its strings are exact, and what a terminal would obey is escaped."""
    click.echo(exact_json(value, indent=indent))


def cell(value: object) -> "Text":
    """Return a value as Rich draws it and never reads it; a line break stays one."""
    from rich.text import Text

    return Text(visible_lines(worded(value)))


def worded(value: object) -> str:
    """Return a value in words: yes and no, and nothing for what is not there."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def styled(*pieces: tuple[str, str]) -> "Text":
    """Return pieces of text, each in a style of Rich's, as `cell` shows them."""
    from rich.text import Text

    return Text.assemble(*((visible_lines(text), style) for text, style in pieces))


def table(*columns: str, title: str | None = None, **options: Any) -> "Table":
    from rich.table import Table

    shown = None if title is None else cell(title)
    return Table(*map(_column, columns), title=shown, title_justify="left", **options)


def _column(name: str) -> Any:
    from rich.table import Column

    # A name that is cut off by dots cannot be copied.
    return Column(cell(name), overflow="fold")


def add_row(to: "Table", *values: object) -> None:
    to.add_row(*map(_cell, values))


def _cell(value: object) -> "Text":
    from rich.text import Text

    return value if isinstance(value, Text) else cell(value)


def show(*tables: "Table") -> None:
    from rich.console import Console
    from rich.text import Text

    from semantic_assets.cli.fitting import fitted

    undraw()
    # A pipe has no width: leave lines whole for grep and less.
    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    for one in tables:
        if one.title:  # it may be wider than the table
            console.print(one.title, style="italic", soft_wrap=True)
            one.title = None
        found = fitted(one, width, table)
        console.print(found, soft_wrap=isinstance(found, Text))


def print_trace(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print what nobody expected; the last line of a trace repeats texts from anywhere."""
    undraw()
    lines = "".join(traceback.format_exception(kind, error, trace))
    click.echo(visible_lines(scrubbed(lines)), err=True, nl=False)


class ForeignGroup(click.Group):
    """A group of commands whose usage errors, which repeat what was typed, are visible too."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _visible_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _visible_errors():
            return super().invoke(ctx)


@contextmanager
def _visible_errors() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        error.message = visible_lines(error.message)  # type: ignore[misc]
        raise
