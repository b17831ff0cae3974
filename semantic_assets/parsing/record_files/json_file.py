"""A file of JSON as a whole: an array of records, one record, or records inside an object."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from semantic_assets.parsing.blocks import read_whole
from semantic_assets.parsing.encoding import decode, sniff_encoding
from semantic_assets.parsing.record_files.json_values import Doubled, NotJson, parse, parse_each
from semantic_assets.parsing.record_files.rows import has_text, missing_column, record_from_row
from semantic_assets.parsing.records import Columns, SourceRecord, Unreadable, failed_record

_JSON = "application/json"
#: Parsed objects take several times as much memory.
MAX_JSON_BYTES = 256 << 20
#: Objects around the records: {"response": {"docs": [...]}}.
_DEPTH = 3
_NAMED = 10
TWICE = "a name stands twice in it: the last keeps it, the one before is 'name (1)'"


def read_json(
    stream: BinaryIO, *, columns: Columns, compressed: bool, skip: int
) -> Iterator[SourceRecord | None]:
    """Yield the records of a file, which is held in memory."""
    data = read_whole(stream, compressed=compressed, limit=MAX_JSON_BYTES)
    if not data or data.isspace():
        raise Unreadable("file is empty")
    # UTF-8 goes to the parser as it is: decoding it first takes longer than parsing it.
    is_utf8 = sniff_encoding([data]).startswith("utf-8")
    source = data.removeprefix(codecs.BOM_UTF8) if is_utf8 else decode(data)
    yield from read_values(source, columns=columns, skip=skip, mime=_JSON)


def read_values(
    source: bytes | str, *, columns: Columns, skip: int, mime: str
) -> Iterator[SourceRecord | None]:
    """Yield the records of a JSON text: of its one value, or of each where it has several.

    Raises:
        NotJson: it does not begin with a value.
    """
    remarks: list[str] = []
    try:
        content = parse(source)
    except NotJson as refusal:
        items = _each(source, refusal)
    else:
        items = _items(content, columns, remarks)
    for number, (where, item) in enumerate(items, 1):
        if number <= skip:
            yield None
            continue
        said = [*remarks, TWICE] if isinstance(item, Doubled) else remarks
        yield value_record(
            item, where, columns, mime, said if number == 1 else said[len(remarks) :]
        )


def value_record(
    item: Any,
    where: str,
    columns: Columns,
    mime: str,
    remarks: Sequence[str] = (),
    *,
    size: int = 0,
    signature: str | None = None,
) -> SourceRecord:
    """Return the record of a value: of an object, or of a string, which is a text."""
    try:
        if isinstance(item, Unreadable):
            raise item
        if isinstance(item, str):
            item, columns = {"text": item}, Columns()
        if not isinstance(item, dict):
            raise Unreadable(f"not an object but {type(item).__name__}")
        return record_from_row(
            item, columns=columns, mime=mime, size=size, signature=signature, remarks=remarks
        )
    except Unreadable as error:
        return failed_record(reason=f"{where}{error}", mime=mime, size=size)


_Items = Iterator[tuple[str, Any]]


def _items(content: Any, columns: Columns, remarks: list[str]) -> _Items:
    if isinstance(content, list):
        return ((f"element {number}: ", item) for number, item in enumerate(content, 1))
    if not isinstance(content, dict) or has_text(content, columns.text):
        return iter([("", content)])
    if by_id := _records(content, columns):
        return (("", item) for item in by_id)
    found = _inside(content, columns, _DEPTH)
    if not found:
        _refuse_elements(content, columns)
        return iter([("", content)])
    read = {name.partition(".")[0] for name in found}
    beside = [str(name)[:50] for name in content if name not in read]
    if beside:
        remarks.append(
            f"its records are in {', '.join(found)}; not kept is what is beside: "
            f"{', '.join(beside[:_NAMED])}"
        )
    return (
        (f"{name}, element {number}: ", item)
        for name, items in found.items()
        for number, item in enumerate(items, 1)
    )


def _inside(content: Mapping[str, Any], columns: Columns, depth: int) -> dict[str, list[Any]]:
    """Return the lists of records in an object by their dotted names, the outermost ones."""
    found = {name: items for name, value in content.items() if (items := _records(value, columns))}
    if found or not depth:
        return found
    for name, value in content.items():
        if isinstance(value, dict):
            inner = _inside(value, columns, depth - 1)
            found |= {f"{name}.{within}": items for within, items in inner.items()}
    return found


def _records(value: Any, columns: Columns) -> list[Any]:
    """Return a list that holds records, or the records of an object under their ids."""
    if isinstance(value, list) and any(_is_record(item, columns) for item in value):
        return value
    if (
        isinstance(value, dict)
        and value
        and all(_is_record(one, columns) for one in value.values())
    ):
        return [{columns.record_id: name} | one for name, one in value.items()]
    return []


def _is_record(item: Any, columns: Columns) -> bool:
    return isinstance(item, dict) and has_text(item, columns.text)


def _refuse_elements(content: Mapping[str, Any], columns: Columns) -> None:
    """Raise Unreadable for lists of objects without the text column: their columns, not its own."""
    lists = [value for value in content.values() if isinstance(value, list)]
    rows = [item for value in lists for item in value[:100] if isinstance(item, dict)]
    if rows:
        raise missing_column(
            columns.text, list(dict.fromkeys(n for row in rows for n in row)), rows
        )


def _each(source: bytes | str, refusal: Unreadable) -> _Items:
    """Return the values of a text of several; raise the refusal if it does not begin with one."""
    values = parse_each(source)
    line, first = next(values, (0, refusal))
    if isinstance(first, Unreadable):
        raise refusal
    return _flat([(line, first)], values)


def _flat(first: list[tuple[int, Any]], values: Iterator[tuple[int, Any]]) -> _Items:
    for group in (first, values):
        for line, value in group:
            for item in value if isinstance(value, list) else [value]:
                yield f"line {line}: ", item
