"""Find ranked passages for a question in the serving version of each dataset.

A question is embedded in the space of the index it is put to, whatever the settings say now, so a
change of model breaks nothing. Cosines of two spaces cannot be compared: over datasets of several
spaces the answers are merged by their rank in each.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from semantic_assets.errors import BrokenFile, ConfigError, NotFound, SetupError, UnknownName
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.opened_version import Index
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.paid_calls import embed_questions
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.serving import serving_index
from semantic_assets.store import Store

#: Rows read for each hit at first, and how often more are read where passages repeat.
_FACTOR, _WIDER = 2, 4


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    dataset: DatasetKey
    space: EmbeddingSpace
    index: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit(HtmlTable):
    """A passage found. `score` is the cosine; offsets refer to the document's text as indexed."""

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
    #: Uris of other documents with the same passage, nearest first, as far as they were found.
    places: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return self.uri.rpartition("/")[2]


def search(
    store: Store,
    gemini: Gemini,
    question: str,
    *,
    datasets: Sequence[DatasetKey] = (),
    k: int,
    space_id: str | None = None,
) -> list[SearchHit]:
    """Return the k passages nearest to a question, best first, from these datasets or all.

    Args:
        space_id: the embedding space the caller expects; None: the serving one.

    Raises:
        NotFound: a dataset given has no index, or there is none at all.
        UnknownName: an index has another space than `space_id`.
        SetupError: an index is of another backend.
    """
    (hits,) = search_many(store, gemini, [question], datasets=datasets, k=k, space_id=space_id)
    return hits


def search_many(
    store: Store,
    gemini: Gemini,
    questions: Sequence[str],
    *,
    datasets: Sequence[DatasetKey] = (),
    k: int,
    space_id: str | None = None,
) -> list[list[SearchHit]]:
    """Search for several questions as `search` does: 100 per embedding call, indexes opened once."""
    if not all(question.strip() for question in questions):
        raise ConfigError("a question is empty: write some words to search for")
    if k < 1:
        raise ConfigError(f"k is {k}: ask for at least one passage")
    opened = _open_all(store, datasets)
    for one in opened:
        _require_space(store, one, space_id)
    queries = {
        space: embed_questions(store, gemini, space, questions)
        for space in sorted({one.space for one in opened}, key=lambda space: space.space_id)
    }
    found, count = [list[SearchHit]() for _ in questions], k
    for _ in range(_WIDER):
        count *= _FACTOR  # a passage that stands at several places takes a row at each
        of_spaces = [_ranked(opened, space, asked, count) for space, asked in queries.items()]
        rows = [_read(_merged(one, count)) for one in zip(*of_spaces, strict=True)]
        found = [_distinct(of_one) for of_one in rows]
        if all(
            len(hits) >= k or len(of_one) < count for hits, of_one in zip(found, rows, strict=True)
        ):
            break
    return [hits[:k] for hits in found]


def _distinct(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Keep the nearest hit of each passage, with the other places where it stands."""
    places: dict[str, list[str]] = {}
    for hit in hits:
        places.setdefault(hit.text, []).append(hit.uri)
    first = {hit.text: hit for hit in reversed(hits)}
    return [
        replace(first[text], places=tuple(dict.fromkeys(uri for uri in uris if uri != uris[0])))
        for text, uris in places.items()
    ]


#: (score, index, row)
_Found = tuple[float, _Opened, int]


def _ranked(
    opened: list[_Opened], space: EmbeddingSpace, queries: Vectors, k: int
) -> list[list[_Found]]:
    """For each question the k best of one space, by score."""
    found: list[list[_Found]] = [[] for _ in queries]
    for one in opened:
        if one.space == space:
            hits = one.index.nearest_of_each(queries, k)
            for place, of_one in enumerate(hits):
                found[place] += [(score, one, row) for row, score in of_one]
    return [
        sorted(of_one, key=lambda hit: (-hit[0], hit[1].dataset, hit[2]))[:k] for of_one in found
    ]


def _merged(of_spaces: Sequence[list[_Found]], k: int) -> list[_Found]:
    """Merge the hits of several spaces by their rank in each: their cosines cannot be compared."""
    ranked = [
        (rank, place, hit) for place, hits in enumerate(of_spaces) for rank, hit in enumerate(hits)
    ]
    return [hit for _, _, hit in sorted(ranked, key=lambda item: item[:2])][:k]


def _read(best: list[_Found]) -> list[SearchHit]:
    """Read the rows of the hits, with one call to each index."""
    numbers: dict[_Opened, list[int]] = defaultdict(list)
    for _, one, row in best:
        numbers[one].append(row)
    rows = {one: iter(one.index.rows(wanted)) for one, wanted in numbers.items()}
    return [_hit(score, one.dataset, next(rows[one])) for score, one, _ in best]


def _require_space(store: Store, one: _Opened, space_id: str | None) -> None:
    if space_id is not None and one.space.space_id != space_id:
        raise UnknownName(
            f"the index of {one.dataset} is of space {one.space.space_id}, not {space_id}: vectors "
            f"of two spaces do not compare. Search without a space, or `semantic-assets reindex`"
        )
    if one.space.backend != store.settings.backend:
        raise SetupError(
            f"the index of {one.dataset} was embedded by the backend {one.space.backend}, the "
            f"settings are on {store.settings.backend}: set SEMANTIC_ASSETS_BACKEND="
            f"{one.space.backend}, or `semantic-assets reindex --model MODEL -d {one.dataset}`"
        )


def _hit(score: float, dataset: DatasetKey, row: dict[str, object]) -> SearchHit:
    return SearchHit(score=score, dataset=str(dataset), **row)  # type: ignore[arg-type]  # INDEX_ROWS


def _open_all(store: Store, datasets: Sequence[DatasetKey]) -> list[_Opened]:
    wanted = list(datasets) or store.ledger.sources.datasets()
    found = [opened for dataset in wanted if (opened := _open(store, dataset))]
    missing = set(datasets) - {opened.dataset for opened in found}
    if missing or not found:
        named = ", ".join(sorted(str(dataset) for dataset in missing)) or "any dataset"
        raise NotFound(f"there is no index of {named} yet: run `semantic-assets refresh`")
    return found


def _open(store: Store, dataset: DatasetKey) -> _Opened | None:
    try:
        found = serving_index(store, dataset)
    except (BrokenFile, NotFound) as error:
        if store.is_read_only:
            raise
        store.report_progress(f"{error}; it is built again now")
        build_index(store, dataset, broken=True)
        found = serving_index(store, dataset)
    if found is None:
        return None
    serving, index = found
    return _Opened(dataset, store.ledger.spaces.find(serving.space_id), index)
