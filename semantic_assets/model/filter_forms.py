"""The forms in which people and programs write a filter: a line of text, and JSON."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from semantic_assets.errors import ConfigError
from semantic_assets.model.filter_values import days_of, number_of
from semantic_assets.model.search_filter import (
    DATE_FIELDS,
    FIELDS,
    METADATA,
    NUMBER_FIELDS,
    OPERATORS,
    TEXT_FIELDS,
    Condition,
    Filter,
)

#: What may be written for a filter: conditions as text, or fields with values.
Where = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None

_TEXT = re.compile(r"([^=!<>~:]+)([=!<>~:]+)(.*)", re.DOTALL)
_BAR = re.compile(r"(?<!\\)\|")
#: A longer one is no word or pattern that somebody wrote.
_MAX_VALUE = 1_000
#: Of a condition that cannot be meant.
_SHOWN = 200
_EXAMPLE = "write it as 'kind=pdf|md', 'year>=2020' or 'title~pump'"


def parse_filter(where: Where) -> Filter:
    """Return the filter that was written, in either form; None and nothing written: no condition.

    Raises:
        ConfigError: a condition is not valid; the message names it and what to write.
    """
    if where is None:
        return Filter()
    given = [where] if isinstance(where, (str, Mapping)) else where
    if not isinstance(given, Sequence):
        raise ConfigError(f"a filter is text or fields with values, not {where!r}: {_EXAMPLE}")
    return Filter(tuple(condition for one in given for condition in _conditions(one)))


def filter_json(where: Filter) -> dict[str, Any] | list[dict[str, Any]]:
    """Return a filter in its JSON form, which `parse_filter` reads."""
    written: list[dict[str, Any]] = []
    for one in where.conditions:
        # An object holds a field once, and an operator of it once.
        is_next = written and (
            one.field not in written[-1]
            or (
                next(reversed(written[-1])) == one.field
                and one.operator not in written[-1][one.field]
            )
        )
        if not is_next:
            written.append({})
        values = list(one.values) if len(one.values) > 1 else one.values[0]
        written[-1].setdefault(one.field, {})[one.operator] = values
    return written[0] if len(written) == 1 else written


def parse_condition(text: str) -> Condition:
    r"""Parse `FIELD OPERATOR VALUE`; several values are parted by `|`, and `\|` is a bar itself.

    Raises:
        ConfigError: it is no condition, or not a valid one.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text[:_SHOWN]!r} is no condition: {_EXAMPLE}")
    field, operator, rest = found.groups()
    values = [value.replace("\\|", "|") for value in _BAR.split(rest)]
    return _checked(field, operator, values)


def _conditions(written: object) -> list[Condition]:
    if isinstance(written, str):
        return [parse_condition(written)]
    if not isinstance(written, Mapping):
        raise ConfigError(
            f"a condition is text or a field with values, not {written!r}: {_EXAMPLE}"
        )
    found = []
    for field, values in written.items():
        if isinstance(values, Mapping):
            if not values:
                raise ConfigError(f"the condition on {field!r} says nothing: give it a value")
            found += [_of_json(field, operator, value) for operator, value in values.items()]
        else:
            found.append(_of_json(field, "=", values))
    return found


def _of_json(field: object, operator: object, values: object) -> Condition:
    several = list(values) if isinstance(values, (list, tuple)) else [values]
    texts = []
    for value in several:
        if not isinstance(value, (str, int, float)):
            raise ConfigError(
                f"the condition on {field!r} has the value {value!r}: give a text or a number"
            )
        texts.append(str(value).lower() if isinstance(value, bool) else str(value))
    return _checked(str(field), str(operator), texts)


def _checked(field: str, operator: str, values: Sequence[str]) -> Condition:
    name = unicodedata.normalize("NFC", field.strip())
    known = next((one for one in OPERATORS if one == operator), None)
    shown = f"{name}{operator}{'|'.join(values)}"[:_SHOWN]
    if known is None:
        raise ConfigError(
            f"{shown!r}: there is no operator {operator!r}: use {' '.join(OPERATORS)}"
        )
    if not name or name == METADATA:
        raise ConfigError(f"{shown!r} names no field: use one of {', '.join(FIELDS)}, or a key")
    cleaned = tuple(unicodedata.normalize("NFC", value.strip()) for value in values)
    if not cleaned or not all(cleaned):
        what = "an empty value" if cleaned else "no value"
        raise ConfigError(f"{shown!r} has {what}: write one behind {operator!r}")
    if (longest := max(map(len, cleaned))) > _MAX_VALUE:
        raise ConfigError(
            f"the condition on {name[:_SHOWN]!r} has a value of {longest} characters: "
            f"write at most {_MAX_VALUE}"
        )
    if len(cleaned) > 1 and known in ("<", "<=", ">", ">="):
        raise ConfigError(f"{shown!r}: {operator!r} compares with one value: write one")
    condition = Condition(name, known, cleaned)
    _require_type(condition)
    return condition


def _require_type(condition: Condition) -> None:
    """Check a condition on a field whose type is the same in every index."""
    if condition.field in TEXT_FIELDS:
        require_comparable(condition, "text")
    elif condition.field in NUMBER_FIELDS:
        require_comparable(condition, "number")
    elif condition.field in DATE_FIELDS:
        require_comparable(condition, "date")


def require_comparable(condition: Condition, type_: str) -> None:
    """Check that a field of this type (text, number or date) may be compared so.

    Raises:
        ConfigError: it may not, as text has no `<`, and a number contains nothing.
    """
    what = repr(str(condition))
    if type_ == "text":
        if condition.operator not in ("=", "!=", "~"):
            raise ConfigError(
                f"{what}: {condition.field} is text, which is not compared by "
                f"{condition.operator!r}: use = != or ~"
            )
    elif condition.operator == "~":
        raise ConfigError(
            f"{what}: {condition.field} is a {type_}, which contains nothing: use = != < <= > or >="
        )
    else:
        for value in condition.values:
            (number_of if type_ == "number" else days_of)(value, what)
