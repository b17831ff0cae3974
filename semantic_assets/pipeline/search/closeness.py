"""Whether anything is close to a question: a nonsense question gets no ten passages."""

from semantic_assets.pipeline.search.mixed_ranking import MixedRanking

#: Of fewer rows it cannot be said what is usual.
_FEWEST_ROWS = 32


def nothing_close(ranking: MixedRanking) -> str:
    """Return why nothing is an answer; empty: something is close."""
    del ranking
    return ""
