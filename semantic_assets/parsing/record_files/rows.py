"""A row of a record file as a record: which columns are its id, title, text and metadata."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.record_files.paths import MISSING, root_of, value_of, without
from semantic_assets.parsing.record_files.proposal import likely_text
from semantic_assets.parsing.record_files.values import Number, optional_text, whole_text
from semantic_assets.parsing.records import (
    MAX_TEXT_BYTES,
    Columns,
    SourceRecord,
    Unreadable,
    encoded_size,
    failed_record,
    normal_text,
    one_reason,
)

_PLACEHOLDER = re.compile(r"\{([^{}]{1,200})\}")
_NAMED_COLUMNS = 20


def record_from_row(
    row: Mapping[str, Any],
    *,
    columns: Columns,
    mime: str,
    size: int = 0,
    signature: str | None = None,
    remarks: Sequence[str] = (),
) -> SourceRecord:
    """Return the record of one row; `size` counts only if the row has no text.

    A row whose text is empty has its title as its text. `remarks` are what its reader has to say.

    Raises:
        Unreadable: the row as a whole is no record.
    """
    said = [*remarks]
    record_id = optional_text(_value(row, columns.record_id), columns.record_id, said)
    title = optional_text(_value(row, columns.title), columns.title, said)
    text = _text(row, columns, said)
    is_shown_only = title is not None and (not text or columns.title in text_columns(columns.text))
    if not text:
        reason = f"record has no text in column '{_shown(columns.text)}'"
        if title is None:
            return failed_record(
                reason="; ".join([reason, *said]), mime=mime, size=size, record_id=record_id
            )
        said.append(f"{reason}: its title is its text")
        text = title
    size = encoded_size(text)
    if size > MAX_TEXT_BYTES:
        raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
    metadata = _metadata(row, columns, said)
    return SourceRecord(
        record_id=record_id,
        title=title,
        text=text,
        mime=mime,
        bytes=size,
        metadata=metadata,
        pages=(),
        parse_status=ParseStatus.OK,
        parse_error=one_reason(said),
        is_title_shown_only=is_shown_only,
        signature=signature,
    )


@lru_cache
def text_columns(text: str) -> tuple[str, ...]:
    """Return the columns a text is made of: those in braces in a template, or the one named."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text))) or (text,)


def has_text(row: Mapping[str, Any], text: str) -> bool:
    """Return whether a row has a column of the text, empty or not."""
    return any(value_of(row, name) is not MISSING for name in text_columns(text))


def missing_column(
    text: str, present: Sequence[str], rows: Sequence[Mapping[str, Any]] = ()
) -> Unreadable:
    """Return the error of records without the text column; it names those that they have."""
    names = ", ".join(column[:50] for column in present[:_NAMED_COLUMNS]) or "none"
    more = len(present) - _NAMED_COLUMNS
    likely = likely_text(rows)
    remedy = f'text = "{likely[:100]}"' if likely else 'text = "..."'
    return Unreadable(
        f"record has no column '{_shown(text)}', it has: {names}"
        f"{f' and {more} more' * (more > 0)};"
        f" name the text column in dataset.toml: [columns] {remedy}"
    )


def _shown(text: str) -> str:
    return " ".join(text.split())


def _value(row: Mapping[str, Any], name: str) -> Any:
    value = value_of(row, name)
    return None if value is MISSING else value


def _text(row: Mapping[str, Any], columns: Columns, said: list[str]) -> str:
    names = text_columns(columns.text)
    if not has_text(row, columns.text):
        named = (columns.record_id, columns.title)
        rest = {name: value for name, value in row.items() if name not in named}
        if _value(row, columns.title) and likely_text([rest]) is None:
            return ""
        raise missing_column(columns.text, [str(name) for name in row], [row])
    if names == (columns.text,):
        return normal_text(_text_of(_value(row, columns.text), columns.text, said))
    filled = {name: _filling(_value(row, name), name, said) for name in names}
    paragraphs = [
        _PLACEHOLDER.sub(lambda found: filled[found[1]], paragraph)
        for paragraph in columns.text.split("\n\n")
        if any(filled[name] for name in _PLACEHOLDER.findall(paragraph))
    ]
    return normal_text("\n\n".join(paragraphs))


def _filling(value: Any, name: str, said: list[str]) -> str:
    if isinstance(value, (str, list, bytes)):
        return _text_of(value, name, said).strip()
    return optional_text(value, name, said) or ""


def _text_of(value: Any, name: str, said: list[str]) -> str:
    """Return the text in a column; the strings of a list are its paragraphs."""
    if value is None:
        return ""
    if isinstance(value, bytes):  # some Parquet writers leave text columns unannotated
        value = value.decode(errors="surrogateescape")
    if isinstance(value, list):
        return "\n\n".join(filter(None, (_text_of(item, name, said) for item in value)))
    if isinstance(value, Number) or not isinstance(value, str):
        kind = "a number" if isinstance(value, Number) else type(value).__name__
        raise Unreadable(f"column '{name}' holds {kind}, not text")
    try:
        return whole_text(value, name, said)
    except Unreadable as error:
        raise Unreadable(f"column '{name}': {error}") from error


def _metadata(row: Mapping[str, Any], columns: Columns, said: list[str]) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for name, value in _kept(row, columns).items():
        if (text := optional_text(value, name, said)) is not None:
            metadata[whole_text(name, "names of columns", said)] = text
    return metadata


def _kept(row: Mapping[str, Any], columns: Columns) -> Mapping[str, Any]:
    named, nested = _named(columns)
    if columns.metadata is not None:
        return {name: _value(row, name) for name in columns.metadata if name not in named}
    kept = {name: value for name, value in row.items() if name not in named}
    for name in nested:
        root = root_of(row, name)
        if root != name and root in kept:  # what is beside a nested column is metadata
            kept[root] = without(kept[root], name.removeprefix(f"{root}."))
    return kept


@lru_cache
def _named(columns: Columns) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the columns that are not metadata, and those of them that may lead into objects."""
    named = (columns.record_id, columns.title, *text_columns(columns.text))
    return frozenset(named), tuple(name for name in named if "." in name)
