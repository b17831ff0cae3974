"""Split the documents of a shard into rows of `chunks`.

Documents whose title and text are unchanged keep their rows; only the others are split. A document
that waits for an answer to be split with keeps its old rows: search goes on with them.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.lake.table_update import TableUpdate
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.pipeline.chunks.chunk_rows import ChunkRows, split_row_group
from semantic_assets.pipeline.chunks.previous_chunks import CHUNKER, PreviousChunks
from semantic_assets.pipeline.generation.context import (
    Fed,
    Feeds,
    awaited_tasks,
    context_digest,
    trusted_outputs,
)
from semantic_assets.pipeline.pending.broken_files import known_table
from semantic_assets.pipeline.pending.pending import WAITING
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store
from semantic_assets.text import chunking
from semantic_assets.text.fingerprint import fingerprint

#: The chunks of a row group of articles are smaller; those of one large record fill several.
_GROUP_BYTES = 16 << 20
_LIGHT = ["document_id", "content_hash", "parse_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksReport:
    shard: ShardKey
    chunks: int
    distinct_texts: int
    tokens_estimated: int
    #: Documents that were split; the others keep their rows.
    documents_chunked: int
    #: Documents that wait for an answer of a task before they are split.
    documents_waiting: int
    written: bool


def chunk_documents(store: Store, shard: ShardKey) -> ChunksReport:
    """Split a shard's documents into `chunks`, unless they, their answers and the rules are as before.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard's documents were not read yet, or are being written.
    """
    path = layout.chunks(shard)
    with store.ledger.leases.holding(lease_names.of_shard(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        documents = known_table(store, layout.documents(shard))
        if documents is None:
            raise Conflict(
                f"shard {shard}: its documents are not there yet; materialize them first"
            )
        settings = store.dataset_settings(shard.dataset)
        tasks = awaited_tasks(store, shard)
        answers = context_digest(tasks, shard, trusted_outputs(store, shard, tasks).get)
        inputs = chunks_inputs(settings, documents, answers)
        written = not store.is_current(path, inputs)
        feeds = Feeds.open(store, shard, tasks if written else ())
        cut = _write(store, lease, shard, settings, inputs, feeds) if written else 0
        report = _report(store, shard, cut, written=written)
        store.ledger.sources.update_shard(shard, chunks=report.chunks)
    return report


def chunks_inputs(settings: DatasetSettings, documents: str, answers: str | None = None) -> str:
    """Return the input fingerprint of a shard's `chunks`: rules, documents and answers digest."""
    fed = [] if answers is None else [answers]
    return fingerprint("chunks", _chunker(settings), documents, *fed)


def _chunker(settings: DatasetSettings) -> str:
    return f"{chunking.CODE_VERSION}:{settings.chunking_fingerprint}"


def _report(store: Store, shard: ShardKey, cut: int, *, written: bool) -> ChunksReport:
    columns = store.lake.read(layout.chunks(shard), ["text_hash", "token_estimate"])
    return ChunksReport(
        shard=shard,
        chunks=columns.num_rows,
        distinct_texts=pc.count_distinct(columns["text_hash"]).as_py(),
        tokens_estimated=pc.sum(columns["token_estimate"]).as_py() or 0,
        documents_chunked=cut,
        documents_waiting=int(store.lake.metadata(layout.chunks(shard)).get(WAITING, "0")),
        written=written,
    )


