"""Write the word file of a part from its own texts, in blocks, so that memory does not grow with them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.index.words.function_words import LANGUAGES
from semantic_assets.index.words.postings import Postings, merged
from semantic_assets.index.words.raw_words import RawWords, raw_words
from semantic_assets.index.words.row_languages import row_languages
from semantic_assets.index.words.stems import stem, stemmer_of
from semantic_assets.index.words.word_units import word_units

#: Terms of raw words that are remembered: 30 MB.
_REMEMBERED = 200_000
_MOST = 255


Terms = int | tuple[int, ...]


class Vocabulary:
    """The terms met so far, numbered in the order of their coming."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.stemmers: set[str] = set()
        self._raw_words: dict[str, dict[str, Terms]] = defaultdict(dict)
        self._units: dict[str, dict[str, int]] = defaultdict(dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages whose stems are among the terms."""
        return tuple(sorted(self.stemmers - {""}))

    def of(self, raw_words: list[str], language: str) -> Iterator[Terms]:
        """Yield for each raw word the number of its term, or the numbers of several."""
        known, units = self._raw_words[language], self._units[language]
        for held in (known, units):
            if len(held) > _REMEMBERED:
                held.clear()
        for raw in raw_words:
            found = known.get(raw)
            if found is None:
                found = known[raw] = self._terms(raw, language, units)
            yield found

    def _terms(self, raw: str, language: str, known: dict[str, int]) -> Terms:
        numbers: dict[int, None] = {}
        for unit in word_units(raw):
            number = known.get(unit)
            if number is None:
                number = known[unit] = self._number(unit, language)
            numbers[number] = None
        return next(iter(numbers)) if len(numbers) == 1 else tuple(numbers)

    def _number(self, unit: str, language: str) -> int:
        stemmer = stemmer_of(unit, language)
        self.stemmers.add(stemmer)
        return self.numbers.setdefault(stem(unit, stemmer), len(self.numbers))


def word_arrays(
    blocks: Iterable[list[pa.Array]],
) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Return the arrays of a word file, and the languages of its stems.

    Args:
        blocks: columns of texts; those of a row are read one after the other.
    """
    vocabulary, postings, lengths, first = Vocabulary(), [], [], 0
    for columns in blocks:
        rows = len(columns[0])
        if not rows:
            continue
        terms, of_rows = _block_terms(raw_words(columns), rows, vocabulary)
        postings.append(_postings(terms, of_rows, rows, first))
        lengths.append(np.bincount(of_rows, minlength=rows).astype(np.uint32))
        first += rows
    held = np.concatenate([np.zeros(0, np.uint32), *lengths])
    encoded = [term.encode() for term in vocabulary.numbers]
    return {**merged(encoded, postings, first), "lengths": held}, vocabulary.languages


def _block_terms(
    words: RawWords, rows: int, vocabulary: Vocabulary
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the terms of a block one by one, and the row of each, ascending."""
    languages = row_languages(words, rows)
    keys = words.words + languages[words.rows] * len(words.distinct)
    is_met = np.zeros(len(words.distinct) * len(LANGUAGES), np.bool_)
    is_met[keys] = True
    met = np.flatnonzero(is_met)
    numbers = np.zeros(len(is_met), np.int32)
    numbers[met] = np.arange(len(met))
    found = _terms_of(met, words.distinct, vocabulary)
    sizes = np.array([1 if isinstance(one, int) else len(one) for one in found], np.int64)
    flat = np.fromiter(_flat(found), np.int64, int(sizes.sum()))
    starts = np.cumsum(sizes) - sizes
    of_word = numbers[keys]
    return _spread(flat, starts[of_word], sizes[of_word]), np.repeat(words.rows, sizes[of_word])


def _terms_of(
    met: npt.NDArray[np.int64], distinct: list[str], vocabulary: Vocabulary
) -> list[Terms]:
    """Return the terms of the pairs of language and raw word that were met, in their order."""
    found: list[Terms] = []
    languages, places = np.divmod(met, max(1, len(distinct)))
    for language in np.unique(languages).tolist():
        of_one = [distinct[place] for place in places[languages == language].tolist()]
        found += vocabulary.of(of_one, LANGUAGES[language])
    return found


def _flat(found: list[Terms]) -> Iterator[int]:
    for one in found:
        if isinstance(one, int):
            yield one
        else:
            yield from one


def _spread(
    values: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the runs of `values` that begin at `starts`, one after the other."""
    if (sizes == 1).all():
        return values[starts]
    before = np.cumsum(sizes) - sizes
    return values[np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))]


def _postings(
    terms: npt.NDArray[np.int64], of_rows: npt.NDArray[np.int64], rows: int, first: int
) -> Postings:
    """Count each term of each row; `first` is the number of the block's first row."""
    keys = np.sort(terms * rows + of_rows)
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(begins, append=len(keys))
    term, row = np.divmod(keys[begins], rows)
    ends = np.flatnonzero(np.diff(term, append=-1)) + 1
    return Postings(
        term[ends - 1],
        np.diff(ends, prepend=0),
        (row + first).astype(np.uint32),
        np.minimum(counts, _MOST).astype(np.uint8),
    )
