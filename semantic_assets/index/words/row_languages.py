"""The language of each row, told by its function words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from semantic_assets.index.words.function_words import FUNCTION_WORDS, LANGUAGES
from semantic_assets.index.words.raw_words import RawWords

#: A row whose own language has fewer function words, or hardly more than that of most rows, is taken
#: for one of most rows: a table, a line of code, a quotation.
_FEWEST, _CLEARLY = 4, 1.25
_COUNT = len(LANGUAGES)
_MOST_LANGUAGES = max(map(len, FUNCTION_WORDS.values()))


def row_languages(words: RawWords, rows: int) -> npt.NDArray[np.intp]:
    """Return for each row the place of its language in LANGUAGES."""
    counts = _function_words(words, rows)
    most = int(np.argmax(np.bincount(counts.argmax(axis=1), counts.max(axis=1), _COUNT)))
    own = counts.argmax(axis=1)
    largest = counts.max(axis=1, initial=0)
    is_own = (largest >= _FEWEST) & (largest > counts[:, most] * _CLEARLY)
    return np.where(is_own, own, most)


def _function_words(words: RawWords, rows: int) -> npt.NDArray[np.int64]:
    """Count the function words of each language in each row."""
    counts = np.zeros(rows * _COUNT, np.int64)
    languages = [FUNCTION_WORDS.get(word.lower()) for word in words.distinct]
    is_one = np.array([found is not None for found in languages], np.bool_)[words.words]
    of_word, of_row = words.words[is_one], words.rows[is_one]
    for nth in range(_MOST_LANGUAGES):
        language = np.array(
            [-1 if not one else one[nth] if nth < len(one) else -1 for one in languages]
        )
        met = language[of_word]
        places = of_row[met >= 0] * _COUNT + met[met >= 0]
        counts += np.bincount(places, minlength=len(counts))
    return counts.reshape(rows, _COUNT)


def spoken_languages(words: Sequence[str]) -> frozenset[int]:
    """Return the places of the languages that a few words are in, most likely; none: not known."""
    counts = np.zeros(_COUNT, np.int64)
    for word in words:
        counts[list(FUNCTION_WORDS.get(word, ()))] += 1
    most = counts.max()
    return frozenset(np.flatnonzero(counts == most).tolist()) if most else frozenset()
