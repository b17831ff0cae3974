"""search: a question to ranked passages, from the serving generation of each dataset."""

from collections.abc import Sequence
from dataclasses import dataclass

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.exact import ExactIndex, open_exact
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.store import Store

_REOPENINGS = 5


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
    store: Store, gemini: Gemini, question: str, *, datasets: Sequence[DatasetKey] = (), k: int
) -> list[SearchHit]:
    """The k passages nearest to a question, best first, over the datasets given or all.

    Raises:
        NotFound: a dataset given has no index, or there is none at all.
        ConfigError: an index is of another embedding space than questions are embedded in.
    """
    if not question.strip():
        raise ConfigError("the question is empty: write some words to search for")
    if k < 1:
        raise ConfigError(f"k is {k}: ask for at least one passage")
    opened = _open_all(store, datasets)
    query = gemini.embed_query(store.space, question)
    scored = [
        (score, str(dataset), row, index)
        for dataset, index in opened
        for row, score in index.nearest(query, k)
    ]
    best = sorted(scored, key=lambda item: (-item[0], item[1], item[2]))[:k]
    rows = {dataset: [r for _, of, r, _ in best if of == dataset] for _, dataset, _, _ in best}
    read = {str(dataset): index.rows(rows.get(str(dataset), [])) for dataset, index in opened}
    return [_hit(score, dataset, read[dataset].pop(0)) for score, dataset, _, _ in best]


def _hit(score: float, dataset: str, row: dict[str, object]) -> SearchHit:
    return SearchHit(score=score, dataset=dataset, **row)  # type: ignore[arg-type]  # INDEX_ROWS


def _open_all(store: Store, datasets: Sequence[DatasetKey]) -> list[tuple[DatasetKey, ExactIndex]]:
    wanted = list(datasets) or store.ledger.sources.datasets()
    found = [(dataset, index) for dataset in wanted if (index := _open(store, dataset))]
    missing = set(datasets) - {dataset for dataset, _ in found}
    if missing or not found:
        named = ", ".join(sorted(str(dataset) for dataset in missing)) or "any dataset"
        raise NotFound(f"there is no index of {named} yet: run `semantic-assets refresh`")
    return found


def _open(store: Store, dataset: DatasetKey) -> ExactIndex | None:
    for _ in range(_REOPENINGS):
        serving = store.ledger.generations.serving(dataset)
        if serving is None:
            return None
        if serving.space_id != store.space.space_id:
            raise ConfigError(
                f"the index of {dataset} is of space {serving.space_id}, questions are embedded in "
                f"{store.space.space_id}: set the model and dimensions it was built with, or refresh"
            )
        path = layout.generation(dataset, serving.space_id, serving.number)
        try:
            return open_exact(store.lake.path(path))
        except FileNotFoundError:
            continue  # retired between the two reads: the pointer has moved on
    raise NotFound(f"the index of {dataset} is not on disk: run `semantic-assets refresh`")