def _write(
    store: Store,
    lease: Lease,
    shard: ShardKey,
    settings: DatasetSettings,
    inputs: str,
    feeds: Feeds,
) -> int:
    """Write the shard's `chunks` table; return how many documents were split."""
    path, chunker = layout.chunks(shard), _chunker(settings)
    cut = 0
    with (
        closing(PreviousChunks.open(store, shard, chunker)) as previous,
        store.lake.open(layout.documents(shard)) as documents,
        store.updating_table(
            lease,
            path,
            CHUNKS,
            previous.table,
            input_fingerprint=inputs,
            whole=not previous.is_cut_so,
        ) as table,
    ):
        writer = _ChunksWriter(table, previous)
        for group in range(documents.num_row_groups):
            places, fresh = _places(documents, group, previous, feeds)
            split = split_row_group(shard, documents, group, fresh, settings)
            writer.add(_pieces(places, split))
            cut += len(fresh)
        # The number of waiting documents is part of the table's fingerprint: a shard is not settled
        # while a document waits.
        rows = table.chained(writer.digest.hexdigest(), previous.fingerprint.partition("-")[0])
        table.fingerprint = rows if not feeds.waiting else f"{rows}-{feeds.waiting}"
        is_mixed = feeds.waiting and not previous.is_cut_so
        # Waiting documents keep rows split the old way: the next time all are split anew.
        cut_as = f"{chunking.CODE_VERSION}:mixed" if is_mixed else chunker
        table.metadata |= {CHUNKER: cut_as, WAITING: str(feeds.waiting)}
    return cut


#: New chunks, or (first row, count) of rows that stay.
_Piece: TypeAlias = pa.Table | tuple[int, int]


class _ChunksWriter:
    """Writes pieces of the table as one row group up to some size, and hashes what it writes."""

    def __init__(self, table: TableUpdate, previous: PreviousChunks) -> None:
        self.digest = blake2b(digest_size=16)
        self._table, self._previous = table, previous
        self._waiting: list[pa.Table] = []
        self._bytes = 0

    def add(self, pieces: Iterator[_Piece]) -> None:
        """Write the chunks of a row group of documents: as a row group, or several if it is large."""
        for piece in pieces:
            if isinstance(piece, pa.Table):
                self._add(piece)
            elif self._table.amends:
                self._table.keep(*piece)
            else:
                for rows in self._previous.table.rows(*piece):
                    self._add(rows)
        self._write()

    def _add(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= _GROUP_BYTES:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting, self._bytes = [], 0
        joined = pc.binary_join_element_wise(table["chunk_id"], table["text_hash"], "")
        self.digest.update("".join(joined.to_pylist()).encode())
        self._table.write(table)


def _places(
    file: pq.ParquetFile, group: int, previous: PreviousChunks, feeds: Feeds
) -> tuple[list[tuple[int, int] | None], dict[int, Fed]]:
    """Return where the chunks of each document of a row group are now, and what is to be split."""
    light = file.read_row_group(group, _LIGHT, use_threads=False)
    columns = [light[name].to_pylist() for name in _LIGHT]
    places: list[tuple[int, int] | None] = []
    fresh: dict[int, Fed] = {}
    for row, (document, content, status) in enumerate(zip(*columns, strict=True)):
        fed = feeds.of(document, content, status) if status != "failed" else None
        if status == "failed" or (fed is not None and fed.text == ""):
            places.append((0, 0))
        elif fed is None:
            places.append(previous.last(document))
        else:
            places.append(previous.place(document, fed.content_hash))
            if places[-1] is None:
                fresh[row] = fed
    return places, fresh


def _pieces(places: list[tuple[int, int] | None], split: ChunkRows) -> Iterator[_Piece]:
    """Yield the chunks of a row group of documents in order."""
    done = 0
    for (first, count), is_kept in _runs(places):
        if is_kept:
            yield first, count
        else:
            for batch in split.of(done, count):
                yield pa.Table.from_batches([batch])
            done += count


def _runs(places: list[tuple[int, int] | None]) -> Iterator[tuple[tuple[int, int], bool]]:
    """Join neighbours: yield (first, count) of kept rows, or (0, count) of documents to split."""
    run, is_kept = (0, 0), True
    for place in places:
        if place is not None and is_kept and (sum(run) == place[0] or not place[1]):
            run = (run[0], run[1] + place[1])
        elif place is None and not is_kept:
            run = (0, run[1] + 1)
        elif place is None or place[1]:
            yield run, is_kept
            run, is_kept = place or (0, 1), place is not None
    yield run, is_kept
