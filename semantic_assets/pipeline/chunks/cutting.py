"""cut_documents: documents of one row group, as a table of their chunks."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, islice

import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.pipeline.generation.context import Fed
from semantic_assets.text.chunking import ChunkSizes, Span, Uncut, chunk_document, chunk_documents

#: About 300,000 characters of articles at once. With twice as many numpy's arrays are too large for the
#: heap, and each batch costs 500 page faults anew: half a CPU second of a shard.
_BATCH_DOCUMENTS = 32
#: A description is short, and a hit in a long film should tell when: a moment or two to a chunk.
MEDIA_SIZES = ChunkSizes(max_tokens=60, min_tokens=10)
_COLUMNS = ["document_id", "title", "text", "pages"]


def cut_documents(
    shard: ShardKey,
    file: pq.ParquetFile,
    group: int,
    rows: Mapping[int, Fed],
    sizes: ChunkSizes,
) -> tuple[pa.Table, list[int]]:
    """(chunks of these documents in order, where those of each begin and the last ones end)."""
    if not rows:
        return CHUNKS.empty_table(), [0]
    documents = file.read_row_group(group, _COLUMNS, use_threads=False)
    if len(rows) < documents.num_rows:
        documents = documents.take(pa.array(list(rows), pa.int64()))
    batches = documents.to_batches(max_chunksize=_BATCH_DOCUMENTS)
    fed = iter(rows.values())
    found = [_chunks(shard, batch, list(islice(fed, batch.num_rows)), sizes) for batch in batches]
    counts = chain.from_iterable(counts for _, counts in found)
    return pa.Table.from_batches([table for table, _ in found]), list(accumulate(counts, initial=0))


def _chunks(
    shard: ShardKey, documents: pa.RecordBatch, fed: Sequence[Fed], sizes: ChunkSizes
) -> tuple[pa.RecordBatch, list[int]]:
    columns = {name: documents[name].to_pylist() for name in _COLUMNS}
    texts = (
        text if one.text is None else one.text
        for one, text in zip(fed, columns["text"], strict=True)
    )
    contexts = (one.context for one in fed)
    uncut = map(Uncut, columns["document_id"], columns["title"], texts, contexts)
    contents = pa.array([one.content_hash for one in fed], pa.string())
    spans = list(chunk_documents(list(uncut), sizes))
    for row, one in enumerate(fed):
        if one.text is not None:
            document = columns["document_id"][row], columns["title"][row], one.text
            spans[row] = chunk_document(*document, MEDIA_SIZES)
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


def _array(values: pa.Array | Sequence[object], field: pa.Field) -> pa.Array:
    return values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)


def _pages(starts: Sequence[list[int] | None], spans: Sequence[list[Span]]) -> list[int | None]:
    """The page each chunk begins on, where its document has pages."""
    return [
        bisect_right(pages, span.start_char) if pages else None
        for pages, of_one in zip(starts, spans, strict=True)
        for span in of_one
    ]
