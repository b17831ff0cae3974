"""What an index says of the documents of its rows, read from the documents table of a shard."""

import pyarrow as pa

from semantic_assets.intake.names import is_segment, shown_uri
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import OF_DOCUMENTS
from semantic_assets.pipeline.pending.metadata_texts import metadata_texts
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
