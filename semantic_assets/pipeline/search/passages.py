"""Passages found: their rows are read, and those that repeat become one hit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.search.index_selection import Found, Opened
from semantic_assets.pipeline.search.search_hit import SearchHit

#: Rows of one passage have one vector; sums of its products may differ by the last bit.
_SAME = 1e-6


class Passages:
    """The first k passages of a ranking. No more rows are read than give so many different ones."""

    def __init__(self, ranked: Sequence[Found], k: int) -> None:
        self.hits: list[SearchHit] = []
        #: The uris of each text, nearest first.
        self._uris: dict[str, list[str]] = defaultdict(list)
        read = 0
        while read < len(ranked) and len(self.hits) < k:
            more = max(k, read)  # where folding left too few, twice as many
            for hit in _rows(ranked[read : read + more]):
                self._add(hit)
            read = min(read + more, len(ranked))
        for hit in _rows(_others_of_the_last(ranked, read)):
            if hit.text in self._uris:
                self._add(hit)

    def _add(self, hit: SearchHit) -> None:
        if hit.text not in self._uris:
            self.hits.append(hit)
        self._uris[hit.text].append(hit.uri)

    def distinct(self) -> list[SearchHit]:
        """Return the nearest hit of each passage, with the other places where it stands."""
        return [self._placed(hit) for hit in self.hits]

    def _placed(self, hit: SearchHit) -> SearchHit:
        uris = self._uris[hit.text]
        if len(uris) == 1:
            return hit
        return replace(hit, places=tuple(dict.fromkeys(uri for uri in uris if uri != hit.uri)))


def _others_of_the_last(ranked: Sequence[Found], read: int) -> Sequence[Found]:
    """Return the rows after those read that may repeat the last passage."""
    end = read
    while read <= end < len(ranked) and abs(ranked[read - 1][0] - ranked[end][0]) < _SAME:
        end += 1
    return ranked[read:end]


def _rows(found: Sequence[Found]) -> Iterator[SearchHit]:
    """Read the rows of hits, with one call to each index."""
    numbers: dict[Opened, list[int]] = defaultdict(list)
    for _, one, row in found:
        numbers[one].append(row)
    rows = {one: iter(one.index.rows(wanted)) for one, wanted in numbers.items()}
    return (_hit(score, one.dataset, next(rows[one])) for score, one, _ in found)


def _hit(score: float, dataset: DatasetKey, row: dict[str, object]) -> SearchHit:
    said = {"mime": row["mime"] or "", "metadata": orjson.loads(str(row["metadata"] or "null"))}
    return SearchHit(score=score, dataset=str(dataset), **{**row, **said})
