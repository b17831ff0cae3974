"""Propose the columns of records from the first rows of their files."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from semantic_assets.parsing.formats import suffix_of
from semantic_assets.parsing.record_files.proposal import propose_columns
from semantic_assets.parsing.records import Columns, Unreadable
from semantic_assets.parsing.source_file import open_source, within_root
from semantic_assets.pipeline.additions.plan import Found

#: What is looked at of a file. More would be for a reader, which runs in a process of its own.
_HEAD_BYTES, _ROWS = 1 << 20, 100
#: A head of so many characters may be cut.
_HEAD_CHARS = _HEAD_BYTES // 4
_BETWEEN = tuple(" \t\r\n,")
#: Files with columns of their own that a dataset.toml is written for; more need a person's globs.
_FILES, _HEAD_LINES = 50, 2
_IN_GLOBS = re.compile(r"[*?\[\]]")
#: Where one JSON value holds the rows, at most so deep.
_DEPTH = 3


def proposals(found: Sequence[Found]) -> dict[str, Columns]:
    """Map the names of record files to their likely columns, the largest file first."""
    likely = {}
    for one in sorted(found, key=lambda one: (-one.bytes, one.name)):
        if rows := list(islice(_rows(one), _ROWS)):
            likely[str(one.name)] = propose_columns(rows)
    return likely


def dataset_file(likely: Mapping[str, Columns]) -> str | None:
    """Return a dataset.toml that names these columns; None where all have the default names."""
    if not likely:
        return None
    base = Counter(likely.values()).most_common(1)[0][0]
    lines = ["# Proposed from the first rows.", "[columns]", *_named(base, Columns())]
    for name, columns in islice(likely.items(), _FILES):
        if columns != base and not _IN_GLOBS.search(name):
            lines += ["", "[[columns.files]]", f"glob = {_quoted(name)}", *_named(columns, base)]
    return "\n".join([*lines, ""]) if len(lines) > _HEAD_LINES else None


def _named(columns: Columns, base: Columns) -> list[str]:
    """List the keys of columns that differ from the base."""
    return [
        f"{key} = {_quoted(getattr(columns, name))}"
        for key, name in {"id": "record_id", "title": "title", "text": "text"}.items()
        if getattr(columns, name) != getattr(base, name)
    ]


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _rows(one: Found) -> Iterator[Mapping[str, Any]]:
    """Yield the first rows of a file of CSV or JSON; none where they cannot be told."""
    suffix = suffix_of(one.name.name)
    if suffix not in (".csv", ".tsv", ".json", ".jsonl", ".ndjson"):
        return
    try:
        with open_source(within_root(one.root, one.path)) as file:
            head = file.read(_HEAD_BYTES).decode("utf-8-sig", errors="ignore")  # the end is cut
    except (OSError, Unreadable):
        return
    if suffix in (".csv", ".tsv"):
        yield from _csv_rows(head)
    elif suffix == ".json":
        yield from _within(_parsed(head)) if len(head) < _HEAD_CHARS else _first_of(head)
    else:
        for line in head.split("\n"):
            if isinstance(row := _parsed(line), dict):
                yield row


def _csv_rows(head: str) -> Iterator[Mapping[str, Any]]:
    try:
        dialect: Any = csv.Sniffer().sniff(head[:10_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        for row in islice(csv.DictReader(head.splitlines(keepends=True), dialect=dialect), _ROWS):
            yield {str(name): value for name, value in row.items() if isinstance(value, str)}
    except csv.Error:
        return


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _first_of(head: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of the first array in the beginning of a JSON text."""
    place, decoder = head.find("[") + 1, json.JSONDecoder()
    try:
        while place:
            while head[place : place + 1] in _BETWEEN:
                place += 1
            row, place = decoder.raw_decode(head, place)
            if isinstance(row, dict):
                yield row
    except (ValueError, RecursionError):
        return


def _within(value: Any, depth: int = _DEPTH) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a JSON value: an array of objects, or one inside an object."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))
    elif isinstance(value, dict) and depth:
        lists = [one for one in value.values() if isinstance(one, list | dict)]
        yield from _within(max(lists, key=len, default=None), depth - 1)
