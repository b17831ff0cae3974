"""Proof of an index version before anything points to it."""

import numpy as np
import pyarrow.compute as pc

from semantic_assets.errors import CorruptResult
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.opened_version import Index
from semantic_assets.index.parts import Part, Parts
from semantic_assets.index.ranking import Hit, Vectors
from semantic_assets.model.backends import EXACT

_PROBES, _K = 32, 10
_SELF_COSINE = 0.999
#: Recall of the ten nearest of each probe. The backends find more than 0.99; a broken one few.
_LEAST_RECALL = 0.95
#: A cosine that differs by less is the same one, summed in another order.
_SAME = 1e-5


def prove(index: Index, name: str, written: frozenset[str]) -> None:
    """Check counts and ids, and that rows of the parts just written are found by their vectors.

    Raises:
        CorruptResult: a check failed; the previous version keeps serving.
    """
    for entry, part in zip(index.description.parts, index.parts, strict=True):
        _require_rows(name, part, entry.rows, is_fresh=part.name in written)
    fresh = [part for part in index.parts if part.name in written and len(part)]
    if not fresh:
        return
    probes = _probes(fresh)
    found = index.nearest_of_each(probes, _K)
    for hits in found:
        # Another row may hold the same vector; a score lower than 1 shows the corruption.
        if not hits or hits[0][1] < _SELF_COSINE:
            raise CorruptResult(f"index {name}: a row does not find itself; {_LEFT}")
    _require_same_rows(name, index, found)
    recall = 1.0 if index.description.backend == EXACT else _recall(index, fresh, probes, found)
    if recall < _LEAST_RECALL:
        raise CorruptResult(
            f"index {name}: its {index.description.backend} backend finds {recall:.2f} of the "
            f"nearest of a sample; {_LEFT}, or set SEMANTIC_ASSETS_INDEX_BACKEND=exact"
        )


_LEFT = "the version before keeps serving. Run `semantic-assets index build` again"


def _require_rows(name: str, part: Part, expected: int, *, is_fresh: bool) -> None:
    if not len(part) == part.rows.num_rows == expected:
        raise CorruptResult(
            f"index {name}, part {part.name}: {expected} rows were written, {part.rows.num_rows} "
            f"rows and {len(part)} vectors are there; {_LEFT}"
        )
    if is_fresh and pc.count_distinct(part.rows["chunk_id"]).as_py() != expected:
        raise CorruptResult(f"index {name}, part {part.name}: a chunk is in it twice; {_LEFT}")


def _require_same_rows(name: str, index: Index, found: list[list[Hit]]) -> None:
    """Check that hits lead to the rows of their vectors: a backend may keep rows of its own."""
    numbers = sorted({hits[0][0] for hits in found})
    if index.rows(numbers) != index.parts.rows(numbers):
        raise CorruptResult(f"index {name}: a hit leads to another row's text; {_LEFT}")


def _probes(parts: list[Part]) -> Vectors:
    """Choose vectors spread evenly over the parts."""
    share = -(-_PROBES // len(parts))
    picked = [part.vectors[:: max(1, len(part) // share)][:share] for part in parts]
    return np.concatenate(picked)


def _recall(index: Index, fresh: list[Part], probes: Vectors, found: list[list[Hit]]) -> float:
    """Return the share of found rows among those of these parts that are nearest to the probes."""
    names, wanted, missed = {part.name for part in fresh}, 0, 0
    for start, part in index.parts.numbered():
        if part.name not in names:
            continue
        alone = ExactFinder(Parts((part,), index.description.dimensions))
        for best, hits in zip(alone.nearest(probes, _K), found, strict=True):
            last = hits[-1][1] + _SAME if len(hits) == _K else -1.0
            known = {row for row, _ in hits}
            missed += sum(score > last and start + row not in known for row, score in best)
            wanted += len(best)
    return 1.0 - missed / wanted
