"""What a caller may ask of a search besides its question."""

from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack, get_args

from semantic_assets.errors import ConfigError
from semantic_assets.model.filter_forms import Where, parse_filter
from semantic_assets.model.search_filter import Filter

#: `dense` finds by meaning, `words` by the words themselves, `hybrid` by both.
Mode = Literal["hybrid", "dense", "words"]
Group = Literal["passage", "document"]
MODES: tuple[Mode, ...] = get_args(Mode)
GROUPS: tuple[Group, ...] = get_args(Group)


class SearchArguments(TypedDict, total=False):
    """The same as a call of the library writes it: `where` is a mapping or conditions in text."""

    k: int
    offset: int
    mode: Mode
    where: Where
    group: Group
    per_document: int | None
    floor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How many hits, found how, among which rows, and how they are shown.

    Raises:
        ConfigError: a value is out of its range.
    """

    #: Hits, or documents where they are grouped; `offset` of them are passed over.
    k: int = 10
    offset: int = 0
    mode: Mode = "hybrid"
    filter: Filter = field(default_factory=Filter)
    group: Group = "passage"
    #: The most passages of one document; None: as many as there are, or 3 of a group.
    per_document: int | None = None
    #: Return nothing where nothing is close to the question.
    floor: bool = True

    @property
    def needs_vector(self) -> bool:
        """Whether the question is embedded: a search by words asks no API."""
        return self.mode != "words"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"k is {self.k}: ask for at least one passage")
        if self.offset < 0:
            raise ConfigError(f"offset is {self.offset}: the first hit has offset 0")
        if self.per_document is not None and self.per_document < 1:
            raise ConfigError(f"per-document is {self.per_document}: ask for at least one passage")
        if self.mode not in MODES:
            raise ConfigError(f"there is no mode {self.mode!r}: use {', '.join(MODES)}")
        if self.group not in GROUPS:
            raise ConfigError(f"hits are not grouped by {self.group!r}: use {', '.join(GROUPS)}")


def options_of(**arguments: Unpack[SearchArguments]) -> SearchOptions:
    """Return the options of a call.

    Raises:
        ConfigError: a value is out of its range, or a condition cannot be read.
    """
    plain = {name: value for name, value in arguments.items() if name != "where"}
    return SearchOptions(**plain, filter=parse_filter(arguments.get("where")))  # type: ignore[arg-type]
