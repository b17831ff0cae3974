"""The language of each row, told by its function words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from semantic_assets.index.words.function_words import FUNCTION_WORDS, LANGUAGES
from semantic_assets.index.words.raw_words import RawWords

#: A row whose own language has fewer function words, or hardly more than that of most rows, is taken
#: for one of most rows: a table, a line of code, a quotation.
_FEWEST, _SHARE, _CLEARLY = 4, 0.15, 1.5
_COUNT = len(LANGUAGES)
#: For each function word its place here (a single Latin letter is as often a variable), and the languages it is of, filled up with -1.
_PLACES = {word: place for place, word in enumerate(FUNCTION_WORDS) if len(word) > 1 or word > "z"}
_MOST = max(map(len, FUNCTION_WORDS.values()))
_LANGUAGES_OF = np.array(
    [(*found, *[-1] * (_MOST - len(found))) for found in FUNCTION_WORDS.values()]
)


def row_languages(words: RawWords, rows: int) -> npt.NDArray[np.intp]:
    """Return for each row the place of its language in LANGUAGES."""
    counts = _function_words(words, rows)
    most = int(np.argmax(np.bincount(counts.argmax(axis=1), counts.max(axis=1), _COUNT)))
    own = counts.argmax(axis=1)
    largest = counts.max(axis=1, initial=0)
    of_words = np.bincount(words.rows, minlength=rows) * _SHARE
    is_own = (largest >= np.maximum(_FEWEST, of_words)) & (largest > counts[:, most] * _CLEARLY)
    return np.where(is_own, own, most)


def _function_words(words: RawWords, rows: int) -> npt.NDArray[np.int64]:
    """Count the function words of each language in each row."""
    known = [_PLACES.get(word.lower(), -1) for word in words.distinct]
    of_word = np.array(known, np.int64)[words.words]
    is_one = of_word >= 0
    languages = _LANGUAGES_OF[of_word[is_one]]
    places = words.rows[is_one, None] * _COUNT + languages
    counts = np.bincount(places[languages >= 0], minlength=rows * _COUNT)
    return counts.reshape(rows, _COUNT)


def spoken_languages(words: Sequence[str]) -> frozenset[int]:
    """Return the places of the languages that a few words are in, most likely; none: not known."""
    counts = np.zeros(_COUNT, np.int64)
    for word in words:
        counts[list(FUNCTION_WORDS.get(word, ()))] += 1
    most = counts.max()
    return frozenset(np.flatnonzero(counts == most).tolist()) if most else frozenset()
