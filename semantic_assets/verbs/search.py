"""search: a question to ranked passages, from the serving generation of each dataset.

A question is embedded in the space of the index it is put to, whatever the settings say now, so a
change of model breaks nothing. Cosines of two spaces do not compare: over datasets of several
spaces the answers are merged by their rank in each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.generation import Index
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.store import Store
from semantic_assets.verbs.serving_index import serving_index


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    dataset: DatasetKey
    space: EmbeddingSpace
    index: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A passage. `score` is the cosine; offsets index the text of the document as indexed."""

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
    """The k passages nearest to a question, best first, over the datasets given or all.

    Args:
        space_id: the embedding space the caller counts on; None for whichever serves.

    Raises:
        NotFound: a dataset given has no index, or there is none at all.
        ConfigError: an index is of another space than `space_id`, or of another backend.
    """
    if not question.strip():
        raise ConfigError("the question is empty: write some words to search for")
    if k < 1:
        raise ConfigError(f"k is {k}: ask for at least one passage")
    opened = _open_all(store, datasets)
    for one in opened:
        _require_space(store, one, space_id)
    best = _best(gemini, question, opened, k)
    rows = {one: [row for _, of, row in best if of is one] for one in opened}
    read = {one.dataset: one.index.rows(rows[one]) for one in opened}
    return [_hit(score, one.dataset, read[one.dataset].pop(0)) for score, one, _ in best]


def _best(
    gemini: Gemini, question: str, opened: list[_Opened], k: int
) -> list[tuple[float, _Opened, int]]:
    """(score, index, row) of the k best: by score within a space, by rank across spaces."""
    ranked: list[tuple[int, str, tuple[float, _Opened, int]]] = []
    for space in dict.fromkeys(one.space for one in opened):
        query = gemini.embed_query(space, question)
        found = [
            (score, one, row)
            for one in opened
            if one.space == space
            for row, score in one.index.nearest(query, k)
        ]
        found.sort(key=lambda hit: (-hit[0], hit[1].dataset, hit[2]))
        ranked += [(rank, space.space_id, hit) for rank, hit in enumerate(found[:k])]
    return [hit for _, _, hit in sorted(ranked, key=lambda item: item[:2])][:k]


def _require_space(store: Store, one: _Opened, space_id: str | None) -> None:
    if space_id is not None and one.space.space_id != space_id:
        raise ConfigError(
            f"the index of {one.dataset} is of space {one.space.space_id}, not {space_id}: vectors "
            f"of two spaces do not compare. Search without a space, or `semantic-assets reindex`"
        )
    if one.space.backend != store.settings.backend:
        raise ConfigError(
            f"the index of {one.dataset} was embedded by the backend {one.space.backend}, the "
            f"settings are on {store.settings.backend}: set SEMANTIC_ASSETS_BACKEND="
            f"{one.space.backend}, or `semantic-assets reindex --dataset {one.dataset}`"
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
    found = serving_index(store, dataset)
    if found is None:
        return None
    serving, index = found
    return _Opened(dataset, store.ledger.spaces.find(serving.space_id), index)
