"""The FAISS backend: a bit or two for each number (RaBitQ) find candidates, the vectors rank them.

Scanning all codes beats the graphs and lists tried beside it, at 100,000 clustered vectors of 768
(one core, candidates ranked again exactly):

    codes, flat        build  1.0 CPU s   2.0 ms a query   recall@10 1.000    10 MB
    1264 lists         build 18   CPU s   1.7 ms           recall@10 0.972    17 MB
    HNSW of 8 bits     build 24   CPU s   0.9 ms           recall@10 0.979    91 MB

and at 500,000 it has 0.9995 in 10 ms. They lie in one list, not in a flat index of codes: that takes
the same time, and lists alone take a selector of rows. It needs no training and each shard has its own codes, so a
shard that did not change costs nothing. A query takes 20 ms per million rows, so above a few
million Qdrant answers faster.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from semantic_assets.index.backend import InParts, ranked
from semantic_assets.index.description import Description
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.parts import Part, Parts, open_parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors
from semantic_assets.index.rotation import rotated
from semantic_assets.system.durable import make_private, sync

if TYPE_CHECKING:  # importing it takes 0.3 CPU seconds: only a search with it pays
    import faiss

_CODES = "codes.faiss"
_BLOCK = 4_096
#: One bit for each of 128 numbers is too little: recall@10 of 300 candidates is 0.97 to 0.99 at
#: 100,000 rows, with two bits 0.998 to 1. From 384 on one is enough, at a third of the time.
_ONE_BIT_FROM = 384
#: Candidates that are ranked again. At 500,000 rows 100 give a recall of 0.996, 200 of 0.9995; with
#: word-count vectors, whose neighbours hardly differ, 200 give 0.997 and 300 0.9995.
_CANDIDATES, _CANDIDATES_PER_HIT = 300, 20
#: One row in so many is compared as fast as all codes are scanned.
_COMPARED_SHARE = 60
#: Of a part with dead rows a quarter more is asked for, and if that is too few four times as many.
_SPARE, _MORE = 4, 4
#: By query and part: estimated cosines, and the rows they are of; -1: none.
_Estimates = tuple[npt.NDArray[np.float32], Numbers]


@dataclass(frozen=True, slots=True)
class FaissFinder(InParts):
    codes: "tuple[faiss.Index, ...]"

    def nearest(self, queries: Vectors, k: int, among: Numbers | None = None) -> list[list[Hit]]:
        count = max(_CANDIDATES, k * _CANDIDATES_PER_HIT)
        if self._is_compared(count, among):
            return ExactFinder(self.parts).nearest(queries, k, among)
        return [
            ranked(self.parts, query, candidates, k)
            for query, candidates in zip(
                queries, self._candidates(queries, count, among), strict=True
            )
        ]

    def _is_compared(self, count: int, among: Numbers | None) -> bool:
        """Say whether comparing all rows that may be found is as fast as finding candidates."""
        if among is None:
            return count * 4 >= len(self.parts)
        # Codes of earlier releases take no selector.
        is_selectable = all(hasattr(codes, "nlist") for codes in self.codes)
        return not is_selectable or len(among) <= max(count * 4, len(self.parts) // _COMPARED_SHARE)

    def _candidates(self, queries: Vectors, count: int, among: Numbers | None) -> Sequence[Numbers]:
        """Return for each query the rows with the best estimates over all parts, ascending."""
        turned = rotated(queries)
        with _one_thread():
            if among is not None:
                return _merged(self._selected(turned, count, among), count)
            places = range(len(self.codes))
            return _merged([self._of_part(turned, count, place) for place in places], count)

    def _selected(self, turned: Vectors, count: int, among: Numbers) -> list[_Estimates]:
        """Return for each part the best of these rows, which are ascending."""
        found = []
        edges = np.searchsorted(among, self.parts.starts).tolist()
        rows = zip(self.parts.numbered(), self.codes, edges[:-1], edges[1:], strict=True)
        for (start, part), codes, low, high in rows:
            if low == high:
                continue
            chosen = _selector(codes.ntotal, part.places(among[low:high] - start))
            scores, places = codes.search(turned, min(count, high - low), params=chosen)
            numbers = part.numbers(places)
            found.append((scores, np.where(numbers >= 0, numbers + start, -1)))
        return found

    def _of_part(self, turned: Vectors, count: int, place: int) -> _Estimates:
        """Return the best live rows of a part, without a selector, which takes longer.

        The dead ones may be the nearest of all, as an edited text is near to its successor: then
        more are asked for.
        """
        codes, part = self.codes[place], self.parts.parts[place]
        wanted = min(count, len(part))
        asked = wanted if part.live is None else wanted + wanted // _SPARE
        while True:
            scores, places = codes.search(turned, min(asked, codes.ntotal))
            numbers = part.numbers(places)
            is_live = numbers >= 0
            if asked >= codes.ntotal or is_live.sum(axis=1).min() >= wanted:
                start = self.parts.starts[place]
                return np.where(is_live, scores, -np.inf), np.where(is_live, numbers + start, -1)
            asked *= _MORE


class FaissBackend:
    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Encode the parts that have no codes yet."""
        for part in parts:
            if not (part.folder / _CODES).exists():
                _encode(part)

    def open(self, folder: Path, description: Description) -> FaissFinder:
        import faiss

        parts = open_parts(folder, description)
        return FaissFinder(
            parts,
            tuple(faiss.read_index(str(make_private(part.folder / _CODES))) for part in parts),
        )

    def publish(self, description: Description) -> None:
        """Publish nothing: no other program reads the version."""

    def drop(self, description: Description) -> None:
        """Drop nothing: all data is in the version's directory."""


def _merged(found: Sequence[_Estimates], count: int) -> list[Numbers]:
    """Return for each query the best rows of several parts, ascending."""
    scores = np.concatenate([scores for scores, _ in found], axis=1)
    numbers = np.concatenate([numbers for _, numbers in found], axis=1)
    places = np.argpartition(-scores, min(count, scores.shape[1]) - 1, axis=1)[:, :count]
    return [
        np.sort(row[chosen][row[chosen] >= 0]) for row, chosen in zip(numbers, places, strict=True)
    ]


def _selector(rows: int, places: Numbers) -> Any:
    """Return the parameters of a search among the rows at these places."""
    import faiss

    module: Any = faiss  # its stubs know neither
    flags = np.zeros(rows, np.bool_)
    flags[places] = True
    chosen = module.IDSelectorBitmap(np.packbits(flags, bitorder="little"))
    return module.SearchParametersIVF(sel=chosen)


def _encode(part: Part) -> None:
    import faiss

    dimensions = part.stored.matrix.shape[1]
    kind = "RaBitQfs" if dimensions >= _ONE_BIT_FROM else "RaBitQfs2"
    codes: Any = faiss.index_factory(dimensions, f"IVF1,{kind}", faiss.METRIC_INNER_PRODUCT)
    # Its centre is the mean. It would be scaled to a unit vector, which estimates worse; and it warns
    # of fewer than 39 vectors on stderr.
    codes.cp.spherical, codes.cp.niter, codes.cp.min_points_per_centroid = False, 1, 1
    with _one_thread():
        codes.train(rotated(next(part.stored.blocks(_BLOCK))))
        for block in part.stored.blocks(_BLOCK):
            codes.add(rotated(block))
    faiss.write_index(codes, str(make_private(part.folder / _CODES)))
    for path in (part.folder / _CODES, part.folder):
        sync(path)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run FAISS on one thread: a query gains nothing from more, which would wake for each."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
