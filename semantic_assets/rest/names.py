"""Names in requests: types with the patterns of the OpenAPI document, which the routes enforce."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from starlette.convertors import StringConvertor, register_url_convertor

from semantic_assets.model.keys import DATASET_PATTERN, NAME_PATTERN

#: White space to Python, to Rust or to JavaScript.
_BLANK = r"\s\x1c-\x1f\x85\ufeff"
_VISIBLE = re.compile(rf"[^{_BLANK}]")
#: What names of documents hold, and what at their ends.
_INSIDE, _AT_AN_END = r"[^/\\\x00-\x1f\x7f]", r"[^/\\\x00-\x1f\x7f. ]"


class _BatchConvertor(StringConvertor):
    """The part of a path that names a batch; it may hold the slash of `batches/`."""

    regex = "(?:batches/)?[^/]+"


class _JobConvertor(StringConvertor):
    """The part of a path that names a generation job; it may hold the slash of `project/dataset`."""

    regex = "[^/]+(?:/[^/]+)?"


register_url_convertor("batch", _BatchConvertor())
register_url_convertor("job", _JobConvertor())


@dataclass(frozen=True, slots=True)
class _Like:
    """Has a text follow a pattern; the refusal says in words what to write."""

    pattern: str
    sentence: str
    #: Where the pattern itself would take too long.
    fits: Callable[[str], object] | None = None

    def checked(self, value: str) -> str:
        if not (self.fits or re.compile(self.pattern).fullmatch)(value):
            raise PydanticCustomError("name", self.sentence)
        return value

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


#: Of a project, a dataset, a task or a submission.
Name = Annotated[
    str, _Like(NAME_PATTERN, "use only a-z, 0-9, '-' and '_', at least 1 and at most 100 of them")
]
DatasetName = Annotated[
    str, _Like(DATASET_PATTERN, "write it as project/dataset, each of a-z, 0-9, '-' and '_'")
]
#: Of a dataset, or of a project in place of all its datasets.
ScopeName = Annotated[
    str,
    _Like(
        rf"({NAME_PATTERN}[./])?{NAME_PATTERN}",
        "write it as project/dataset or as project, each of a-z, 0-9, '-' and '_'",
    ),
]
JobName = Annotated[
    str, _Like(rf"({NAME_PATTERN}/)?{NAME_PATTERN}", "write it as name or as project/dataset")
]
#: Our id or Google's name.
BatchName = Annotated[
    str, _Like(r"(batches/)?[A-Za-z0-9_-]{1,128}", "write a batch's id, or its `batches/...`")
]
DocumentName = Annotated[
    str,
    _Like(
        rf"{_AT_AN_END}({_INSIDE}{{0,198}}{_AT_AN_END})?",
        "a document has 1 to 200 characters, no slash, and no dot or blank at an end",
    ),
]
SpaceName = Annotated[
    str, _Like(r"[A-Za-z0-9._-]{1,200}", "a space is named by its id, as in the answers")
]
#: HTTP takes off blanks at the ends.
RequestKey = Annotated[
    str, _Like(r"[!-~]([ -~]{0,253}[!-~])?", "use 1 to 255 characters of printable ASCII")
]


def _is_text(value: str) -> bool:
    return "\0" not in value and _VISIBLE.search(value) is not None


_SOME_WORDS = rf"[^\x00]*[^\x00{_BLANK}][^\x00]*"
#: The same for a schema.
VISIBLE = f"^{_SOME_WORDS}$"
VisibleText = Annotated[
    str,
    _Like(_SOME_WORDS, "write some words, without NUL characters", _is_text),
]


def in_small_letters(value: object) -> object:
    """Return a word in the letters in which it is declared."""
    return value.lower() if isinstance(value, str) else value


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: JSON has one kind of number: 10.0 is an integer there.
Whole = Annotated[int, BeforeValidator(_whole)]
#: Of passages.
Few = Annotated[int, Field(ge=1, le=1_000), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000), BeforeValidator(_whole)]

#: Of an API key, not its secret.
KeyId = Annotated[str, _Like(r"[0-9a-f]{8}", "write the id of a key, as `GET /v1/keys` lists it")]
