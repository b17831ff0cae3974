"""What all readers of marked text write: fences, tables, titles, and prose that is no heading."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument

_MAX_TITLE_CHARS = 300
_FENCE = re.compile(r"`{3,}")
_HASHES = re.compile(r"#{1,6}[ \t]")
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


def document(
    text: str,
    *,
    named: str | None,
    heading: str | None,
    metadata: Mapping[str, str] | None = None,
    included: Sequence[str] = (),
) -> ReadDocument:
    """Return a document, by its own title or else by its first heading, which may be far down."""
    text = normal_text("\n".join(_tidy(text)))
    if included and not text:
        raise Unreadable(f"it only includes other files ({_names(included)}), which are read alone")
    return ReadDocument(
        text,
        title_of(named) or title_of(heading),
        dict(metadata or {}),
        remark=_remark(included),
        is_title_shown_only=not named and not text.startswith("#"),
    )


def _tidy(text: str) -> Iterator[str]:
    """Yield lines with at most one blank line between two, but in fences as they are."""
    fence = previous = ""
    for line in text.split("\n"):
        bare = line.rstrip()
        if mark := _FENCE.match(line):
            fence = "" if bare == fence else fence or mark[0]
        if bare or previous or fence:
            yield line if fence else bare
        previous = bare


def _remark(included: Sequence[str]) -> str | None:
    if not included:
        return None
    return f"files it includes are no part of it ({_names(included)}): keep them in the dataset too"


def _names(included: Sequence[str]) -> str:
    return ", ".join(one_line(name)[:100] for name in included[:3]) + " ..." * (len(included) > 3)


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Return lines of code in a fence that is longer than any in them."""
    ticks = max((len(run) for line in lines for run in _FENCE.findall(line)), default=2)
    fence = "`" * max(3, ticks + 1)
    named = language if _LANGUAGE.fullmatch(language) else ""
    return ["", fence + named, *without_blank_ends(lines), fence, ""]


def without_blank_ends(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines without those before the first and behind the last that hold something."""
    held = [number for number, line in enumerate(lines) if line.strip()]
    return lines[held[0] : held[-1] + 1] if held else []


def dedented(lines: Sequence[str]) -> list[str]:
    """Return the lines without the indentation that all of them have."""
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    width = min(widths, default=0)
    return [line[width:] for line in lines]


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as a Markdown table whose first row is its head."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    width = max(map(len, cells), default=0)
    if not width:
        return []
    lines = [_row(row + [""] * (width - len(row))) for row in cells]
    return ["", lines[0], _row(["---"] * width), *lines[1:], ""]


def heading(level: int, text: str) -> list[str]:
    """Return a heading of a level, 6 at the most; none for an empty text."""
    name = one_line(text)
    return ["", f"{'#' * min(level, 6)} {name}", ""] if name else []


def one_line(text: str) -> str:
    """Return a text on one line, as a title or a heading is."""
    return _SPACES.sub(" ", text).strip()


def title_of(text: str | None) -> str | None:
    """Return a text as the title of a document; None if there is none."""
    return one_line(text or "")[:_MAX_TITLE_CHARS].strip() or None


def prose(line: str) -> str:
    """Return a line of prose, escaped if Markdown would take it for a heading or a fence."""
    if line.startswith("#") and _HASHES.match(line):
        return "\\" + line
    return "\\" + line if line.startswith(("```", "~~~")) else line


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: str) -> str:
    return one_line(cell).replace("|", "\\|")
