"""Read the slices of one shard, each in the cheapest correct way.

An unchanged file is copied from the previous table; of a file that grew by lines only the new lines
are read; of any other file of records, the unchanged records are copied.
"""

import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from typing import Any, BinaryIO

from semantic_assets.errors import Conflict
from semantic_assets.intake.names import EMPTY_SEGMENT, is_segment
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.sources.record_plans import RecordPlan
from semantic_assets.ledger.sources.slices import Reading, SourceSlice
from semantic_assets.model.keys import SHARD_MAX_DOCUMENTS, SHARD_MAX_TEXT_BYTES, ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing import formats, readers
from semantic_assets.parsing.records import Columns, KnownRecord, SourceRecord, Unreadable
from semantic_assets.parsing.source_file import open_source
from semantic_assets.pipeline.documents.append_detection import appended_from, described
from semantic_assets.pipeline.documents.documents_table import (
    DocumentsWriter,
    FileRows,
    PreviousRows,
    content_hash_of,
    document_row,
    record_name,
)
from semantic_assets.pipeline.documents.record_ownership import Neighbour, Owner, RecordOwners
from semantic_assets.sandbox.isolated import read_records
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.sources.listing import file_fingerprint
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import document_id, document_ids

_log = logging.getLogger(__name__)


class SliceReader:
    """One pass over a shard's slices, in order."""

    def __init__(
        self,
        store: Store,
        shard: ShardKey,
        settings: DatasetSettings,
        reader: str,
        previous: PreviousRows,
        writer: DocumentsWriter,
    ) -> None:
        self._store, self._shard, self._settings = store, shard, settings
        self._reader, self._previous, self._writer = reader, previous, writer
        self._tables: dict[ShardKey, PreviousRows] = {}
        #: Rows of slices still to come: their places are taken.
        self._awaited = 0
        self.readings: list[Reading] = []
        #: (uri, first record, fingerprint of the file) of each slice in the table.
        self.inputs: list[tuple[str, int, str]] = []
        self.unsettled: list[str] = []

    @property
    def is_full(self) -> bool:
        return self._has_reached_limits(0)

    def read_all(self, slices: list[SourceSlice]) -> None:
        held = [self._previous.of_file(item.uri) for item in slices]
        self._awaited = sum(rows.count for rows in held if rows is not None)
        for item, rows in zip(slices, held, strict=True):
            self._awaited -= rows.count if rows is not None else 0
            self._read(item, rows)

    def close(self) -> None:
        for table in self._tables.values():
            table.close()

    def _read(self, item: SourceSlice, rows: FileRows | None) -> None:
        if rows is not None and item.read_fingerprint == item.file_fingerprint == rows.file_stamp:
            self._writer.copy_file(rows, rows.file_stamp)
            self.inputs.append((item.uri, item.first_record, rows.file_stamp))
        elif not item.is_read and self._has_reached_limits(0):
            following = self._store.ledger.sources.move_slice(self._shard, item)
            self._store.report_progress(f"{self._shard} is full: {item.uri} goes to {following}")
        else:
            self._read_file(item, rows)

    def _read_file(self, item: SourceSlice, rows: FileRows | None) -> None:
        """Read a file; it is settled if the open file's fingerprint is the same at the end."""
        try:
            stream = open_source(self._store.sources.local(item.uri))
        except Unreadable as error:
            self._keep(item, rows, str(error))
            return
        with stream:
            file_stamp = file_fingerprint(os.fstat(stream.fileno()))
            found = self._rows_of(item, rows, stream, file_stamp)
            if file_fingerprint(os.fstat(stream.fileno())) == file_stamp:
                self._note(item, file_stamp, found)
            else:
                self._note(item, None, None, "changed while it was read")

    def _note(
        self, item: SourceSlice, file_stamp: str | None, found: dict[str, Any] | None, why: str = ""
    ) -> None:
        _log.info("%s: read %s%s", self._shard, item.uri, why and f", {why}")
        self.readings.append(Reading(item, file_stamp, found))
        self.inputs.append((item.uri, item.first_record, file_stamp or uuid.uuid4().hex))
        if file_stamp is None:
            self.unsettled.append(f"{item.uri} {why}")
            self._store.report_progress(f"{item.uri} {why}: the next run reads it again")

    def _keep(self, item: SourceSlice, rows: FileRows | None, why: str) -> None:
        """Keep the rows read from a file before; if there are none, add a row with the reason."""
        if rows is not None:
            self._writer.copy_file(rows, rows.file_stamp)
        elif item.first_record == 0:
            record = readers.failed_file(item.uri, why, item.bytes)
            content = content_hash_of(record)
            name = record_name(None, content) if formats.is_multi_record(item.uri) else ""
            document = document_id(str(self._shard.dataset), item.uri, name)
            self._writer.add(document_row(self._shard, item.uri, "", record, document, content))
        self._note(item, None, None, why)

    def _rows_of(
        self, item: SourceSlice, rows: FileRows | None, stream: BinaryIO, file_stamp: str
    ) -> dict[str, Any] | None:
        """Write the slice's rows; return the state to resume reading after them."""
        if rows is not None and item.read_fingerprint == rows.file_stamp == file_stamp:
            self._writer.copy_file(rows, file_stamp)  # the listing was outdated
            return item.reading
        if is_segment(item.uri) and os.fstat(stream.fileno()).st_size <= len(EMPTY_SEGMENT):
            return None  # every document was removed from it
        claims, now = self._claims(item, rows, file_stamp), self._store.ledger.now()
        # Segments are the store's own files, whatever a dataset calls its columns.
        below = item.uri.removeprefix(f"{self._shard.dataset}/")
        columns = Columns() if is_segment(item.uri) else self._settings.columns_of(below)
        start, is_growing = None, formats.grows_by_lines(item.uri)
        if is_growing and rows is not None and item.read_fingerprint == rows.file_stamp:
            start = appended_from(stream, item.reading, now) if claims.is_whole else None
        if start is not None and rows is not None:
            self._writer.copy_file(rows, file_stamp)
            claims.pass_over(mine=True)
            lines = read_records(item.uri, stream, columns=columns, start=start)
            if is_segment(item.uri):
                lines = _without_cut_off(stream, file_stamp, lines)
            new = () if claims.is_closed else lines
            self._walk(item, claims, new, file_stamp, start.lines, 0)
        else:
            if skip := claims.skippable(file_stamp):
                claims.pass_over(mine=False)
            options = self._settings.reading_options
            records = read_records(
                item.uri, stream, columns=columns, skip=skip, known=claims.known, options=options
            )
            if is_segment(item.uri):
                records = _without_cut_off(stream, file_stamp, records)
            self._walk(item, claims, records, file_stamp, skip, 0 if rows is None else rows.count)
        if not is_growing:
            return None
        size = os.fstat(stream.fileno()).st_size
        return described(stream, size, item.reading if start is not None else None, now)

    def _claims(self, item: SourceSlice, rows: FileRows | None, file_stamp: str) -> RecordOwners:
        if item.first_record == 0 and item.end_record is None:
            return RecordOwners(item, rows, self._previous, [], [], file_stamp)
        dataset = self._shard.dataset
        slices = self._store.ledger.sources.file_slices(dataset, item.uri)
        # The tables of earlier shards show which records are in no shard: let them finish first.
        # A shard waits for lower shards only, so that no two can wait for each other.
        wait = rows is None or item.end_record is None
        earlier = [
            Neighbour(other, self._table(shard, wait=wait and shard < self._shard))
            for shard, other in slices
            if other.first_record < item.first_record
        ]
        later = [
            Neighbour(other, self._table(shard, wait=False))
            for shard, other in slices
            if other.first_record > item.first_record
        ]
        return RecordOwners(item, rows, self._previous, earlier, later, file_stamp)

    def _table(self, shard: ShardKey, *, wait: bool) -> PreviousRows:
        if shard not in self._tables:
            lease = self._store.ledger.leases.holding(lease_names.of_shard(shard))
            with ExitStack() as held:
                with suppress(Conflict):  # its slice tells, too, what it takes
                    held.enter_context(lease if wait else nullcontext())
                self._tables[shard] = PreviousRows.open(self._store, shard, self._reader)
        return self._tables[shard]

    def _walk(
        self,
        item: SourceSlice,
        claims: RecordOwners,
        records: Iterable[SourceRecord | KnownRecord],
        file_stamp: str,
        position: int,
        mine: int,
    ) -> None:
        """Take the records of this slice; `mine` of them are in the previous table."""
        is_multi = formats.is_multi_record(item.uri)
        document_of = document_ids(str(self._shard.dataset), item.uri)
        for number, record in enumerate(records, start=position):
            if claims.is_closed and not mine:
                return
            content = "" if isinstance(record, KnownRecord) else content_hash_of(record)
            name = _name(claims, record, content) if is_multi else ""
            document = document_of(claims.identity(name))
            claim = claims.of(document)
            is_over = claim is Owner.NEW and is_multi and self._has_reached_limits(mine)
            if is_over and self._split(item, claims.room, number, file_stamp):
                claims.close()
            elif claim is not Owner.OTHERS:
                mine -= claim is Owner.MINE
                self._put(item, claims, record, file_stamp, document, content)

    def _put(
        self,
        item: SourceSlice,
        claims: RecordOwners,
        record: SourceRecord | KnownRecord,
        file_stamp: str,
        document: str,
        content: str,
    ) -> None:
        if isinstance(record, SourceRecord):
            self._writer.add(
                document_row(self._shard, item.uri, file_stamp, record, document, content)
            )
            return
        place = claims.row_of(document, record.signature)
        if place is not None:
            self._writer.copy(place, 1, file_stamp)
            return
        table, row, _ = claims.known[record.signature]
        self._writer.add(
            table.row(row)
            | {"document_id": document, "shard": str(self._shard), "source_fingerprint": file_stamp}
        )

    def _split(self, item: SourceSlice, room: int | None, number: int, file_stamp: str) -> bool:
        """Leave this record, and `room` more of those planned, to another shard if they can be."""
        at = number if item.end_record is None or room is None else item.end_record - room - 1
        at = max(at, item.first_record + 1)
        if item.end_record is not None and at >= item.end_record:
            return False
        rest = RecordPlan(planned_for=file_stamp, in_order=item.end_record is None)
        following = self._store.ledger.sources.split_slice(self._shard, item, at=at, rest=rest)
        left = f"{item.uri} from record {at} goes to {following}"
        self._store.report_progress(f"{self._shard} is full: {left}")
        return True

    def _has_reached_limits(self, more: int) -> bool:
        """Say whether the shard is full, counting slices still to come and `more` rows of this one."""
        if self._writer.documents + self._awaited + more >= SHARD_MAX_DOCUMENTS:
            return True
        self._writer.settle()
        return self._writer.text_bytes >= SHARD_MAX_TEXT_BYTES


