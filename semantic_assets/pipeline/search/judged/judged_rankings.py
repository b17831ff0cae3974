"""The documents that a search finds for judged questions, by mode and by weight."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from semantic_assets.index.ranking import Vectors
from semantic_assets.model.search_options import Mode, SearchOptions
from semantic_assets.pipeline.search.answering import answers
from semantic_assets.pipeline.search.asked_words import AskedWords, asked_words
from semantic_assets.pipeline.search.index_selection import Selection, selection_of
from semantic_assets.pipeline.search.mixed_ranking import MixedRanking, depth_of
from semantic_assets.pipeline.search.opened_index import Found
from semantic_assets.pipeline.search.sought import Sought

_DOCUMENTS = 10
#: Rows ranked, so that ten documents are among them.
_ROWS = 50
Ranked = list[str]


@dataclass(frozen=True, eq=False)
class JudgedRankings:
    """The rankings of some questions in the index of one dataset; its lists are made once."""

    selection: Selection
    questions: Sequence[str]
    vectors: Vectors

    @property
    def has_words(self) -> bool:
        return all(one.index.words is not None for one in self.selection.opened)

    def with_weight(self, weight: float | None) -> "JudgedRankings":
        """Return the rankings that a search makes once this weight is learned."""
        (space,) = self.selection.spaces
        opened = tuple(replace(one, weight=weight) for one in self.selection.opened)
        selection = selection_of(opened, lambda _: space.space)
        return JudgedRankings(selection, self.questions, self.vectors)

    def of_mode(self, mode: Mode) -> Iterator[Ranked]:
        """Yield the documents of each question, best first, whether close or not."""
        return self._ranked(range(len(self.questions)), mode, None)

    def of_weight(self, weight: float, numbers: Sequence[int]) -> Iterator[Ranked]:
        """Yield the same of some questions for hybrid with this weight of the meaning."""
        return self._ranked(numbers, "hybrid", weight)

    def grouped(self) -> Iterator[Ranked]:
        """Yield the documents of each question as a user gets them: nothing where nothing is close."""
        options = SearchOptions(k=_DOCUMENTS, group="document", per_document=1)
        for answer in answers(self.selection, {}, options, self.questions, [self.vectors]):
            yield list(dict.fromkeys(hit.document_id for hit in answer))

    def _ranked(self, numbers: Sequence[int], mode: Mode, weight: float | None) -> Iterator[Ranked]:
        for number in numbers:
            yield self._documents(replace(self._sought(number, mode), weight=weight), number)

    def _sought(self, number: int, mode: Mode) -> Sought:
        vectors = () if mode == "words" else (self.vectors[number],)
        return Sought(self.selection, {}, mode, vectors, self._words[number])

    def _documents(self, sought: Sought, number: int) -> Ranked:
        nearest = [self._nearest[number]] if sought.vectors else []
        rows = MixedRanking(sought, sought.lists(depth_of(_ROWS), nearest)).first(_ROWS)
        return list(dict.fromkeys(self._document_ids[one.row] for one in rows))

    @cached_property
    def _nearest(self) -> list[list[Found]]:
        (space,) = self.selection.spaces
        return space.nearest(self.vectors, depth_of(_ROWS), {})

    @cached_property
    def _words(self) -> list[AskedWords]:
        return [asked_words(self.selection.words, question) for question in self.questions]

    @cached_property
    def _document_ids(self) -> list[str]:
        (opened,) = self.selection.opened
        found: list[str] = opened.index.table(["document_id"])["document_id"].to_pylist()
        return found
