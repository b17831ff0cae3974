"""Conditions compared with the values of a field."""

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.index.filtering.field_pieces import FieldPiece
from semantic_assets.model.filter_values import days_of, number_of
from semantic_assets.model.search_filter import PATTERN_FIELDS, Condition

Mask = npt.NDArray[np.bool_]
Type = Literal["text", "number", "date"]
_WILDCARDS = re.compile(r"\*\*/|\*\*|\*|\?")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def rows_with(piece: FieldPiece, condition: Condition, type_: Type) -> Mask:
    """Say for each row of a piece whether the condition holds; without a value none does."""
    found: Mask = np.append(_values_with(piece, condition, type_), False)[piece.codes]
    return found


def _values_with(piece: FieldPiece, condition: Condition, type_: Type) -> Mask:
    compare = {"text": _text, "number": _number, "date": _date}[type_]
    found = np.zeros(len(piece.values), np.bool_)
    for value in condition.values:
        found |= compare(piece, condition, value)
    return ~found if condition.operator == "!=" else found


def _text(piece: FieldPiece, condition: Condition, value: str) -> Mask:
    wanted = value.casefold()
    if condition.operator == "~":
        found = pc.match_substring(piece.folded, wanted)
    elif condition.field in PATTERN_FIELDS and _WILDCARDS.search(wanted):
        pattern = _regex(wanted, within="." if condition.field == "title" else "[^/]")
        found = pc.match_substring_regex(piece.folded, pattern)
    else:
        found = pc.equal(piece.folded, pa.scalar(wanted, pa.string()))
    mask: Mask = found.to_numpy(zero_copy_only=False)
    return mask


def _regex(pattern: str, *, within: str) -> str:
    """Return the regular expression of a glob; `**` crosses folders."""
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": f"{within}*", "?": within}
    parts, at = [], 0
    for found in _WILDCARDS.finditer(pattern):
        parts += [re.escape(pattern[at : found.start()]), wild[found[0]]]
        at = found.end()
    return f"(?s)^{''.join(parts)}{re.escape(pattern[at:])}$"


def _number(piece: FieldPiece, condition: Condition, value: str) -> Mask:
    wanted = number_of(value, repr(str(condition)))
    found: Mask = _OPERATORS.get(condition.operator, np.equal)(piece.numbers, wanted)
    return found


def _date(piece: FieldPiece, condition: Condition, value: str) -> Mask:
    first, last = days_of(value, repr(str(condition)))
    found: Mask
    if condition.operator in ("=", "!="):
        found = (piece.days >= first) & (piece.days <= last)
    else:
        # Before a month is before its first day, and after it is after its last.
        edge = first if condition.operator in ("<", ">=") else last
        found = _OPERATORS[condition.operator](piece.days, edge)
    return found
