"""Split the documents of a shard into rows of `chunks`.

Documents whose title and text are unchanged keep their rows; only the others are split. A document
that waits for an answer to be split with keeps its old rows: search goes on with them.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, chain, islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.parsing import formats
from semantic_assets.pipeline.chunks.previous_chunks import (
    CHUNKER,
    Piece,
    PreviousChunks,
    write_group,
)
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
from semantic_assets.text.chunking import (
    ChunkSizes,
    Span,
    TextToSplit,
    split_document,
    split_documents,
)
from semantic_assets.text.fingerprint import fingerprint
from semantic_assets.text.kinds import TextKind

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
    digest, cut = blake2b(digest_size=16), 0
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
        for group in range(documents.num_row_groups):
            pieces, fresh = _pieces(shard, documents, group, previous, settings, feeds)
            cut += fresh
            write_group(table, previous, pieces, digest)
        rows = table.chained(digest.hexdigest(), previous.fingerprint.partition("-")[0])
        # The number of waiting documents is part of the table's fingerprint: a shard is not settled
        # while a document waits.
        table.fingerprint = rows if not feeds.waiting else f"{rows}-{feeds.waiting}"
        is_mixed = feeds.waiting and not previous.is_cut_so
        # Waiting documents keep rows split the old way: the next time all are split anew.
        cut_as = f"{chunking.CODE_VERSION}:mixed" if is_mixed else chunker
        table.metadata |= {CHUNKER: cut_as, WAITING: str(feeds.waiting)}
    return cut


def _pieces(
    shard: ShardKey,
    file: pq.ParquetFile,
    group: int,
    previous: PreviousChunks,
    settings: DatasetSettings,
    feeds: Feeds,
) -> tuple[list[Piece], int]:
    """Return the chunks of a row group of documents in order, and how many of these were split."""
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
    cut, ends = chunk_row_group(shard, file, group, fresh, settings)
    pieces: list[Piece] = []
    done = 0
    for (first, count), is_kept in _runs(places):
        if is_kept:
            pieces.append((first, count))
        else:
            pieces.append(cut.slice(ends[done], ends[done + count] - ends[done]))
            done += count
    return pieces, len(fresh)


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


#: About 300,000 characters of articles at once. With twice as many, numpy's arrays are too large for
#: the heap, and each batch costs 500 new page faults: half a CPU second per shard.
_BATCH_DOCUMENTS = 32
#: A description is short, and a hit in a long film should give its time: a moment or two per chunk.
MEDIA_SIZES = ChunkSizes(max_tokens=60, min_tokens=10)
_COLUMNS = ["document_id", "uri", "title", "text", "pages", "mime"]
_SHOWN_ONLY = "is_title_shown_only"


def chunk_row_group(
    shard: ShardKey,
    file: pq.ParquetFile,
    group: int,
    rows: Mapping[int, Fed],
    settings: DatasetSettings,
) -> tuple[pa.Table, list[int]]:
    """Return the chunks of these documents in order, and the offsets between the documents.

    Document n has the chunks from offset n to offset n + 1.
    """
    if not rows:
        return CHUNKS.empty_table(), [0]
    documents = file.read_row_group(group, [*_COLUMNS, _SHOWN_ONLY], use_threads=False)
    if len(rows) < documents.num_rows:
        documents = documents.take(pa.array(list(rows), pa.int64()))
    batches = documents.to_batches(max_chunksize=_BATCH_DOCUMENTS)
    fed = iter(rows.values())
    found = [
        _chunks(shard, batch, list(islice(fed, batch.num_rows)), settings) for batch in batches
    ]
    counts = chain.from_iterable(counts for _, counts in found)
    return pa.Table.from_batches([table for table, _ in found]), list(accumulate(counts, initial=0))


def _chunks(
    shard: ShardKey, documents: pa.RecordBatch, fed: Sequence[Fed], settings: DatasetSettings
) -> tuple[pa.RecordBatch, list[int]]:
    columns = {name: documents[name].to_pylist() for name in _COLUMNS}
    texts = (
        text if one.text is None else one.text
        for one, text in zip(fed, columns["text"], strict=True)
    )
    contexts = (one.context for one in fed)
    titles = _embedded_titles(documents, columns["title"])
    kinds = _kinds(shard, columns["uri"], columns["mime"], settings)
    to_split = map(TextToSplit, columns["document_id"], titles, texts, contexts, kinds)
    contents = pa.array([one.content_hash for one in fed], pa.string())
    spans = list(split_documents(list(to_split), settings.chunking))
    for row, one in enumerate(fed):
        if one.text is not None:
            described = columns["document_id"][row], titles[row], one.text
            spans[row] = split_document(*described, MEDIA_SIZES)
    counts = [len(of_one) for of_one in spans]
    owners = pa.array(list(chain.from_iterable([n] * count for n, count in enumerate(counts))))
    every = list(chain.from_iterable(spans))
    values = dict(zip(Span._fields, zip(*every, strict=True), strict=False)) if every else {}
    made = {
        **values,
        "document_id": documents["document_id"].take(owners) if every else (),
        "shard": pa.repeat(str(shard), len(every)),
        "page": _pages(columns["pages"], spans),
        "content_hash": contents.take(owners) if every else (),
    }
    return pa.RecordBatch.from_arrays(
        [_array(made.get(field.name, ()), field) for field in CHUNKS], schema=CHUNKS
    ), counts


def _kinds(
    shard: ShardKey, uris: list[str], mimes: list[str], settings: DatasetSettings
) -> Iterator[TextKind]:
    for uri, mime in zip(uris, mimes, strict=True):
        records = settings.record_kind_of(uri.removeprefix(f"{shard.dataset}/"))
        yield formats.text_kind_of(mime, records=records)


def _embedded_titles(documents: pa.RecordBatch, titles: list[str | None]) -> list[str | None]:
    """Return the titles that are embedded: those of their documents, and not names of files."""
    if _SHOWN_ONLY not in documents.schema.names:
        return titles  # written before there was such a column, and its sources are out of reach
    shown_only = documents[_SHOWN_ONLY].to_pylist()
    return [None if only else title for title, only in zip(titles, shown_only, strict=True)]


def _array(values: pa.Array | Sequence[object], field: pa.Field) -> pa.Array:
    return values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)


def _pages(starts: Sequence[list[int] | None], spans: Sequence[list[Span]]) -> list[int | None]:
    """List the page each chunk begins on; None where its document has no pages."""
    return [
        bisect_right(pages, span.start_char) if pages else None
        for pages, of_one in zip(starts, spans, strict=True)
        for span in of_one
    ]
