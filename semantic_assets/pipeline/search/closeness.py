"""Whether anything is close to a question: a nonsense question gets no ten passages.

Two things speak for a hit: how far its cosine stands out among those of the space, in standard
deviations of the cosines of its rows with one another, and how much of the question's weight its words
have. Either may be enough, and both together: the sum of their shares of a full proof must be 1.
"""

from semantic_assets.pipeline.search.mixed_ranking import MixedRanking

#: A gap and a share of words that are each a full proof. Of the 1,190 answered questions of xquad in
#: English and in Russian at most 0.2 % are refused with three models, and of 30 nonsense questions 21 to
#: 28. With 2.9 and 0.9 it would be 0.6 %; of titles without a word in their pages 4 to 5 % are.
_GAP, _SHARE = 2.8, 0.8
#: Of a question without spaces also the pairs of characters that are in two words are looked for.
_SHARE_OF_PAIRS = 0.5
#: Where the rows cannot have the words, or these are all that is asked for. Of Russian questions to
#: English texts 0.3 % are refused, with 2.0 it would be 5 %.
_GAP_ALONE, _SHARE_ALONE = 1.6, 0.2
#: Of fewer rows it cannot be said what is usual.
_FEWEST_ROWS = 32


def nothing_close(ranking: MixedRanking) -> str:
    """Return why a question has no answer here; empty: something is close."""
    rows = sum(len(one.index) for one in ranking.sought.selection.opened)
    if rows < _FEWEST_ROWS or _is_close(ranking):
        return ""
    return "nothing close to this: ask in other words, or `--no-floor` shows what there is"


def _is_close(ranking: MixedRanking) -> bool:
    sought, gap = ranking.sought, ranking.best_gap
    words = sought.words
    if not sought.vectors:
        return ranking.share >= _SHARE_ALONE
    if gap >= _GAP_ALONE and (not words.groups or words.is_foreign):
        return True
    return gap / _GAP + ranking.share / (_SHARE_OF_PAIRS if words.unspaced else _SHARE) >= 1
