"""Jupyter notebooks: Markdown cells as they are, code in fences, and what the code has written.

Each cell is a page, so that a hit tells its number. Pictures among the outputs are left out.
"""

import re
from collections.abc import Iterator
from typing import Any

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup.marked import fenced
from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument, also_said, first_heading

_MAX_CELL_OUTPUT = 4_000
_ESCAPES = re.compile(r"\x1b\[[0-9;]{0,40}[A-Za-z]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")


def read_notebook(data: bytes) -> ReadDocument:
    """Return the text of a notebook of format 3 or 4, with the offset of each cell."""
    # Imported late: a corpus without notebooks and records should not pay for it.
    import orjson

    source, remark = decode(data)
    try:
        notebook = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not valid JSON, so no notebook: {error}; save it again") from error
    cells = _cells(notebook)
    language = _language(notebook)
    cut: list[int] = []
    texts = [_cell_text(cell, language, number, cut) for number, cell in enumerate(cells, 1)]
    text, pages = _joined(texts)
    title = _text(_mapping(_mapping(notebook).get("metadata")).get("title")).strip()
    found = ReadDocument(
        text,
        title or first_heading(text),
        None,
        pages,
        _remark(cut),
        is_title_shown_only=not title and not text.startswith("#"),
    )
    return also_said(found, remark)


def _remark(cut: list[int]) -> str | None:
    if not cut:
        return None
    named = ", ".join(map(str, cut[:5])) + (" ..." if len(cut) > 5 else "")
    size = f"{_MAX_CELL_OUTPUT:,} characters"
    return f"outputs over {size} are cut off (cells {named}): save what matters of them as a file"


def _cells(notebook: Any) -> list[Any]:
    sheets = _mapping(notebook).get("worksheets")
    found = _mapping(notebook).get("cells")
    if isinstance(sheets, list) and not isinstance(found, list):
        found = [cell for sheet in sheets for cell in _listed(_mapping(sheet).get("cells"))]
    if not isinstance(found, list):
        raise Unreadable("it has no cells, so it is no notebook: save it again in Jupyter")
    return found


def _language(notebook: Any) -> str:
    metadata = _mapping(_mapping(notebook).get("metadata"))
    return (
        _text(_mapping(metadata.get("language_info")).get("name"))
        or _text(_mapping(metadata.get("kernelspec")).get("language"))
        or "python"
    )


def _cell_text(cell: Any, language: str, number: int, cut: list[int]) -> str:
    cell = _mapping(cell)
    kind = cell.get("cell_type")
    source = _clean(_text(cell.get("source", cell.get("input"))))
    if kind == "heading":
        level = cell.get("level")
        return f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {source}"
    if kind != "code":
        return normal_text(source)
    blocks = [fenced(source.split("\n"), language)] if source.strip() else []
    output = "\n".join(filter(None, map(_output, _listed(cell.get("outputs"))))).strip()
    if len(output) > _MAX_CELL_OUTPUT:
        cut.append(number)
        output = output[:_MAX_CELL_OUTPUT].rpartition("\n")[0] or output[:_MAX_CELL_OUTPUT]
    blocks += [fenced(output.split("\n"))] if output else []
    return "\n\n".join("\n".join(block).strip("\n") for block in blocks)


def _output(output: Any) -> str:
    """Return the text of an output: what was printed, a value shown as text, or an error."""
    output = _mapping(output)
    if output.get("output_type") in ("error", "pyerr"):
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    data = _mapping(output.get("data"))
    shown = output.get("text") or data.get("text/markdown") or data.get("text/plain")
    return _clean(_text(shown)).strip("\n")


def _clean(text: str) -> str:
    """Return a text without colours of a terminal and without the control characters of bars."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:  # a bar is drawn over and over in one line: its last state stays
        lines = text.replace("\r\n", "\n").split("\n")
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    return _CONTROLS.sub("", text)


def _joined(texts: list[str]) -> tuple[str, tuple[int, ...]]:
    """Return the whole text and where each cell begins; an empty one where the next does."""
    offsets: list[int] = []
    position = 0
    for text in texts:
        offsets.append(position)
        position += len(text) + 2 if text else 0
    whole = "\n\n".join(filter(None, texts))
    return whole, tuple(min(offset, len(whole)) for offset in offsets)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(_strings(value))
    return value if isinstance(value, str) else ""


def _strings(values: list[Any]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
