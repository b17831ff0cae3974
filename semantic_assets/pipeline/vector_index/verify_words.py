"""Proof of a version's word index: rows are found by their own rarest words, and no dead row is."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from semantic_assets.errors import CorruptResult
from semantic_assets.index.opened_version import Index
from semantic_assets.index.parts import Part
from semantic_assets.index.ranking import Numbers
from semantic_assets.index.words.question_terms import Terms, every_term
from semantic_assets.index.words.word_index import WordIndex
from semantic_assets.index.words.words_of_parts import WORDS_OF

#: Rows that are looked for; words of each that are counted, and of these the ones that are searched.
_PROBES, _LONGEST, _RAREST, _K = 16, 6, 2, 1


def prove_words(index: Index, name: str, changed: Collection[str]) -> None:
    """Check the words of the parts that changed, or whose word file is new.

    Raises:
        CorruptResult: a check failed; the previous version keeps serving.
    """
    words = index.words
    if words is None or len(words) != len(index):
        raise CorruptResult(f"index {name}: its words are not of its {len(index)} rows; {_LEFT}")
    parts = [(start, part) for start, part in index.parts.numbered() if part.name in changed]
    for start, part in parts:
        for number in _spread(np.arange(len(part)), len(parts)).tolist():
            _require_found(name, words, _rarest(words, _text(part, number)), start + number)
        everything = replace(part, live=None)
        for place in _spread(part.dead, len(parts)).tolist():
            _require_true(name, index, words, _rarest(words, _text(everything, place)))


_LEFT = "the version before keeps serving. Run `semantic-assets index build` again"


def _require_found(name: str, words: WordIndex, rarest: list[Terms], row: int) -> None:
    for terms in rarest:
        rows = words.rows_of(terms)
        if row not in rows.tolist():
            raise CorruptResult(f"index {name}: a row is not found by its words; {_LEFT}")
        counts = words.counts(terms)
        if max(counts.found.values()) > len(rows):
            raise CorruptResult(f"index {name}: a word is counted in rows it is not in; {_LEFT}")


def _require_true(name: str, index: Index, words: WordIndex, rarest: list[Terms]) -> None:
    """Look for the words of a dead row: what is found lives, and has the word."""
    for terms in rarest:
        wanted = terms.stemmed(words.languages).keys()
        for row, _ in words.best(terms, words.counts(terms), _K):
            if (
                row < 0
                or not wanted & every_term(_of_row(index, row)).stemmed(words.languages).keys()
            ):
                raise CorruptResult(f"index {name}: a row without a word is found by it; {_LEFT}")


def _of_row(index: Index, row: int) -> str:
    starts = index.parts.starts
    number = int(np.searchsorted(starts, row, side="right")) - 1
    return _text(index.parts.parts[number], row - int(starts[number]))


def _text(part: Part, number: int) -> str:
    """Return the text of a row with its title and headings."""
    table = part.taken(np.array([number]), WORDS_OF)
    return "\n".join(str(value[0] or "") for value in table.to_pydict().values())


def _rarest(words: WordIndex, text: str) -> list[Terms]:
    """Return those of a text's longest units that the fewest rows have."""
    longest = sorted(every_term(text).units, key=len)[-_LONGEST:]
    units = [Terms((unit,)) for unit in longest]
    counted = ((sum(words.counts(one).found.values()), one.units, one) for one in units)
    return [one for _, _, one in sorted(counted)[:_RAREST]]


def _spread(numbers: Numbers, parts: int) -> Numbers:
    """Return a part's share of the probes, evenly spread."""
    share = -(-_PROBES // max(1, parts))
    return numbers[:: max(1, len(numbers) // share)][:share]
