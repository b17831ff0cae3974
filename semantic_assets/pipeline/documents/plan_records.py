"""Divide new files of records between shards before they are read, as their reading would.

The division is the same whoever makes it: shard by shard, slice by slice, a full shard gives the rest
to the next. A count does it without the texts. What it finds is the plan of each slice, in the
ledger, and readings take what is planned.
"""

from array import array
from contextlib import closing, suppress
from dataclasses import dataclass

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.sources.record_plans import RecordPlan
from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.model.keys import (
    SHARD_MAX_DOCUMENTS,
    SHARD_MAX_TEXT_BYTES,
    DatasetKey,
    ShardKey,
)
from semantic_assets.parsing.formats import is_multi_record
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.pipeline.documents.documents_table import PreviousRows
from semantic_assets.pipeline.documents.read import reader_of
from semantic_assets.pipeline.documents.record_counter import CountedFile, RecordCounter
from semantic_assets.pipeline.documents.unread import expected_text_bytes
from semantic_assets.store import Store

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReport:
    """What was counted, and what was not for want of time."""

    files: int = 0
    records: int = 0
    #: Uris of the files that the next call counts.
    left: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """One line for a person; empty where there was nothing to count."""
        parts = [f"counted {self.records:,} records in {self.files:,} files"] if self.files else []
        if self.left:
            more = ", ..." if len(self.left) > _NAMED else ""
            parts.append(
                f"the records of {len(self.left):,} files are not counted to the end yet, the next "
                f"tick goes on: {', '.join(self.left[:_NAMED])}{more}"
            )
        return "; ".join(parts)


def discover_and_plan(
    store: Store, *, seconds: float | None = None
) -> tuple[Discovery, CountReport]:
    """List the sources as `discover`, and count and divide the new records within this time."""
    found = discover(store)
    return found, plan_records(store, found.datasets, seconds=seconds)


def plan_records(
    store: Store, datasets: tuple[DatasetKey, ...], *, seconds: float | None = None
) -> CountReport:
    """Count the records of files that are new or changed, the smallest files first, then those begun.

    Files that are counted or read as they are now are not opened. A shard that is being read is
    left to its reading.

    Args:
        seconds: what is not counted by then is left for the next call; None: all is counted.
    """
    todo = [one for one in store.ledger.sources.uncounted(datasets) if is_multi_record(one[1].uri)]
    if not todo:
        return CountReport()
    with store.ledger.leases.trying(lease_names.COUNT) as lease:
        if lease is None:
            return CountReport(left=tuple(item.uri for _, item in todo))
        return _Planning(store, RecordCounter(store, seconds)).run(todo)


class _Planning:
    """One call of `plan_records`."""

    def __init__(self, store: Store, counter: RecordCounter) -> None:
        self._store, self._counter = store, counter
        self._counted: dict[tuple[DatasetKey, str], CountedFile] = {}
        self._left: list[str] = []

    def run(self, todo: list[tuple[ShardKey, SourceSlice]]) -> CountReport:
        shards = {shard for shard, _ in todo}
        for shard, item in sorted(todo, key=_turn):
            self._count(shard, item)
        while shards:
            shard = min(shards)
            shards.remove(shard)
            shards |= self._divide(shard)
        files = self._counted.values()
        return CountReport(
            files=len(files), records=sum(len(one.sizes) for one in files), left=tuple(self._left)
        )

    def _count(self, shard: ShardKey, item: SourceSlice) -> None:
        found = None
        # A dataset removed meanwhile, or a broken table, stops only its own: a reading tells of it.
        with suppress(SemanticAssetsError):
            held = None if self._counter.is_over else self._held(shard, [item])
            if held is not None:
                skip = item.first_record + held.get(item.uri, _NOTHING).rows
                found = self._counter.count(shard.dataset, item, skip)
        if found is not None:
            self._counted[shard.dataset, item.uri] = found
        if found is None or not found.is_whole:
            self._left.append(item.uri)

    def _divide(self, shard: ShardKey) -> set[ShardKey]:
        """Plan one shard; return those that got what it has no room for."""
        with (
            suppress(SemanticAssetsError),
            self._store.ledger.leases.trying(lease_names.of_shard(shard)) as lease,
        ):
            if lease is None:
                return set()
            slices = self._store.ledger.sources.shard_slices(shard)
            held = self._held(shard, slices)
            if held is None:
                return set()
            division = _Division(self._store, shard, held, self._counted)
            for item in slices:
                division.take(item)
            division.close()
            return division.following
        return set()

    def _held(self, shard: ShardKey, slices: list[SourceSlice]) -> "dict[str, _Held] | None":
        """Map the files of these slices that have rows in the shard's table to those.

        None: the table is to be made anew, which its reading does.
        """
        if not any(item.is_read for item in slices):
            return {}
        reader = reader_of(self._store.dataset_settings(shard.dataset))
        with closing(PreviousRows.open(self._store, shard, reader)) as table:
            if not table.fingerprint:
                return None
            sizes, found = table.light["text_bytes"], {}
            for item in slices:
                if (rows := table.of_file(item.uri)) is not None:
                    text = sum(sizes[row] for row in rows.rows)
                    found[item.uri] = _Held(rows.count, text, rows.file_stamp)
            return found


