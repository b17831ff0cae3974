"""Find ranked passages for questions in the serving version of each dataset.

A question is embedded in the space of the index it is put to, whatever the settings say now, so a
change of model breaks nothing. Cosines of two spaces cannot be compared: over datasets of several
spaces the answers are merged by their rank in each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from semantic_assets.errors import (
    ConfigError,
    RequestRejected,
    SemanticAssetsError,
    SetupError,
    UnknownName,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.callers import Caller, current_caller
from semantic_assets.pipeline.costs.questions import Question, embed_each
from semantic_assets.pipeline.search.index_selection import Found, Opened, Selection
from semantic_assets.pipeline.search.passages import Passages
from semantic_assets.pipeline.search.search_hit import SearchHit
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.store import Store
from semantic_assets.text.characters import canonical

#: Rows ranked for each hit at first, and how often more are ranked where passages repeat.
_FACTOR, _WIDER = 2, 4
_T = TypeVar("_T")
Hits = list[SearchHit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Questions of one call; they are put to the same datasets."""

    questions: tuple[str, ...]
    datasets: tuple[DatasetKey, ...] = ()
    #: Of none named: of this one's datasets, or of all.
    project: str | None = None
    k: int
    space_id: str | None = None
    #: On whose behalf it is asked.
    caller: Caller | None = field(default_factory=current_caller)


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
    asked = Asked(questions=tuple(questions), datasets=tuple(datasets), k=k, space_id=space_id)
    (found,) = answer_each(store, gemini, [asked])
    return raised(found)


def raised(found: _T | SemanticAssetsError) -> _T:
    """Return what was found, or raise what was found in its place."""
    if isinstance(found, SemanticAssetsError):
        raise found
    return found


def answer_each(
    store: Store, gemini: Gemini, asked: Sequence[Asked]
) -> list[list[Hits] | SemanticAssetsError]:
    """Answer what several callers asked, or say why not: one embedding call for 100 questions."""
    checked = [_checked(store, one) for one in asked]
    ready = [one for one in checked if isinstance(one, _Ready)]
    found = dict(zip(ready, _answers(store, gemini, ready), strict=True))
    return [found[one] if isinstance(one, _Ready) else one for one in checked]


def _answers(
    store: Store, gemini: Gemini, ready: Sequence["_Ready"]
) -> list[list[Hits] | SemanticAssetsError]:
    found = _found(ready, _embedded(store, gemini, ready))
    if len(ready) == 1:
        return found
    # One bad text refuses its whole call, which cost nothing: the others are asked again.
    return [
        _answers(store, gemini, [one])[0] if isinstance(answer, RequestRejected) else answer
        for one, answer in zip(ready, found, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """What was asked, and what it is put to."""

    asked: Asked
    questions: tuple[Question, ...]
    selection: Selection


#: By space: the vector of each question, or why there is none.
_Embedded = Mapping[EmbeddingSpace, Mapping[Question, Vectors | SemanticAssetsError]]


def _checked(store: Store, asked: Asked) -> _Ready | SemanticAssetsError:
    try:
        questions = tuple(
            Question(canonical(question), asked.caller) for question in asked.questions
        )
        if not all(question.text.strip() for question in questions):
            raise ConfigError("a question is empty: write some words to search for")
        if asked.k < 1:
            raise ConfigError(f"k is {asked.k}: ask for at least one passage")
        selection = searched_of(store).selection(store, asked.datasets, asked.project)
        for of_space in selection.spaces:
            if asked.space_id not in (None, of_space.space.space_id) or (
                of_space.space.backend != store.settings.backend
            ):
                first = (*of_space.small, *of_space.others)[0]
                raise _wrong_space(store, first, of_space.space, asked.space_id)
    except SemanticAssetsError as error:
        return error
    return _Ready(asked, questions, selection)


def _embedded(store: Store, gemini: Gemini, ready: Sequence[_Ready]) -> _Embedded:
    """Embed all questions, by space; what two ask on one's behalf is sent once."""
    wanted: dict[EmbeddingSpace, dict[Question, None]] = {}
    for one in ready:
        for of_space in one.selection.spaces:
            wanted.setdefault(of_space.space, {}).update(dict.fromkeys(one.questions))
    return {
        space: dict(zip(questions, embed_each(store, gemini, space, [*questions]), strict=True))
        for space, questions in wanted.items()
    }


def _found(ready: Sequence[_Ready], embedded: _Embedded) -> list[list[Hits] | SemanticAssetsError]:
    """Rank for all who ask the same of the same datasets in one product."""
    found: dict[_Ready, list[Hits] | SemanticAssetsError] = {}
    together: dict[tuple[Selection, int], list[_Ready]] = {}
    for one in ready:
        failed = [
            answer
            for of_space in one.selection.spaces
            for question in one.questions
            if isinstance(answer := embedded[of_space.space][question], SemanticAssetsError)
        ]
        if failed:
            found[one] = failed[0]
        elif one.questions:
            together.setdefault((one.selection, one.asked.k), []).append(one)
        else:
            found[one] = []
    for (selection, k), group in together.items():
        found |= _ranked(selection, k, group, embedded)
    return [found[one] for one in ready]


def _ranked(
    selection: Selection, k: int, group: Sequence[_Ready], embedded: _Embedded
) -> dict[_Ready, list[Hits]]:
    questions = [question for one in group for question in one.questions]
    queries = [
        np.stack([raised(embedded[of_space.space][one]) for one in questions])
        for of_space in selection.spaces
    ]
    hits = iter(_nearest(selection, queries, k))
    return {one: [next(hits) for _ in one.questions] for one in group}


def _nearest(selection: Selection, queries: Sequence[Vectors], k: int) -> list[Hits]:
    """Return the k nearest passages of each question.

    Args:
        queries: for each space of the selection the vectors of all questions.
    """
    count = k
    for _ in range(_WIDER):
        count *= _FACTOR  # a passage that stands at several places takes a row at each
        ranked = [
            of_space.nearest(asked, count)
            for of_space, asked in zip(selection.spaces, queries, strict=True)
        ]
        best = [_merged(of_one, count) for of_one in zip(*ranked, strict=True)]
        found = [Passages(of_one, k) for of_one in best]
        if all(
            len(one.hits) >= k or len(of_one) < count
            for one, of_one in zip(found, best, strict=True)
        ):
            break
    return [one.distinct()[:k] for one in found]


def _merged(of_spaces: Sequence[list[Found]], k: int) -> list[Found]:
    """Merge the hits of several spaces by their rank in each: their cosines cannot be compared."""
    if len(of_spaces) == 1:
        return of_spaces[0]
    ranked = [
        (rank, place, hit) for place, hits in enumerate(of_spaces) for rank, hit in enumerate(hits)
    ]
    return [hit for _, _, hit in sorted(ranked, key=lambda item: item[:2])][:k]


def _wrong_space(
    store: Store, one: Opened, space: EmbeddingSpace, space_id: str | None
) -> SemanticAssetsError:
    if space_id is not None and space.space_id != space_id:
        return UnknownName(
            f"the index of {one.dataset} is of space {space.space_id}, not {space_id}: vectors "
            f"of two spaces do not compare. Search without a space, or `semantic-assets reindex --model MODEL`"
        )
    return SetupError(
        f"the index of {one.dataset} was embedded by the backend {space.backend}, the "
        f"settings are on {store.settings.backend}: set SEMANTIC_ASSETS_BACKEND="
        f"{space.backend}, or `semantic-assets reindex --model MODEL -d {one.dataset}`"
    )
