"""Find ranked passages for questions in the serving version of each dataset.

A question is embedded in the space of the index it is put to, whatever the settings say now, so a
change of model breaks nothing. A search by words alone embeds nothing, and costs nothing.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
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
from semantic_assets.gemini.endpoint import unasked
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.model.search_options import SearchOptions
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.callers import Caller, current_caller
from semantic_assets.pipeline.costs.questions import Question, embed_each
from semantic_assets.pipeline.pending.services import may_serve
from semantic_assets.pipeline.search.answering import allowed_of, answers
from semantic_assets.pipeline.search.index_selection import Selection, SpaceSelection
from semantic_assets.pipeline.search.opened_index import Allowed, Opened
from semantic_assets.pipeline.search.search_hit import Answer
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.store import Store
from semantic_assets.text.characters import canonical

_T = TypeVar("_T")
_EVERYTHING, _DEFAULT = Scope(), SearchOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Questions of one call; they are put to the same datasets."""

    questions: tuple[str, ...]
    scope: Scope = _EVERYTHING
    options: SearchOptions = _DEFAULT
    space_id: str | None = None
    #: On whose behalf it is asked.
    caller: Caller | None = field(default_factory=current_caller)


def search(
    store: Store,
    gemini: Gemini,
    question: str,
    *,
    datasets: Sequence[DatasetKey] = (),
    scope: Scope | None = None,
    options: SearchOptions = _DEFAULT,
    k: int | None = None,
    space_id: str | None = None,
) -> Answer:
    """Return the passages that answer a question best, from these datasets or all.

    Args:
        scope: in place of datasets; it may name projects.
        k: in place of the options' own.
        space_id: the embedding space the caller expects; None: the serving one.

    Raises:
        NotFound: a dataset given has no index, or there is none at all.
        UnknownName: an index has another space than `space_id`.
        SetupError: an index is of another backend.
    """
    (hits,) = search_many(
        store,
        gemini,
        [question],
        datasets=datasets,
        scope=scope,
        options=options,
        k=k,
        space_id=space_id,
    )
    return hits


def search_many(
    store: Store,
    gemini: Gemini,
    questions: Sequence[str],
    *,
    datasets: Sequence[DatasetKey] = (),
    scope: Scope | None = None,
    options: SearchOptions = _DEFAULT,
    k: int | None = None,
    space_id: str | None = None,
) -> list[Answer]:
    """Search for several questions as `search` does: 100 per embedding call, indexes opened once."""
    asked = Asked(
        questions=tuple(questions),
        scope=Scope(tuple(datasets)) if scope is None else scope,
        options=options if k is None else replace(options, k=k),
        space_id=space_id,
    )
    (found,) = answer_each(store, gemini, [asked])
    return raised(found)


def raised(found: _T | SemanticAssetsError) -> _T:
    """Return what was found, or raise what was found in its place."""
    if isinstance(found, SemanticAssetsError):
        raise found
    return found


def answer_each(
    store: Store, gemini: Gemini, asked: Sequence[Asked]
) -> list[list[Answer] | SemanticAssetsError]:
    """Answer what several callers asked, or say why not: one embedding call for 100 questions."""
    checked = [_checked(store, one) for one in asked]
    ready = [one for one in checked if isinstance(one, _Ready)]
    found = dict(zip(ready, _answers(store, gemini, ready), strict=True))
    return [found[one] if isinstance(one, _Ready) else one for one in checked]


def _answers(
    store: Store, gemini: Gemini, ready: Sequence["_Ready"]
) -> list[list[Answer] | SemanticAssetsError]:
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
    allowed: Allowed

    @property
    def embedding(self) -> tuple[SpaceSelection, ...]:
        """The spaces in which its questions are embedded."""
        return self.selection.spaces if self.asked.options.needs_vector else ()


#: By space: the vector of each question, or why there is none.
_Embedded = Mapping[EmbeddingSpace, Mapping[Question, Vectors | SemanticAssetsError]]


