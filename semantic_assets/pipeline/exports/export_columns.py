"""The columns of an exported table, alike in every format."""

import pyarrow as pa

#: What each column holds, in their order.
COLUMNS = {
    "id": "id of the passage, the same as long as its document and its words are",
    "dataset": "project and dataset",
    "shard": "number of the shard; exports go by it",
    "document_id": "id of the document",
    "record_id": "id of the record, where the file has many",
    "title": "title of the document",
    "uri": "path of the document below the sources",
    "heading": "headings that the passage stands under",
    "page": "page that the passage begins on",
    "chunk_index": "number of the passage in its document",
    "start_char": "place of its first character in the document's text",
    "end_char": "place after its last character",
    "metadata": "JSON text of the document's metadata, an object of strings",
    "token_count": "tokens that the model counted",
    "text": "the passage",
    "vector": "float32, of length 1",
}
#: Columns whose values repeat from row to row.
REPEATED = ("dataset", "shard", "document_id", "record_id", "title", "uri", "heading", "metadata")
_TYPES: dict[str, pa.DataType] = {
    "page": pa.int32(),
    "chunk_index": pa.int32(),
    "start_char": pa.int64(),
    "end_char": pa.int64(),
    "token_count": pa.int32(),
}


def export_schema(dimensions: int) -> pa.Schema:
    """Return the Arrow schema of an exported table; strings are plain, so that all readers agree."""
    types = _TYPES | {"vector": pa.list_(pa.float32(), dimensions)}
    return pa.schema([pa.field(name, types.get(name, pa.string())) for name in COLUMNS])
