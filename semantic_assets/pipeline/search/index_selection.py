"""The indexes of some datasets, opened and prepared to be searched together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from semantic_assets.index.opened_version import Index
from semantic_assets.index.ranking import Vectors
from semantic_assets.index.stack import Stack, stackable, stacked
from semantic_assets.ledger.index_versions import ServingVersion
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.search.background import Background
from semantic_assets.pipeline.search.opened_index import Allowed, Found, Opened, best_first
from semantic_assets.pipeline.search.word_groups import WordGroup, word_groups


@dataclass(frozen=True, eq=False)
class SpaceSelection:
    """The indexes of one space: small ones as one matrix, others each by itself."""

    space: EmbeddingSpace
    stack: Stack | None
    #: In the order of the stack, which is that of the datasets.
    small: tuple[Opened, ...]
    others: tuple[Opened, ...]

    @property
    def opened(self) -> tuple[Opened, ...]:
        return (*self.small, *self.others)

    @cached_property
    def background(self) -> Background:
        """What is usual among the space's rows."""
        return Background.of([one.index for one in self.opened], self.space.dimensions)

    def nearest(self, queries: Vectors, k: int, allowed: Allowed) -> list[list[Found]]:
        """Return the k best rows for each question, by score."""
        found: list[list[Found]] = [[] for _ in queries]
        if self.stack is not None:
            for of_one, hits in zip(
                found,
                self.stack.nearest(queries, k, [allowed.get(one) for one in self.small]),
                strict=True,
            ):
                of_one += [(score, self.small[place], row) for score, place, row in hits]
        for one in self.others:
            for of_one, rows in zip(
                found, one.index.nearest_of_each(queries, k, allowed.get(one)), strict=True
            ):
                of_one += [(score, one, row) for row, score in rows]
        return [best_first(of_one, k) for of_one in found]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What one question is put to."""

    opened: tuple[Opened, ...]
    spaces: tuple[SpaceSelection, ...]
    words: tuple[WordGroup, ...]

    @property
    def size(self) -> int:
        """The bytes that are in memory only for it."""
        vectors = sum(one.stack.size for one in self.spaces if one.stack is not None)
        return vectors + sum(one.size for one in self.words)


def select(
    versions: Iterable[ServingVersion],
    open_index: Callable[[ServingVersion], Index],
    space_of: Callable[[str], EmbeddingSpace],
) -> Selection:
    """Open versions and prepare them, space by space."""
    opened = tuple(
        Opened(one.dataset, one.space_id, open_index(one), one.weight)
        for one in sorted(versions, key=lambda one: one.dataset)
    )
    return selection_of(opened, space_of)


def selection_of(
    opened: tuple[Opened, ...], space_of: Callable[[str], EmbeddingSpace]
) -> Selection:
    """Prepare opened indexes, space by space."""
    spaces = (space_of(space_id) for space_id in sorted({one.space_id for one in opened}))
    return Selection(
        opened,
        tuple(
            _of_space(space, [one for one in opened if one.space_id == space.space_id])
            for space in spaces
        ),
        word_groups(opened),
    )


def _of_space(space: EmbeddingSpace, opened: Sequence[Opened]) -> SpaceSelection:
    is_small = stackable([one.index for one in opened], space.dimensions)
    small = tuple(one for one, chosen in zip(opened, is_small, strict=True) if chosen)
    return SpaceSelection(
        space,
        stacked([one.index for one in small], space.dimensions) if small else None,
        small,
        tuple(one for one, chosen in zip(opened, is_small, strict=True) if not chosen),
    )
