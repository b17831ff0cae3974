"""Which rows a search may return: conditions on a document's fields that must all hold."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, compared with values; of several values one must hold (of `!=`: none may).

    Values are text as the caller wrote them; the field's type in the index says how to compare.
    `path` and `title` take the wildcards of a glob, `~` means that the field contains the value.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all hold; of none, everything passes."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)
