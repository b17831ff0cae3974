"""The answers to questions that are put to one selection with the same options."""

from collections.abc import Sequence
from dataclasses import replace

from semantic_assets.index.filtering.allowed_rows import allowed_in_each
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.search_options import SearchOptions
from semantic_assets.pipeline.search.asked_words import asked_words
from semantic_assets.pipeline.search.closeness import nothing_close
from semantic_assets.pipeline.search.index_selection import Selection
from semantic_assets.pipeline.search.mixed_ranking import MixedRanking, depth_of
from semantic_assets.pipeline.search.opened_index import Allowed
from semantic_assets.pipeline.search.search_hit import Answer
from semantic_assets.pipeline.search.shown.best_sentence import best_sentence
from semantic_assets.pipeline.search.shown.passages import Passages
from semantic_assets.pipeline.search.sought import Sought

#: Rows ranked for each hit at first: some repeat others or are beside them.
_ROWS_PER_HIT = 2


def answers(
    selection: Selection,
    allowed: Allowed,
    options: SearchOptions,
    questions: Sequence[str],
    vectors: Sequence[Vectors],
) -> list[Answer]:
    """Answer questions; `vectors` are those of all questions in each space, or none are needed."""
    depth = depth_of(_ROWS_PER_HIT * (options.offset + options.k))
    nearest = [
        space.nearest(of_all, depth, allowed)
        for space, of_all in zip(selection.spaces, vectors, strict=False)
    ]
    found = []
    for number, question in enumerate(questions):
        sought = Sought(
            selection,
            allowed,
            options.mode,
            tuple(of_all[number] for of_all in vectors),
            asked_words(selection.words, question),
        )
        lists = sought.lists(depth, [of_all[number] for of_all in nearest])
        found.append(_answer(MixedRanking(sought, lists), options))
    return found


def allowed_of(selection: Selection, options: SearchOptions) -> Allowed:
    """Return the rows that the filter of some options lets through.

    Raises:
        ConfigError: a condition does not fit what is searched.
    """
    indexes = [(one.dataset, one.index) for one in selection.opened]
    found = allowed_in_each(indexes, options.filter)
    return dict(zip(selection.opened, found, strict=True)) if options.filter else {}


def _answer(ranking: MixedRanking, options: SearchOptions) -> Answer:
    if options.floor and (told := nothing_close(ranking)):
        answer = Answer()
        answer.told = told
        return answer
    passages = Passages(ranking, options)
    marks = ranking.sought.words.marks
    answer = Answer(
        replace(hit, sentence=best_sentence(hit.text, marks)) for hit in passages.hits()
    )
    answer.has_more = passages.has_more
    return answer