def _checked(store: Store, asked: Asked) -> _Ready | SemanticAssetsError:
    try:
        questions = tuple(
            Question(canonical(question), asked.caller) for question in asked.questions
        )
        if not all(question.text.strip() for question in questions):
            raise ConfigError("a question is empty: write some words to search for")
        selection = searched_of(store).selection(store, asked.scope)
        for of_space in selection.spaces:
            backend = of_space.space.backend
            is_foreign = not all(may_serve(store, one.dataset, backend) for one in of_space.opened)
            if asked.space_id not in (None, of_space.space.space_id) or (
                asked.options.needs_vector and is_foreign
            ):
                raise _wrong_space(store, of_space.opened[0], of_space.space, asked.space_id)
        # Before anything is paid: a condition may be wrong.
        allowed = allowed_of(selection, asked.options)
    except SemanticAssetsError as error:
        return error
    return _Ready(asked, questions, selection, allowed)


def _embedded(store: Store, gemini: Gemini, ready: Sequence[_Ready]) -> _Embedded:
    """Embed all questions, by space; what two ask on one's behalf is sent once."""
    wanted: dict[EmbeddingSpace, dict[Question, None]] = {}
    for one in ready:
        for of_space in one.embedding:
            wanted.setdefault(of_space.space, {}).update(dict.fromkeys(one.questions))
    return {
        space: dict(zip(questions, embed_each(store, gemini, space, [*questions]), strict=True))
        for space, questions in wanted.items()
    }


def _found(
    ready: Sequence[_Ready], embedded: _Embedded
) -> list[list[Answer] | SemanticAssetsError]:
    """Rank for all who ask the same of the same datasets in one product."""
    found: dict[_Ready, list[Answer] | SemanticAssetsError] = {}
    together: dict[tuple[Selection, SearchOptions], list[_Ready]] = {}
    for one in ready:
        failed = [
            answer
            for of_space in one.embedding
            for question in one.questions
            if isinstance(answer := embedded[of_space.space][question], SemanticAssetsError)
        ]
        if failed:
            found[one] = _with_cure(failed[0], one)
        elif one.questions:
            together.setdefault((one.selection, one.asked.options), []).append(one)
        else:
            found[one] = []
    for (selection, options), group in together.items():
        found |= _ranked(selection, options, group, embedded)
    return [found[one] for one in ready]


def _with_cure(error: SemanticAssetsError, ready: _Ready) -> SemanticAssetsError:
    """Return why a question could not be embedded, and what answers it nevertheless."""
    has_words = any(one.index.words is not None for one in ready.selection.opened)
    if ready.asked.options.mode != "hybrid" or not has_words:
        return error
    found = copy(error)
    found.args = (f"{error}; a search by words needs no API: `--mode words`", *error.args[1:])
    return found


def _ranked(
    selection: Selection, options: SearchOptions, group: Sequence[_Ready], embedded: _Embedded
) -> dict[_Ready, list[Answer]]:
    questions = [question for one in group for question in one.questions]
    vectors = [
        np.stack([raised(embedded[of_space.space][one]) for one in questions])
        for of_space in selection.spaces
        if options.needs_vector
    ]
    texts = [one.text for one in questions]
    found = iter(answers(selection, group[0].allowed, options, texts, vectors))
    return {one: [next(found) for _ in one.questions] for one in group}


def _wrong_space(
    store: Store, one: Opened, space: EmbeddingSpace, space_id: str | None
) -> SemanticAssetsError:
    if space_id is not None and space.space_id != space_id:
        return UnknownName(
            f"the index of {one.dataset} is of space {space.space_id}, not {space_id}: vectors "
            f"of two spaces do not compare. Search without a space, or `semantic-assets reindex --model MODEL`"
        )
    return SetupError(
        f"the index of {one.dataset} was embedded by the backend {space.backend}; "
        f"{unasked(store.settings, space.backend)}, or `semantic-assets reindex --model MODEL "
        f"-d {one.dataset}`"
    )
