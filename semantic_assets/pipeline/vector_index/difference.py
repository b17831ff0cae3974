"""Which rows of a shard's parts stay in its next version, and which are written again.

A row stays if all its columns are those of the present tables: `chunk_id` and `text_hash` tell its
text, `text_hash` and `batch_job_id` its vector, for what a job answered never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.index.filtering.dictionaries import same_values
from semantic_assets.index.parts import Part
from semantic_assets.index.ranking import Numbers
from semantic_assets.pipeline.vector_index.wanted_rows import LIGHT, Mask, WantedRows

#: Each part of a shard is searched by a call of its own: four small ones take 0.45 ms more of 1.1.
MAX_PARTS = 5
#: A part with more dead rows is written again. Each row is then written at most five times for
#: every row that changes, and a search passes over at most a quarter more rows than there are.
MAX_DEAD_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A part and which of its rows stay; `carried` are those of documents with a pending chunk."""

    part: Part
    numbers: Numbers
    carried: Numbers

    @property
    def is_worn(self) -> bool:
        return len(self.numbers) < len(self.part.stored) * (1 - MAX_DEAD_SHARE)


@dataclass(frozen=True, slots=True)
class Difference:
    """What the next version of a shard is made of."""

    kept: tuple[KeptRows, ...]
    #: Rows for the new part: from the tables, and of parts that are given up, to be copied.
    new: WantedRows
    copied: tuple[KeptRows, ...]
    #: Rows kept from the previous version for documents whose new chunks have no vector yet.
    carried: int
    #: The chunk_ids of the shard.
    chunk_ids: pa.ChunkedArray

    @property
    def written(self) -> int:
        return len(self.new.chunk) + sum(len(one.carried) for one in self.copied)


def difference(
    wanted: WantedRows, parts: Sequence[Part], *, carries: bool, whole: bool
) -> Difference:
    """Compare a shard's parts with the rows that are wanted.

    Args:
        carries: the parts serve, so documents with a pending chunk keep the rows they have there.
        whole: keep no part; only carried rows come from them.
    """
    pending = wanted.pending if carries else pa.array([], pa.string())
    documents = pa.chunked_array([_documents(part, pending) for part in parts], pa.string())
    wanted = wanted.without(pc.unique(documents))
    compared, covered = [], np.zeros(len(wanted.chunk), np.bool_)
    for part in parts:
        one, rows = _compared(part, wanted, pending, covered)
        compared.append((one, rows))
        covered[rows] = True
    given_up = _given_up([one for one, _ in compared], int((~covered).sum()), whole=whole)
    for place in given_up:
        covered[compared[place][1]] = False
    everything = [one for one, _ in compared]
    carried = [one.part.taken(one.carried, ["chunk_id"])["chunk_id"] for one in everything]
    return Difference(
        kept=tuple(one for place, one in enumerate(everything) if place not in given_up),
        new=wanted.filter(~covered),
        copied=tuple(everything[place] for place in given_up if len(everything[place].carried)),
        carried=sum(len(one.carried) for one in everything),
        chunk_ids=pa.chunked_array(
            [*wanted.rows["chunk_id"].chunks, *(c for ids in carried for c in ids.chunks)],
            pa.string(),
        ),
    )


def _documents(part: Part, pending: pa.Array) -> pa.Array:
    """Return those of the pending documents that a part has rows of."""
    held = part.table(["document_id"])["document_id"].combine_chunks()
    return pc.unique(held.filter(pc.is_in(held, pending)))


def _compared(
    part: Part, wanted: WantedRows, pending: pa.Array, covered: Mask
) -> tuple[KeptRows, Numbers]:
    """Return the rows of a part that stay, and the wanted rows that these are."""
    is_carried = pc.is_in(part.table(["document_id"])["document_id"], pending).to_numpy()
    carried = np.flatnonzero(is_carried)
    if not part.is_current:
        return KeptRows(part, carried, carried), np.zeros(0, np.int64)
    held = part.table(LIGHT)
    place = pc.index_in(held["chunk_id"], wanted.rows["chunk_id"].combine_chunks())
    is_same = ~is_carried & pc.is_valid(place).to_numpy()
    is_same &= ~np.append(covered, False)[place.fill_null(-1).to_numpy()]
    for name in LIGHT:
        is_same &= _same(held[name], wanted.rows[name].take(place))
    rows = place.filter(pa.array(is_same)).to_numpy().astype(np.int64)
    return KeptRows(part, np.flatnonzero(is_same | is_carried), carried), rows


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> Mask:
    if pa.types.is_dictionary(one.type):
        return same_values(one, other)
    equal = pc.fill_null(pc.equal(one, other), False)
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    same: Mask = pc.or_(equal, both_null).to_numpy()
    return same


def _given_up(parts: Sequence[KeptRows], new: int, *, whole: bool) -> set[int]:
    """Return the numbers of the parts that are written again, together with the new rows.

    With too many parts the small ones are joined, up to the first one that is larger than all
    before it together: a row is then written again about as often as its shard doubles.
    """
    given_up = {place for place, one in enumerate(parts) if whole or one.is_worn}
    new += sum(len(parts[place].numbers) for place in given_up)
    left = sorted(set(range(len(parts))) - given_up, key=lambda place: len(parts[place].numbers))
    if new and len(left) >= MAX_PARTS:
        while left and (len(left) >= MAX_PARTS or len(parts[left[0]].numbers) <= new):
            new += len(parts[left[0]].numbers)
            given_up.add(left.pop(0))
    return given_up
