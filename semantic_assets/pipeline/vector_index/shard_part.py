"""Write a shard's share of a version: link its parts, mask their dead rows, add a part of new rows.

Nothing is deleted before its replacement: a document with a pending chunk keeps the rows it has in
the serving version. Only narrow columns are in memory for the whole shard.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.errors import CorruptResult
from semantic_assets.index.dead_rows import DEAD_ROWS, write_dead_rows
from semantic_assets.index.description import PART_FORMAT, PartEntry
from semantic_assets.index.hard_links import link_folder
from semantic_assets.index.parts import Part, open_part, write_part
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import PART_ROWS
from semantic_assets.pipeline.vector_index.difference import Difference, KeptRows, difference
from semantic_assets.pipeline.vector_index.wanted_rows import vectors_of, wanted_rows, with_texts
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class OldPart:
    """A part of an earlier version, as it is described there, and the version's backend."""

    part: Part
    entry: PartEntry
    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardParts:
    entries: tuple[PartEntry, ...]
    #: Names of the parts that are new, or have other dead rows than before.
    changed: frozenset[str]
    #: Number of rows kept for documents whose new chunks have no vector yet.
    carried: int


def shard_name(shard: ShardKey) -> str:
    """Return what the names of a shard's parts begin with."""
    return f"{shard.number:05d}"


def rows_fingerprint(store: Store, space: EmbeddingSpace, shard: ShardKey) -> str:
    """Return the fingerprint of the tables a part is built from, from the present files."""
    paths = (
        layout.embeddings(space.space_id, shard),
        layout.chunks(shard),
        layout.documents(shard),
    )
    return fingerprint(
        f"rows {PART_FORMAT}", *(store.lake.fingerprint(path) or "" for path in paths)
    )


class ShardWriter:
    """Writes the parts of shards into the folder of one version."""

    def __init__(
        self, store: Store, space: EmbeddingSpace, folder: Path, *, compact: bool, whole: bool
    ) -> None:
        self._store, self._space, self._folder = store, space, folder
        self._compact, self._whole = compact, whole

    def write(
        self, shard: ShardKey, made_of: str, old: Sequence[OldPart], *, serves: bool
    ) -> ShardParts:
        """Write a shard's parts.

        Args:
            made_of: the fingerprint of the tables.
            old: the shard's parts in an earlier version; `serves`: it is the serving one.

        Raises:
            CorruptResult: the parts do not hold the rows they should.
        """
        before = {one.part.name: one.entry for one in old}
        with (
            self._store.lake.open(layout.embeddings(self._space.space_id, shard)) as embeddings,
            self._store.lake.open(layout.chunks(shard)) as chunks,
        ):
            wanted = wanted_rows(self._store, shard, embeddings, chunks)
            parts = [one.part for one in old]
            found = difference(wanted, parts, carries=serves, whole=self._whole)
            entries = [self._linked(one, made_of, before[one.part.name]) for one in found.kept]
            name = f"{shard_name(shard)}.{self._folder.name}"
            if found.written:
                write_part(
                    self._folder / name,
                    _rows(found, with_texts(found.new, chunks)),
                    _vectors(found, vectors_of(found.new, embeddings)),
                    shape=(found.written, self._space.dimensions),
                    compact=self._compact,
                )
                entries.append(PartEntry(name=name, rows=found.written, fingerprint=made_of))
        self._require_rows(shard, found.chunk_ids, entries)
        return ShardParts(
            entries=tuple(entries),
            changed=frozenset(
                one.name
                for one in entries
                if one.name not in before or one.dead != before[one.name].dead
            ),
            carried=found.carried,
        )

    def _linked(self, one: KeptRows, made_of: str, before: PartEntry) -> PartEntry:
        """Link a part, with the dead rows it had or a file of its own."""
        part, target, dead = one.part, self._folder / one.part.name, before.dead
        if len(one.numbers) == len(part):
            link_folder(part.folder, target)
        else:
            link_folder(part.folder, target, without=DEAD_ROWS)
            dead = write_dead_rows(target, part.places(one.numbers), len(part.stored))
        return replace(before, rows=len(one.numbers), fingerprint=made_of, dead=dead)

    def _require_rows(
        self, shard: ShardKey, wanted: pa.ChunkedArray, entries: Sequence[PartEntry]
    ) -> None:
        """Check that the files, read back, hold each chunk of the shard once and no other."""
        opened = [open_part(self._folder / one.name, one.dead) for one in entries]
        columns = [part.table(["chunk_id"])["chunk_id"] for part in opened]
        held = pa.chunked_array([c for column in columns for c in column.chunks], pa.string())
        found = pc.sum(pc.is_in(wanted, held.combine_chunks())).as_py() or 0
        if not len(wanted) == len(held) == found == pc.count_distinct(wanted).as_py():
            raise CorruptResult(
                f"index of shard {shard}: {len(wanted)} chunks were to be written, {len(held)} rows "
                f"are there and hold {found} of them; the version before keeps serving. Run "
                "`semantic-assets index build` again"
            )


def _rows(found: Difference, new: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield from new
    for one in found.copied:
        yield _copied(one.part, one.carried)


def _copied(part: Part, numbers: Numbers) -> pa.Table:
    """Return rows of a part; an earlier release did not write where their vectors come from."""
    table = part.taken(numbers, PART_ROWS.names)
    for place, field in enumerate(PART_ROWS):
        if not field.nullable and table.column(place).null_count:
            table = table.set_column(place, field, pa.repeat("", len(numbers)))
    return table


def _vectors(
    found: Difference, new: Iterator[tuple[Numbers, Vectors]]
) -> Iterator[tuple[Numbers, Vectors]]:
    """Yield blocks of vectors with the rows they belong to."""
    yield from new
    first = len(found.new.chunk)
    for one in found.copied:
        yield (
            first + np.arange(len(one.carried)),
            one.part.stored.taken(one.part.places(one.carried)),
        )
        first += len(one.carried)