def _without_cut_off(
    stream: BinaryIO, file_stamp: str, records: Iterable[SourceRecord | KnownRecord]
) -> Iterator[SourceRecord | KnownRecord]:
    """Drop a last line that is being written, or that a crash truncated before it was confirmed."""
    held: SourceRecord | KnownRecord | None = None
    for record in records:
        if held is not None:
            yield held
        held = _as_named(record)
    if held is None:
        return
    is_failed = isinstance(held, SourceRecord) and held.parse_status == ParseStatus.FAILED
    if not (is_failed and _is_being_written(stream, file_stamp)):
        yield held


def _as_named(record: SourceRecord | KnownRecord) -> SourceRecord | KnownRecord:
    """Return a record of a segment with what the name of its document says of it."""
    if isinstance(record, KnownRecord) or not record.record_id:
        return record
    name = record.record_id
    is_name = record.title in (name, formats.stem_of(name))
    mime = formats.mime_of(name) if formats.is_supported(name) else record.mime
    return replace(record, mime=mime, is_title_shown_only=is_name)


def _is_being_written(stream: BinaryIO, file_stamp: str) -> bool:
    has_end = os.pread(stream.fileno(), 1, os.fstat(stream.fileno()).st_size - 1) == b"\n"
    return not has_end or file_fingerprint(os.fstat(stream.fileno())) != file_stamp


def _name(claims: RecordOwners, record: SourceRecord | KnownRecord, content: str) -> str:
    if isinstance(record, KnownRecord):
        return claims.known[record.signature][2]
    return record_name(record.record_id, content)
