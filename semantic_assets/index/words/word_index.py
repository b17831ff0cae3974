"""The words of an index version, and BM25 over its live rows.

The statistics (rows, rows with a term, mean length) are of the live rows of all indexes that are asked
together, so they are given with the question and nothing of them is stored. That, dead rows that differ
from version to version, filters that hold exactly, and terms of our own for scripts without spaces are
why the postings are ours: bm25s stores finished scores, tantivy scores each of its indexes for itself.

A question's rarest terms are added up over all rows. A term that is too frequent to bring a row among
the best by itself is looked up only in the rows that may still be among them (MaxScore), and the
result is the same. A question of frequent terms alone has too many rows for that: after 100,000
postings further terms count in the 4,096 rows that are best by the rarer ones. So no index of fewer
postings is affected; TODO
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.index.ranking import Hit, Numbers, best
from semantic_assets.index.words.question_terms import Terms
from semantic_assets.index.words.word_file import WordFile

#: By xquad in English and Russian: .970 and .954; 1.2 and .75 have .969 and .952.
K1, B = 0.9, 0.6
#: Terms whose rows are remembered.
_REMEMBERED = 4_096
#: Of fewer allowed rows each is looked up; of more the sums are masked.
_FEW = 64
#: A term in a smaller share of the rows is added up at once.
_FREQUENT = 64
#: Postings that are added up at once, and rows that must have a term before others are looked up.
_POSTINGS, _ENOUGH, _REACHING = 1 << 17, 1_024, 4
#: Sums of float32 may be higher by so much than those of their bounds.
_SLACK = 1.0001
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How many live rows there are, how long together, and how many have each term."""

    rows: int = 0
    length: int = 0
    found: dict[bytes, int] = field(default_factory=dict)

    def __add__(self, other: "WordCounts") -> "WordCounts":
        terms = self.found.keys() | other.found.keys()
        found = {term: self.found.get(term, 0) + other.found.get(term, 0) for term in terms}
        return WordCounts(self.rows + other.rows, self.length + other.length, found)


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a question: its rows in each file, and what BM25 multiplies with."""

    runs: list[tuple[int, int]]
    weight: float
    rows: int


class WordIndex:
    """The word files of some parts as one, over their live rows, numbered one after the other."""

    def __init__(self, files: Sequence[WordFile], live: Sequence[Numbers | None]) -> None:
        """Take word files and the places of their live rows; None: all of a file are alive."""
        self._files = tuple(files)
        self._live = tuple(live)
        self.languages = tuple(sorted({name for file in files for name in file.languages}))
        #: The first place of each file, and the number of its first live row.
        self._starts = np.cumsum([0, *(len(file.lengths) for file in files)])
        alive = zip(self._files, self._live, strict=True)
        sizes = [len(file.lengths) if rows is None else len(rows) for file, rows in alive]
        self._firsts = np.cumsum([0, *sizes])
        self._known: dict[bytes, tuple[list[tuple[int, int]], int]] = {}
        self._norms: tuple[float, Scores] = (0.0, np.zeros(0, np.float32))

    def __len__(self) -> int:
        return int(self._firsts[-1])

    @property
    def pieces(self) -> Iterator[tuple[WordFile, Numbers | None]]:
        """The word files with the places of their live rows."""
        yield from zip(self._files, self._live, strict=True)

    @cached_property
    def _lengths(self) -> Scores:
        """The terms of each row; of a dead one infinitely many, so that it never scores."""
        held = np.concatenate([np.zeros(0, np.float32), *(file.lengths for file in self._files)])
        lengths: Scores = held.astype(np.float32)
        if (is_live := self._is_live) is not None:
            lengths[~is_live] = np.inf
        return lengths

    @cached_property
    def _is_live(self) -> npt.NDArray[np.bool_] | None:
        if all(rows is None for rows in self._live):
            return None
        return self._mask(np.arange(len(self)))

    def _mask(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        is_one = np.zeros(int(self._starts[-1]), np.bool_)
        is_one[self._places(numbers)] = True
        return is_one

    @cached_property
    def length(self) -> int:
        """The terms of all live rows."""
        return int(self._lengths[np.isfinite(self._lengths)].sum(dtype=np.float64))

    def counts(self, terms: Terms) -> WordCounts:
        """Count the live rows, and those that have each term; counts of several indexes add up."""
        found = {term: self._runs(term)[1] for term in terms.stemmed(self.languages)}
        return WordCounts(len(self), self.length, found)

    def best(
        self, terms: Terms, counts: WordCounts, k: int, among: Numbers | None = None
    ) -> list[Hit]:
        """Return (row, BM25) of the k best rows that have a term, best first.

        Args:
            counts: of all indexes that are asked together.
            among: the rows that are allowed, ascending; None: all.
        """
        wanted = self._wanted(terms, counts)
        if among is not None and len(among) * _FEW <= len(self):
            return _positive(among, self.scores(terms, counts, among), k)
        if not wanted:
            return []
        norms = self._norms_at(counts)
        if among is not None:
            norms = np.where(self._mask(among), norms, np.float32(np.inf))
        places, scores = self._summed(wanted, norms, k)
        hits = _positive(places, scores, k)
        numbers = self._numbers(np.array([place for place, _ in hits], np.int64)).tolist()
        return [(number, score) for number, (_, score) in zip(numbers, hits, strict=True)]

    def scores(self, terms: Terms, counts: WordCounts, rows: Numbers) -> Scores:
        """Return the BM25 of these rows."""
        places = self._places(np.asarray(rows, np.int64))
        scores = np.zeros(len(places), np.float32)
        if wanted := self._wanted(terms, counts):
            norms = self._norms_at(counts)
            for term in wanted:
                scores += self._looked_up(term, places, norms)
        return scores

    def rows_of(self, terms: Terms) -> Numbers:
        """Return the live rows that have one of these terms, ascending."""
        found = [self._postings(self._runs(term)[0])[0] for term in terms.stemmed(self.languages)]
        places = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
        numbers = self._numbers(places)
        return numbers[numbers >= 0]

    def _summed(self, wanted: list[_Term], norms: Scores, k: int) -> tuple[Numbers, Scores]:
        """Return the places that may be among the k best, ascending, with their scores."""
        sums, places = np.zeros(len(norms), np.float32), np.zeros(0, np.int64)
        most = np.cumsum([term.weight for term in reversed(wanted)])[::-1] * _SLACK
        postings = 0
        for done, term in enumerate(wanted):
            if term.rows > max(len(places), len(norms) // _FREQUENT):
                threshold = _kth(sums[places], k) - most[done]
                is_dear = postings + term.rows > _POSTINGS and len(places) >= max(_ENOUGH, k)
                if threshold > 0 or is_dear:
                    left = _likeliest(places, sums[places], threshold, max(_ENOUGH, k))
                    return left, self._added(sums[left], wanted[done:], left, norms)
            rows, found = self._postings(term.runs)
            added, before = np.float32(term.weight) * (found / (found + norms[rows])), sums[rows]
            sums[rows] = before + added
            places = np.concatenate((places, rows[(before == 0) & (added > 0)]))
            postings += term.rows
        places.sort()
        return places, sums[places]

    def _added(self, scores: Scores, terms: list[_Term], places: Numbers, norms: Scores) -> Scores:
        """Add terms to the scores of some places."""
        for term in terms:
            scores += self._looked_up(term, places, norms)
        return scores

    def _postings(self, runs: list[tuple[int, int]]) -> tuple[Numbers, Scores]:
        """Return the places of a term's rows and how often each has it."""
        rows, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for file, start, (low, high) in zip(self._files, self._starts[:-1], runs, strict=True):
            if low < high:
                rows.append(file.rows[low:high] + start)
                counts.append(file.counts[low:high].astype(np.float32))
        if len(rows) == 2:  # most are in one file
            return rows[1], counts[1]
        return np.concatenate(rows), np.concatenate(counts)

    def _looked_up(self, term: _Term, places: Numbers, norms: Scores) -> Scores:
        """Return what a term adds to the scores of these places."""
        found = np.zeros(len(places), np.float32)
        in_file = np.searchsorted(self._starts, places, side="right") - 1
        for number, (low, high) in enumerate(term.runs):
            if low < high and (mine := np.flatnonzero(in_file == number)).size:
                rows, counts = self._files[number].rows[low:high], self._files[number].counts
                wanted = (places[mine] - self._starts[number]).astype(rows.dtype)
                at = np.minimum(np.searchsorted(rows, wanted), high - low - 1)
                found[mine] = np.where(rows[at] == wanted, counts[low + at], 0)
        added: Scores = np.float32(term.weight) * (found / (found + norms[places]))
        return added

    def _wanted(self, terms: Terms, counts: WordCounts) -> list[_Term]:
        """Return the terms that this index has, the rarest of all indexes first."""
        wanted = []
        for term, times in sorted(terms.stemmed(self.languages).items()):
            runs, rows = self._runs(term)
            if rows:
                idf = np.log1p(
                    (counts.rows - counts.found[term] + 0.5) / (counts.found[term] + 0.5)
                )
                wanted.append(_Term(runs, float(times * idf * (K1 + 1)), rows))
        return sorted(wanted, key=lambda term: -term.weight)

    def _runs(self, term: bytes) -> tuple[list[tuple[int, int]], int]:
        """Return where a term's rows are in each file, and how many of them are alive."""
        known = self._known.get(term)
        if known is None:
            runs = [file.places([term])[0] for file in self._files]
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[term] = (runs, self._count(runs))
        return known

    def _count(self, runs: list[tuple[int, int]]) -> int:
        is_live, count = self._is_live, 0
        for number, (low, high) in enumerate(runs):
            if low < high and is_live is not None and self._live[number] is not None:
                rows = self._files[number].rows[low:high]
                count += int(is_live[self._starts[number] + rows].sum())
            else:
                count += high - low
        return count

    def _norms_at(self, counts: WordCounts) -> Scores:
        """Return what is added to a count below the line, for the mean length of all rows."""
        mean = counts.length / max(1, counts.rows)
        held = self._norms
        if held[0] != mean:
            norms: Scores = (K1 * (1 - B + B * self._lengths / max(mean, 1.0))).astype(np.float32)
            self._norms = held = (mean, norms)
        return held[1]

    def _places(self, numbers: Numbers) -> Numbers:
        """Return the places of these live rows."""
        return self._turned(numbers, self._firsts, lambda live, one: live[one], self._starts)

    def _numbers(self, places: Numbers) -> Numbers:
        """Return the numbers of the rows at these places; -1: it is dead."""
        return self._turned(places, self._starts, _rank, self._firsts)

    def _turned(self, rows: Numbers, of: Numbers, turn: Any, to: Numbers) -> Numbers:
        turned = np.empty(len(rows), np.int64)
        in_file = np.searchsorted(of, rows, side="right") - 1
        for number in np.unique(in_file).tolist():
            mine, live = in_file == number, self._live[number]
            own = rows[mine] - of[number]
            if live is None:
                turned[mine] = own + to[number]
            else:
                found = turn(live, own)
                turned[mine] = np.where(found < 0, -1, found + to[number])
        return turned


def _rank(live: Numbers, places: Numbers) -> Numbers:
    """Return where these places are among the live ones; -1: they are not."""
    at = np.minimum(np.searchsorted(live, places), len(live) - 1)
    return np.where(live[at] == places, at, -1) if len(live) else np.full(len(places), -1)


def _likeliest(places: Numbers, sums: Scores, threshold: float, count: int) -> Numbers:
    """Return the places whose sums reach a threshold; of very many those with the highest sums."""
    least = max(threshold, 0.0)
    if len(places) > count * _REACHING:
        least = max(least, _kth(sums, count * _REACHING))
    return np.sort(places[sums >= least])


def _kth(scores: Scores, k: int) -> float:
    """Return the k-th highest score; -1 of fewer."""
    return float(np.partition(scores, -k)[-k]) if len(scores) >= k else -1.0


def _positive(numbers: Numbers, scores: Scores, k: int) -> list[Hit]:
    found = scores > 0
    return best(numbers[found], scores[found], k)
