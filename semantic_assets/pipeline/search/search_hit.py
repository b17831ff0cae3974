"""A passage found, as every interface shows it."""

from dataclasses import dataclass

from semantic_assets.model.html_table import HtmlTable


@dataclass(frozen=True, slots=True, kw_only=True)
class HitScores:
    """How a hit's score came about; None: that search did not find it."""

    #: The cosine of the vectors, and its place among the nearest, from 1 on.
    cosine: float | None = None
    cosine_rank: int | None = None
    #: The BM25 score of the words, and its place.
    words: float | None = None
    words_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The sentence of a passage that matches best; `marks` are the question's words in it.

    Offsets index the hit's `text`, those of marks the sentence's.
    """

    text: str
    start: int
    end: int
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit(HtmlTable):
    """A passage found; offsets refer to the document's text as indexed.

    `score` orders the hits: the cosine, the BM25 score or what both make together, by the mode.
    """

    score: float
    dataset: str
    document_id: str
    chunk_id: str
    uri: str
    title: str | None
    chunk_index: int
    start_char: int
    end_char: int
    heading_path: str | None
    page: int | None
    text: str
    record_id: str | None = None
    mime: str = ""
    metadata: dict[str, str] | None = None
    scores: HitScores = HitScores()
    sentence: Sentence | None = None
    #: Uris of other documents with the same passage, nearest first, as far as they were found.
    places: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return self.uri.rpartition("/")[2]


class Answer(list[SearchHit]):
    """The hits of one question, best first."""

    #: More hits follow behind these.
    has_more: bool = False
    #: Why there are none, with the remedy; empty: it needs no word.
    told: str = ""
