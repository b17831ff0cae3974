"""The rows of indexes that a filter lets through, found once for each version and filter."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import reduce

import numpy as np

from semantic_assets.errors import ConfigError
from semantic_assets.index.filtering.comparing import Mask, Type, rows_with
from semantic_assets.index.filtering.field_columns import FieldColumns
from semantic_assets.index.filtering.field_pieces import FieldPiece
from semantic_assets.index.opened_version import Index
from semantic_assets.index.ranking import Numbers
from semantic_assets.model.filter_forms import require_comparable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.search_filter import (
    DATE_FIELDS,
    FIELDS,
    METADATA,
    NUMBER_FIELDS,
    Condition,
    Filter,
)

#: Keys of metadata that an error names.
_NAMED = 8


def allowed_rows(index: Index, dataset: DatasetKey, filter: Filter) -> Numbers | None:
    """Return the rows of an index that a filter lets through, ascending; None: all of them.

    Raises:
        ConfigError: no document has the field of a condition, or it cannot be compared so.
        NotFound: an earlier release built the index, without what the filter asks for.
    """
    return allowed_in_each([(dataset, index)], filter)[0]


def allowed_in_each(
    indexes: Sequence[tuple[DatasetKey, Index]], filter: Filter
) -> list[Numbers | None]:
    """Return what `allowed_rows` does for indexes that are searched together.

    A key of metadata has one type over all of them, and one of them must have it.

    Raises:
        ConfigError, NotFound: as `allowed_rows`.
    """
    if not filter:
        return [None for _ in indexes]
    columns = [FieldColumns(dataset, index) for dataset, index in indexes]
    types = tuple(_type(one, columns) for one in filter.conditions)
    for condition, type_ in zip(filter.conditions, types, strict=True):
        require_comparable(condition, type_)
    return [_allowed(one, filter, types) for one in columns]


def _allowed(columns: FieldColumns, filter: Filter, types: tuple[Type, ...]) -> Numbers | None:
    cache, key = columns.index.filtered, (filter, types)
    with cache.lock:
        held = cache.results.get(key)
        if held is not None:
            return held
        masks = [
            _rows(columns, condition, type_)
            for condition, type_ in zip(filter.conditions, types, strict=True)
        ]
        return cache.keep_result(key, np.flatnonzero(reduce(np.logical_and, masks)))


def _rows(columns: FieldColumns, condition: Condition, type_: Type) -> Mask:
    """Say for each row of an index whether a condition holds."""
    if condition.field in ("dataset", "project"):
        return _of_all(columns, condition)
    if condition.key is not None:
        return _joined(columns.key(condition.key), condition, type_)
    found = _joined(columns.field(condition.field), condition, type_)
    if condition.field != "kind":
        return found
    # The name of the format or the file's own ending: `md` and `markdown` both find a.markdown.
    ending = _joined(columns.field("ending"), condition, type_)
    return found & ending if condition.operator == "!=" else found | ending


def _of_all(columns: FieldColumns, condition: Condition) -> Mask:
    """Compare what all rows of an index share."""
    dataset = columns.dataset
    names = [dataset.project] if condition.field == "project" else [str(dataset), dataset.dataset]
    whole = FieldPiece.of_texts(names)
    found = rows_with(whole, condition, "text")
    holds = found.all() if condition.operator == "!=" else found.any()
    return np.full(len(columns.index), bool(holds))


def _joined(pieces: Sequence[FieldPiece], condition: Condition, type_: Type) -> Mask:
    none = np.zeros(0, np.bool_)
    return np.concatenate([none, *(rows_with(one, condition, type_) for one in pieces)])


def _type(condition: Condition, columns: Sequence[FieldColumns]) -> Type:
    """Return the type of a condition's field in these indexes.

    Raises:
        ConfigError: no document has it.
    """
    if condition.key is None:
        if condition.field in NUMBER_FIELDS:
            return "number"
        return "date" if condition.field in DATE_FIELDS else "text"
    holders = [one for one in columns if condition.key in one.metadata_keys()]
    if not holders:
        raise ConfigError(
            _unknown(condition, {key for one in columns for key in one.metadata_keys()})
        )
    pieces = [piece for one in holders for piece in one.key(condition.key)]
    if all(piece.are_numbers for piece in pieces):
        return "number"
    return "date" if all(piece.are_dates for piece in pieces) else "text"


def _unknown(condition: Condition, keys: set[str]) -> str:
    key = condition.key or ""
    known = {one.casefold(): one for one in sorted({*FIELDS, *keys})}
    near = [known[one] for one in get_close_matches(key.casefold(), known, 3)]
    named = [f"{METADATA}{one}" if one in FIELDS else one for one in sorted(keys)[:_NAMED]]
    fields = f"known are {', '.join([*FIELDS, *named])}{', ...' if len(keys) > _NAMED else ''}"
    remedy = f"did you mean {' or '.join(near)}?" if near else fields
    return f"'{condition}': no document here has a field {key!r}: {remedy}"
