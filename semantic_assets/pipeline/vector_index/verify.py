"""Proof of an index version before anything points to it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import CorruptResult
from semantic_assets.index.backend import InParts
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.opened_version import Index
from semantic_assets.index.parts import Part, Parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors
from semantic_assets.model.backends import EXACT

_PROBES, _K = 32, 10
_SELF_COSINE = 0.999
#: Recall of the ten nearest of each probe. The backends find more than 0.99; a broken one few.
_LEAST_RECALL = 0.95
#: Share of rows that an approximate backend finds by their own vectors. Where 480 rows are as near as
#: 0.99, a row is not always among its own 300 candidates: one of 32 was missed in lists of names.
_LEAST_SELVES = 0.75
#: A cosine that differs by less is the same one, summed in another order.
_SAME = 1e-5


def prove(index: Index, name: str, changed: frozenset[str], new: frozenset[str]) -> None:
    """Check that rows of the parts that changed are found by their vectors, and no dead row is.

    That each shard has its rows, each of them once, was checked when its parts were written.

    Args:
        changed: parts that are new, or have other dead rows than before.
        new: those of them that the backend made searchable now, of which the recall is measured.

    Raises:
        CorruptResult: a check failed; the previous version keeps serving.
    """
    _require_counts(name, index)
    parts = [part for part in index.parts if part.name in changed]
    if not parts:
        return
    probes = _probes(parts)
    found = index.nearest_of_each(probes, _K)
    finding = _require_selves(name, index, probes, found)
    _require_same_rows(name, index, found)
    _require_none_dead(name, index, parts)
    recall = _recall(index, new, probes, found) if new and not _is_exact(index) else 1.0
    if finding < _LEAST_SELVES or recall < _LEAST_RECALL:
        raise CorruptResult(
            f"index {name}: its {index.description.backend} backend finds {recall:.2f} of the "
            f"nearest of a sample, and {finding:.2f} of its own rows; {_LEFT}, or set "
            "SEMANTIC_ASSETS_INDEX_BACKEND=exact"
        )


_LEFT = "the version before keeps serving. Run `semantic-assets index build` again"


def _is_exact(index: Index) -> bool:
    return index.description.backend == EXACT


def _require_selves(name: str, index: Index, probes: Vectors, found: list[list[Hit]]) -> float:
    """Return the share of the probes whose rows the backend finds; comparing all finds each."""
    missed = [place for place, hits in enumerate(found) if _is_far(hits)]
    if missed:
        compared = (
            [found[place] for place in missed]
            if _is_exact(index)
            else ExactFinder(index.parts).nearest(probes[missed], 1)
        )
        if any(map(_is_far, compared)):
            raise CorruptResult(f"index {name}: a row does not find itself; {_LEFT}")
    return 1.0 - len(missed) / len(found)


def _is_far(hits: list[Hit]) -> bool:
    # Another row may hold the same vector; a score lower than 1 shows the corruption.
    return not hits or hits[0][1] < _SELF_COSINE


def _require_counts(name: str, index: Index) -> None:
    for entry, part in zip(index.description.parts, index.parts, strict=True):
        if len(part) != entry.rows:
            raise CorruptResult(
                f"index {name}, part {part.name}: {entry.rows} rows were written, {len(part)} are "
                f"there; {_LEFT}"
            )


def _require_none_dead(name: str, index: Index, parts: list[Part]) -> None:
    """Search for dead rows by their vectors: their chunks are found only if they live elsewhere."""
    masked = [part for part in parts if part.live is not None]
    for part in masked:
        dead = _spread(part.dead, len(masked))
        gone = part.columns["chunk_id"].take(pa.array(dead)).to_pylist()
        for one in index.parts:
            if one.shard == part.shard:
                gone = list(set(gone) - _held(one, gone))
        hits = index.nearest_of_each(part.stored.taken(dead), _K)
        if _chunks_of(index, sorted({row for found in hits for row, _ in found})) & set(gone):
            raise CorruptResult(f"index {name}: a row that is gone is found; {_LEFT}")


def _chunks_of(index: Index, numbers: list[int]) -> set[str]:
    """Return the chunks of these rows; where the parts hold them, no text is unpacked for it."""
    if not isinstance(index.finder, InParts):
        return {str(row["chunk_id"]) for row in index.rows(numbers)}
    found: set[str] = set()
    edges = np.searchsorted(numbers, index.parts.starts).tolist()
    for (start, part), low, high in zip(index.parts.numbered(), edges[:-1], edges[1:], strict=True):
        inside = np.asarray(numbers[low:high], np.int64) - start
        found.update(part.taken(inside, ["chunk_id"])["chunk_id"].to_pylist())
    return found


def _held(part: Part, chunks: list[str]) -> set[str]:
    """Return those of these chunks that live in a part."""
    held = part.table(["chunk_id"])["chunk_id"]
    return set(held.filter(pc.is_in(held, pa.array(chunks, pa.string()))).to_pylist())


def _require_same_rows(name: str, index: Index, found: list[list[Hit]]) -> None:
    """Check that hits lead to the rows of their vectors: a backend may keep rows of its own."""
    numbers = sorted({hits[0][0] for hits in found if hits})
    if index.rows(numbers) != index.parts.rows(numbers):
        raise CorruptResult(f"index {name}: a hit leads to another row's text; {_LEFT}")


def _probes(parts: list[Part]) -> Vectors:
    """Choose vectors spread evenly over the parts."""
    picked = [
        part.stored.taken(part.places(_spread(np.arange(len(part)), len(parts)))) for part in parts
    ]
    return np.concatenate(picked)


def _spread(numbers: Numbers, parts: int) -> Numbers:
    """Return a part's share of the probes, evenly spread."""
    share = -(-_PROBES // parts)
    return numbers[:: max(1, len(numbers) // share)][:share]


def _recall(index: Index, names: frozenset[str], probes: Vectors, found: list[list[Hit]]) -> float:
    """Return the share of found rows among those of these parts that are nearest to the probes."""
    wanted, missed = 0, 0
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