def _turn(one: tuple[ShardKey, SourceSlice]) -> tuple[bool, int, ShardKey, str]:
    """Sort by size, behind them files whose count goes on: one without end takes no turn of others."""
    shard, item = one
    return item.current_plan is not None, item.bytes, shard, item.uri


@dataclass(frozen=True, slots=True)
class _Held:
    """The rows of one file in a shard's table."""

    rows: int
    text_bytes: int
    file_stamp: str | None


_NOTHING = _Held(0, 0, None)


class _Division:
    """One pass over a shard's slices in their order, as a reading makes it."""

    def __init__(
        self,
        store: Store,
        shard: ShardKey,
        held: dict[str, _Held],
        counted: dict[tuple[DatasetKey, str], CountedFile],
    ) -> None:
        self._sources, self._shard, self._held = store.ledger.sources, shard, held
        self._counted = counted
        self._documents = sum(one.rows for one in held.values())
        self._text_bytes = sum(one.text_bytes for one in held.values())
        self._plans: list[tuple[SourceSlice, RecordPlan]] = []
        self.following: set[ShardKey] = set()

    @property
    def _is_full(self) -> bool:
        return self._documents >= SHARD_MAX_DOCUMENTS or self._text_bytes >= SHARD_MAX_TEXT_BYTES

    def take(self, item: SourceSlice) -> None:
        held = self._held.get(item.uri, _NOTHING)
        counted = self._counted.get((self._shard.dataset, item.uri))
        if not item.is_read and self._is_full:
            self.following.add(self._sources.move_slice(self._shard, item))
        elif counted is not None and _is_open(item, held, counted):
            self._plan(item, held, counted)
        elif held is _NOTHING and not item.is_read:
            self._documents += item.new_documents
            self._text_bytes += expected_text_bytes(item)

    def close(self) -> None:
        """Store what the shard will hold."""
        self._sources.plan_slices(self._plans)
        closed = {"closed": True} if self._is_full else {}
        self._sources.update_shard(
            self._shard, documents=self._documents, text_bytes=self._text_bytes, **closed
        )

    def _plan(self, item: SourceSlice, held: _Held, counted: CountedFile) -> None:
        sizes = counted.from_record(item.first_record + held.rows)
        taken = self._take(sizes)
        at = item.first_record + held.rows + taken
        is_split = taken < len(sizes) and at > item.first_record
        stamp, in_order = counted.file_fingerprint, _is_in_order(item)
        plan = RecordPlan(
            planned_for=stamp,
            planned_documents=taken,
            planned_text_bytes=sum(sizes[:taken]),
            is_whole=is_split or counted.is_whole,
            in_order=in_order,
        )
        if is_split:
            rest = RecordPlan(planned_for=stamp, in_order=in_order and not item.is_read)
            following = self._sources.split_slice(self._shard, item, at=at, plan=plan, rest=rest)
            self.following.add(following)
        else:
            self._plans.append((item, plan))

    def _take(self, sizes: "array[int]") -> int:
        """Take as many records as fit; return their number."""
        for number, size in enumerate(sizes):
            if self._is_full:
                return number
            self._documents += 1
            self._text_bytes += size
        return len(sizes)


def _is_open(item: SourceSlice, held: _Held, counted: CountedFile) -> bool:
    """Say whether a slice waits for these records of its file."""
    stamp = counted.file_fingerprint
    is_read = stamp in (item.read_fingerprint, held.file_stamp)
    return item.end_record is None and item.file_fingerprint == stamp and not is_read


def _is_in_order(item: SourceSlice) -> bool:
    """Say whether the records before the slice's first are those of the file's earlier slices."""
    return item.first_record == 0 or bool(item.current_plan and item.current_plan.in_order)
