"""read_documents: the files of a shard as rows of `documents`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from semantic_assets.dataset_settings import DatasetSettings
from semantic_assets.lake import layout
from semantic_assets.lake.files import TableFile
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.slices import SourceSlice
from semantic_assets.model.keys import SHARD_MAX_DOCUMENTS, SHARD_MAX_TEXT_BYTES, ShardKey
from semantic_assets.model.tables import DOCUMENTS
from semantic_assets.parsing.readers import is_multi_record, read_records
from semantic_assets.parsing.records import SourceRecord
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import document_id, fingerprint, fingerprint_rows, text_hash

#: Bump when the same file would be read into other rows.
CODE_VERSION = "1"
_BATCH_ROWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsReport:
    shard: ShardKey
    documents: int
    failed: int
    text_bytes: int
    #: False where nothing had changed and the file was left as it was.
    written: bool


@dataclass(slots=True)
class _Reading:
    """One pass over a shard's slices."""

    shard: ShardKey
    settings: DatasetSettings
    documents: int = 0
    failed: int = 0
    text_bytes: int = 0
    identities: list[str] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return self.documents >= SHARD_MAX_DOCUMENTS or self.text_bytes >= SHARD_MAX_TEXT_BYTES

    def count(self, row: dict[str, object], size: int) -> None:
        self.documents += 1
        self.text_bytes += size
        self.failed += row["parse_status"] != "ok"
        self.identities.append(f"{row['document_id']}{row['content_hash']}{row['parse_error']}")


def read_documents(store: Store, shard: ShardKey) -> DocumentsReport:
    """Read a shard's sources into its `documents` file, unless they are what they were.

    Raises:
        NotFound: there is no such shard, or its dataset was removed.
        OSError: a source file cannot be opened or read; the old table stays.
    """
    store.ledger.sources.shard(shard)
    path = layout.documents(shard)
    with store.ledger.leases.holding(store.shard_lease(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        slices = store.ledger.sources.shard_slices(shard)
        settings = store.dataset_settings(shard.dataset)
        inputs = _input_fingerprint(slices, settings)
        if store.is_current(path, inputs):
            return _unchanged(store, shard)
        reading = _write(store, lease, _Reading(shard, settings), slices, inputs)
        store.ledger.sources.mark_read(shard)
        store.ledger.sources.update_shard(
            shard,
            documents=reading.documents,
            text_bytes=reading.text_bytes,
            # What is full stays closed: a document never moves, so none may be pushed out.
            **({"closed": True} if reading.is_full else {}),
        )
    return DocumentsReport(
        shard=shard,
        documents=reading.documents,
        failed=reading.failed,
        text_bytes=reading.text_bytes,
        written=True,
    )


def _unchanged(store: Store, shard: ShardKey) -> DocumentsReport:
    row = store.ledger.sources.shard(shard)
    statuses = store.lake.read(layout.documents(shard), ["parse_status"])["parse_status"]
    return DocumentsReport(
        shard=shard,
        documents=len(statuses),
        failed=sum(status != "ok" for status in statuses.to_pylist()),
        text_bytes=row.text_bytes,
        written=False,
    )


def _input_fingerprint(slices: list[SourceSlice], settings: DatasetSettings) -> str:
    parts: list[str | int | None] = [CODE_VERSION, settings.columns_fingerprint]
    for item in slices:
        # Not end_record: the first reading of a large file sets it, and changes nothing by that.
        parts += [item.uri, item.first_record, item.file_fingerprint]
    return fingerprint("documents", *parts)


def _write(
    store: Store, lease: Lease, reading: _Reading, slices: list[SourceSlice], inputs: str
) -> _Reading:
    path = layout.documents(reading.shard)
    with store.replacing_table(lease, path, DOCUMENTS, input_fingerprint=inputs) as (file, content):
        batch: list[dict[str, object]] = []
        for item in slices:
            for row in _rows_of_slice(store, reading, item):
                batch.append(row)
                if len(batch) >= _BATCH_ROWS:
                    batch = _flush(file, batch)
        _flush(file, batch)
        content(fingerprint_rows(reading.identities))
    return reading


def _flush(file: TableFile, batch: list[dict[str, object]]) -> list[dict[str, object]]:
    file.write(pa.RecordBatch.from_pylist(batch, schema=DOCUMENTS))
    return []


def _rows_of_slice(
    store: Store, reading: _Reading, item: SourceSlice
) -> Iterator[dict[str, object]]:
    """Rows of one slice; where the shard is full, what nobody has read goes to the next one."""
    if reading.is_full and not item.is_read:
        following = store.ledger.sources.move_slice(reading.shard, item)
        store.tell(f"{reading.shard} is full: {item.uri} goes to {following}")
        return
    occurrences: Counter[str] = Counter()
    with (store.settings.sources / item.uri).open("rb") as stream:
        records = read_records(
            item.uri, stream, columns=reading.settings.columns, skip=item.first_record
        )
        for number, record in enumerate(records, start=item.first_record):
            if item.end_record is not None and number >= item.end_record:
                return
            if item.end_record is None and number > item.first_record and reading.is_full:
                following = store.ledger.sources.split_slice(reading.shard, item, at=number)
                store.tell(
                    f"{reading.shard} is full: {item.uri} from record {number} goes to {following}"
                )
                return
            row = _row(reading.shard, item.uri, record, occurrences)
            reading.count(row, len(record.text.encode()))
            yield row


def _row(
    shard: ShardKey, uri: str, record: SourceRecord, occurrences: Counter[str]
) -> dict[str, object]:
    content = text_hash(f"{record.title or ''}\x1f{record.text}")
    identity = _identity(uri, record, content, occurrences)
    return {
        "document_id": document_id(str(shard.dataset), uri, identity),
        "shard": str(shard),
        "uri": uri,
        "record_id": record.record_id,
        "title": record.title,
        "text": record.text,
        "mime": record.mime,
        "bytes": record.bytes,
        "content_hash": content,
        "metadata": list(record.metadata.items()),
        "pages": list(record.pages),
        "parse_status": record.parse_status,
        "parse_error": record.parse_error,
    }


def _identity(uri: str, record: SourceRecord, content: str, occurrences: Counter[str]) -> str:
    """The record's own id; else its content; never its place in the file."""
    if not is_multi_record(uri):
        return ""
    name = f"id:{record.record_id}" if record.record_id is not None else f"content:{content}"
    occurrences[name] += 1
    return name if occurrences[name] == 1 else f"{name}#{occurrences[name]}"
