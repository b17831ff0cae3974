"""Read the files of a shard into rows of `documents`.

The cost follows the changes: unchanged files are not opened, and of files of records only the
changed records are parsed.
"""

from contextlib import closing
from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.lake.lake import INPUT
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.pipeline.documents.documents_table import READER, DocumentsWriter, PreviousRows
from semantic_assets.pipeline.documents.slice_reader import SliceReader
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

#: Increase when the same file would be read into other rows.
CODE_VERSION = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsReport:
    shard: ShardKey
    documents: int
    failed: int
    text_bytes: int
    #: Files that were opened; the others are unchanged.
    files_read: int
    #: Files that changed while they were read, or could not be opened: the next run reads them.
    unsettled: tuple[str, ...]
    #: False where nothing had changed and the file was left as it was.
    written: bool


def read_documents(store: Store, shard: ShardKey) -> DocumentsReport:
    """Read a shard's sources into its `documents` file, unless they are unchanged.

    Raises:
        NotFound: there is no such shard, or its dataset was removed.
        OSError: reading a source file failed; the old table stays.
    """
    store.ledger.sources.shard(shard)
    with store.ledger.leases.holding(lease_names.of_shard(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        settings = store.dataset_settings(shard.dataset)
        # Read before the slices: a listing in between makes it stale, not wrongly current.
        row = store.ledger.sources.shard(shard)
        wanted = reading_of(row, settings)
        slices = store.ledger.sources.shard_slices(shard)
        reader = reader_of(settings)
        inputs = _inputs(reader, [(s.uri, s.first_record, s.file_fingerprint) for s in slices])
        if store.is_current(layout.documents(shard), inputs):
            report = _unchanged(store, row)
        else:
            store.sources.bring(
                item.uri for item in slices if item.read_fingerprint != item.file_fingerprint
            )
            report = _write(store, lease, shard, slices, reader)
        read_as = None if report.unsettled else wanted
        if read_as != row.read_as:
            store.ledger.sources.update_shard(shard, read_as=read_as)
        return report


def reading_of(shard: Shard, settings: DatasetSettings) -> str:
    """Return the `read_as` value of a shard read in its present state, from the ledger alone."""
    return f"{shard.revision}:{reader_of(settings)}"


def reader_of(settings: DatasetSettings) -> str:
    """Return the version and settings of the code that reads a dataset's files."""
    return f"{CODE_VERSION}:{settings.columns_fingerprint}:{settings.options_fingerprint}"


def _inputs(reader: str, etags: list[tuple[str, int, str]]) -> str:
    """Return the input fingerprint, without slice ends: a large file's first reading sets those."""
    return fingerprint("documents", reader, *(part for file_stamp in etags for part in file_stamp))


def _unchanged(store: Store, row: Shard) -> DocumentsReport:
    statuses = store.lake.read(layout.documents(row.key), ["parse_status"])["parse_status"]
    return DocumentsReport(
        shard=row.key,
        documents=len(statuses),
        failed=pc.sum(pc.equal(statuses, "failed")).as_py() or 0,
        text_bytes=row.text_bytes,
        files_read=0,
        unsettled=(),
        written=False,
    )


def _write(
    store: Store, lease: Lease, shard: ShardKey, slices: list[SourceSlice], reader: str
) -> DocumentsReport:
    settings, path = store.dataset_settings(shard.dataset), layout.documents(shard)
    with (
        closing(PreviousRows.open(store, shard, reader)) as previous,
        store.updating_table(lease, path, DOCUMENTS, previous.table, input_fingerprint="") as table,
    ):
        writer = DocumentsWriter(table, previous)
        reading = SliceReader(store, shard, settings, reader, previous, writer)
        with closing(reading):
            reading.read_all(slices)
        table.fingerprint = writer.close()
        table.metadata |= {READER: reader, INPUT: _inputs(reader, reading.inputs)}
    store.ledger.sources.note_readings(shard, reading.readings)
    counts = {"documents": writer.documents, "text_bytes": writer.text_bytes}
    # A full shard stays closed: a document never moves, so none may be pushed out.
    closed = {"closed": True} if reading.is_full else {}
    store.ledger.sources.update_shard(shard, **counts, **closed)
    return DocumentsReport(
        shard=shard,
        failed=writer.failed,
        files_read=len(reading.readings),
        unsettled=tuple(reading.unsettled),
        written=True,
        **counts,
    )
