"""The rows of `chunks` that documents are split into, a few megabytes at a time."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.parsing import formats
from semantic_assets.pipeline.generation.context import Fed
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.text.chunking import (
    Chunk,
    ChunkSizes,
    DividedText,
    TextToSplit,
    divide_documents,
)

#: A description is short, and a hit in a long film should give its time: a moment or two per chunk.
MEDIA_SIZES = ChunkSizes(max_tokens=60, min_tokens=10)
#: Text of one batch of rows. A record of 63 MB was held nine times while all its rows were one.
_BATCH_BYTES = 4 << 20
_COLUMNS = ["document_id", "uri", "title", "text", "pages", "mime"]
_SHOWN_ONLY = "is_title_shown_only"


class ChunkRows:
    """The chunks of some documents of a row group, made as they are asked for."""

    def __init__(
        self,
        shard: ShardKey,
        divided: Sequence[DividedText],
        pages: Sequence[Sequence[int] | None],
        contents: Sequence[str],
    ) -> None:
        self._shard, self._divided = shard, divided
        self._pages, self._contents = pages, contents

    def of(self, first: int, count: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `count` documents from document `first` on, in order."""
        owners: list[int] = []
        chunks: list[Chunk] = []
        size = 0
        for number in range(first, first + count):
            for chunk in self._divided[number].chunks():
                owners.append(number)
                chunks.append(chunk)
                size += len(chunk.text)
                if size >= _BATCH_BYTES:
                    yield self._batch(owners, chunks)
                    owners, chunks, size = [], [], 0
        if chunks:
            yield self._batch(owners, chunks)

    def _batch(self, owners: list[int], chunks: list[Chunk]) -> pa.RecordBatch:
        columns = dict(zip(Chunk._fields, zip(*chunks, strict=True), strict=True))
        text, above = columns["text"], columns.pop("above")
        made = {
            **columns,
            "text": _joined(text),
            "vector_text": _joined(above, text),
            "document_id": [self._divided[owner].document.document_id for owner in owners],
            "content_hash": [self._contents[owner] for owner in owners],
            "shard": pa.repeat(str(self._shard), len(chunks)),
            "page": [
                self._page(owner, place)
                for owner, place in zip(owners, columns["start_char"], strict=True)
            ],
        }
        return pa.RecordBatch.from_arrays(
            [_array(made[field.name], field) for field in CHUNKS], schema=CHUNKS
        )

    def _page(self, owner: int, place: int) -> int | None:
        """Return the page a chunk begins on; None where its document has no pages."""
        starts = self._pages[owner]
        return bisect_right(starts, place) if starts else None


def split_row_group(
    shard: ShardKey,
    file: pq.ParquetFile,
    group: int,
    rows: Mapping[int, Fed],
    settings: DatasetSettings,
) -> ChunkRows:
    """Divide these documents of a row group; their rows are made when they are asked for."""
    contents = [one.content_hash for one in rows.values()]
    if not rows:
        return ChunkRows(shard, (), (), contents)
    documents = file.read_row_group(group, [*_COLUMNS, _SHOWN_ONLY], use_threads=False)
    if len(rows) < documents.num_rows:
        documents = documents.take(pa.array(list(rows), pa.int64()))
    pages = documents["pages"].to_pylist()
    to_split = _texts_to_split(shard, documents, list(rows.values()), settings)
    del documents  # the texts are there twice as long as it is
    if sum(len(one.text) for one in to_split) > _BATCH_BYTES:
        pa.default_memory_pool().release_unused()  # twice the size of a large record
    return ChunkRows(shard, divide_documents(to_split), pages, contents)


def _texts_to_split(
    shard: ShardKey, documents: pa.Table, fed: Sequence[Fed], settings: DatasetSettings
) -> list[TextToSplit]:
    columns = {name: documents[name].to_pylist() for name in _COLUMNS if name != "pages"}
    titles = _embedded_titles(documents, columns["title"])
    found: list[TextToSplit] = []
    for row, one in enumerate(fed):
        document, title = columns["document_id"][row], titles[row]
        if one.text is not None:
            found.append(TextToSplit(document, title, one.text, sizes=MEDIA_SIZES))
            continue
        records = settings.record_kind_of(columns["uri"][row].removeprefix(f"{shard.dataset}/"))
        kind = formats.text_kind_of(columns["mime"][row], records=records)
        sizes = settings.chunking
        text = columns["text"][row]
        found.append(TextToSplit(document, title, text, one.context, kind, sizes))
    return found


def _embedded_titles(documents: pa.Table, titles: list[str | None]) -> list[str | None]:
    """Return the titles that are embedded: those of their documents, and not names of files."""
    if _SHOWN_ONLY not in documents.schema.names:
        return titles  # written before there was such a column, and its sources are out of reach
    shown_only = documents[_SHOWN_ONLY].to_pylist()
    return [None if only else title for title, only in zip(titles, shown_only, strict=True)]


def _joined(*parts: Sequence[bytes]) -> pa.LargeStringArray:
    """Return a column of texts, each the join of its parts in UTF-8."""
    count = len(parts[0])
    offsets = np.zeros(count + 1, dtype=np.int64)
    for one in parts:
        offsets[1:] += np.fromiter(map(len, one), dtype=np.int64, count=count)
    data = b"".join(chain.from_iterable(zip(*parts, strict=True)))
    buffers = pa.py_buffer(np.cumsum(offsets)), pa.py_buffer(data)
    return pa.LargeStringArray.from_buffers(count, *buffers)


def _array(values: pa.Array | Sequence[object], field: pa.Field) -> pa.Array:
    return values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)
