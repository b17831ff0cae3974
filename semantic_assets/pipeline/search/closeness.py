"""Whether anything is close to a question: a nonsense question gets no ten passages.

Two things speak for a hit: how far its cosine stands out among those of the space, in standard
deviations of the cosines of its rows with one another, and how much of the question's weight its words
have. Either may be enough, and both together: the sum of their shares of a full proof must be 1.
"""

from semantic_assets.pipeline.search.mixed_ranking import MixedRanking

#: A gap and a share of words that are each a full proof. With less, 0.5 % of the answered questions of
#: xquad in English and Russian would be refused, by one of four models.
_GAP, _SHARE = 4.1, 0.5
#: Where the words of the rows are not known, or are all that is asked for.
_GAP_ALONE, _SHARE_ALONE = 2.0, 0.2
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
    if not sought.words.opened:
        return gap >= _GAP_ALONE
    if not sought.vectors:
        return ranking.share >= _SHARE_ALONE
    return gap / _GAP + ranking.share / _SHARE >= 1
