"""What an index says of the documents of its rows, read from the documents table of a shard."""

from itertools import pairwise

import orjson
import pyarrow as pa

from semantic_assets.intake.names import is_segment, shown_uri
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import OF_DOCUMENTS
from semantic_assets.store import Store

#: Columns of INDEX_ROWS that are the document's.
DOCUMENT_COLUMNS = ("uri", "title", *OF_DOCUMENTS)


def documents_of(store: Store, shard: ShardKey) -> pa.Table:
    """Read document_id and DOCUMENT_COLUMNS, the uri as shown to users, metadata as JSON.

    Metadata is a dictionary: rows of a document share it, and it may be longer than their texts.
    """
    table = store.lake.read(layout.documents(shard), ["document_id", *DOCUMENT_COLUMNS])
    uris = table["uri"].to_pylist()
    if any(map(is_segment, set(uris))):
        shown = map(shown_uri, uris, table["record_id"].to_pylist())
        table = table.set_column(1, "uri", pa.array(shown, pa.string()))
    place = table.column_names.index("metadata")
    texts = metadata_texts(table["metadata"]).dictionary_encode()
    return table.set_column(place, "metadata", texts)


def metadata_texts(column: pa.ChunkedArray) -> pa.Array:
    """Return maps of metadata as JSON, their keys in order; null: there is none."""
    found: list[str | None] = []
    for maps in column.chunks:
        offsets = maps.offsets.to_pylist()
        keys, values = maps.keys.to_pylist(), maps.items.to_pylist()
        found += [
            _text(dict(zip(keys[start:end], values[start:end], strict=True)))
            for start, end in pairwise(offsets)
        ]
    return pa.array(found, pa.string())


def _text(metadata: dict[str, str | None]) -> str | None:
    return orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode() if metadata else None
