"""The Arrow schemas of the lake's tables. A comment says what a row of each table is."""

import pyarrow as pa

from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import is_task

# One source document as read; unreadable ones are rows too, with parse_status and parse_error.
DOCUMENTS = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("record_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("text_bytes", pa.int64(), nullable=False),
        pa.field("mime", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("metadata", pa.map_(pa.string(), pa.string())),
        pa.field("pages", pa.list_(pa.int32())),
        pa.field("parse_status", pa.string(), nullable=False),
        pa.field("parse_error", pa.string()),
        # The file and the record as they were read: unchanged ones are not read again.
        pa.field("source_fingerprint", pa.string(), nullable=False),
        pa.field("record_signature", pa.string()),
        # The title is the file's name, or stands further down: it is not embedded. Null: it is.
        pa.field("is_title_shown_only", pa.bool_()),
        # Letters that were left out around the content, as of a web page. Null: not such a format.
        pa.field("left_out_chars", pa.int64()),
    ]
)

# One contiguous span of a document; start_char and end_char index the document's text.
CHUNKS = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("chunk_index", pa.int32(), nullable=False),
        pa.field("start_char", pa.int64(), nullable=False),
        pa.field("end_char", pa.int64(), nullable=False),
        pa.field("heading_path", pa.string()),
        pa.field("page", pa.int32()),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("vector_text", pa.large_string(), nullable=False),
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("token_estimate", pa.int32(), nullable=False),
        # Hash of the document it was split from: an unchanged document is not split again.
        pa.field("content_hash", pa.string(), nullable=False),
    ]
)

# One request of a generation task: the prompt for a document, or the reason there is none.
REQUESTS = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        # Hash of the task, the prompt and the media: equal requests are sent once.
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("vector_text", pa.large_string(), nullable=False),
        pa.field("token_estimate", pa.int32(), nullable=False),
        pa.field("media_uri", pa.string()),
        pa.field("media_hash", pa.string()),
        pa.field("mime", pa.string()),
        pa.field("refusal", pa.string()),
    ]
)

# The final outcome of a request of a document. `output` is JSON where the task has a schema.
GENERATIONS = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("output", pa.large_string()),
        pa.field("finish_reason", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("tokens", pa.int32()),
        pa.field("output_tokens", pa.int32()),
        # Batch price of the attempt that counts; earlier attempts are in the bill of their jobs.
        pa.field("usd", pa.float64()),
        pa.field("attempts", pa.int32(), nullable=False),
        pa.field("batch_job_id", pa.string()),
    ]
)

# One text of one batch job, paid for or about to be. Deleted when the job is final.
# Media are named by their uri below the source root.
MANIFEST = pa.schema(
    [
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("vector_text", pa.large_string(), nullable=False),
        pa.field("token_estimate", pa.int32(), nullable=False),
        pa.field("media_uri", pa.string()),
        pa.field("media_hash", pa.string()),
        pa.field("mime", pa.string()),
    ]
)


def results_schema(dimensions: int = -1) -> pa.Schema:
    """Return the schema of one text's outcome in one job; `vector` is null unless it is `ok`."""
    return pa.schema(
        [
            pa.field("text_hash", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimensions)),
            pa.field("token_count", pa.int32()),
            pa.field("outcome", pa.string(), nullable=False),
            pa.field("error_code", pa.string()),
            pa.field("error_message", pa.string()),
        ]
    )


# The final outcome of one current chunk in a space: READY with a vector, or FAILED.
EMBEDDINGS_COLUMNS = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("space", pa.string(), nullable=False),
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("vector", pa.list_(pa.float32())),
        pa.field("batch_job_id", pa.string(), nullable=False),
        pa.field("token_count", pa.int32()),
        pa.field("attempts", pa.int32(), nullable=False),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
    ]
)


def embeddings_schema(space: EmbeddingSpace) -> pa.Schema:
    """Return EMBEDDINGS_COLUMNS with the vector's length fixed to the space's dimensions."""
    vector = pa.field("vector", pa.list_(pa.float32(), space.dimensions))
    return EMBEDDINGS_COLUMNS.set(EMBEDDINGS_COLUMNS.get_field_index("vector"), vector)


# The rows that search returns: one row per vector of an index version, in the vectors' order.
INDEX_ROWS = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("chunk_index", pa.int32(), nullable=False),
        pa.field("start_char", pa.int64(), nullable=False),
        pa.field("end_char", pa.int64(), nullable=False),
        pa.field("heading_path", pa.string()),
        pa.field("page", pa.int32()),
        pa.field("record_id", pa.string()),
        pa.field("mime", pa.string()),
        # JSON of the document's metadata, by key; null: it has none. Rows of a document share it.
        pa.field("metadata", pa.dictionary(pa.int32(), pa.string())),
        pa.field("text", pa.large_string(), nullable=False),
    ]
)

#: Columns of INDEX_ROWS that say more of the document; earlier releases did not write them.
OF_DOCUMENTS = ("record_id", "mime", "metadata")

# A row of an index part: a row of INDEX_ROWS, and where its vector comes from in its space.
# What a job answered never changes, so rows of equal origin have equal vectors.
PART_ROWS = pa.schema(
    [
        *INDEX_ROWS,
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("batch_job_id", pa.string(), nullable=False),
    ]
)


# One outcome of one request of one generation job; `output` may accompany an error.
GENERATION_RESULTS = pa.schema(
    [
        pa.field("text_hash", pa.string(), nullable=False),
        pa.field("output", pa.large_string()),
        pa.field("finish_reason", pa.string()),
        pa.field("token_count", pa.int32()),
        pa.field("output_tokens", pa.int32()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
    ]
)


def results_of(product: Product) -> pa.Schema:
    """Return the schema of the results files of a product."""
    if isinstance(product, EmbeddingSpace):
        return results_schema(product.dimensions)
    return GENERATION_RESULTS


def token_columns(product_id: str) -> list[str]:
    """Return the columns of a results file that count tokens."""
    return ["token_count", *(["output_tokens"] if is_task(product_id) else [])]
