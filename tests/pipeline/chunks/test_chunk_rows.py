"""Rows of chunks: those of the plain functions, a few megabytes at a time."""

import pyarrow as pa

from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.tables import CHUNKS
from semantic_assets.pipeline.chunks.chunk_rows import ChunkRows
from semantic_assets.text.chunking import TextToSplit, divide_documents
from tests.text.plain_chunks import plain

SHARD = ShardKey(DatasetKey("p", "d"), 0)
LARGE = "\n\n".join(f"Paragraph {n} sagt: größer, und mehr davon. " * 20 for n in range(6_000))
TEXTS = ["One.", LARGE, "Two.\n\nThree."]


def test_rows_of_a_large_document_come_in_batches_and_are_those_made_one_by_one() -> None:
    divided = divide_documents([TextToSplit(str(n), "Über", text) for n, text in enumerate(TEXTS)])
    rows = ChunkRows(SHARD, divided, [None, [0, 500], None], ["a", "b", "c"])
    batches = [*rows.of(0, 2), *rows.of(2, 1)]
    assert len(batches) > 2
    assert max(batch.nbytes for batch in batches) < 16 << 20
    table = pa.Table.from_batches(batches)
    assert table.schema == CHUNKS
    made = table.to_pylist()
    expected = [(n, span) for n, one in enumerate(divided) for span in plain(one)]
    for row, (owner, span) in zip(made, expected, strict=True):
        assert row["document_id"] == str(owner)
        assert row["content_hash"] == "abc"[owner]
        assert row["page"] == ((1 if span.start_char < 500 else 2) if owner == 1 else None)
        assert {name: row[name] for name in span._fields} == span._asdict()
