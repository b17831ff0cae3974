"""Which rows a search may return: conditions on a document's fields that must all hold."""

from dataclasses import dataclass
from typing import Literal, get_args

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
#: Fields of every document; `metadata.NAME`, or any other name, is a key of its metadata.
TEXT_FIELDS = (
    *("title", "path", "uri", "document", "record", "heading", "kind", "dataset", "project"),
)
NUMBER_FIELDS = ("page", "year")
DATE_FIELDS = ("date",)
FIELDS = (*TEXT_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS)
#: Fields whose values may be patterns, as of file names.
PATTERN_FIELDS = ("title", "path", "uri")
METADATA = "metadata."


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, compared with values; of several values one must hold (of `!=`: none may).

    Values are text as the caller wrote them; the field's type in the index says how to compare.
    `path`, `uri` and `title` take the wildcards of a glob, `~` means that the field contains the
    value. On a document without the field no condition holds, `!=` included, as in SQL.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]

    @property
    def key(self) -> str | None:
        """The key of the metadata it is about; None: it is one of FIELDS."""
        if self.field in FIELDS:
            return None
        return self.field.removeprefix(METADATA)

    def __str__(self) -> str:
        values = "|".join(value.replace("|", r"\|") for value in self.values)
        return f"{self.field}{self.operator}{values}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all hold; of none, everything passes."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)
