"""A few rows of a table as metadata: enough to show it, few enough for the event log."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.tables import INDEX_ROWS
from semantic_assets.orchestration.reporting.columns import table_schema
from semantic_assets.orchestration.reporting.numbers import rounded
from semantic_assets.pipeline.reports.samples import index_rows
from semantic_assets.store import Store
from semantic_assets.text.foreign import visible

ROWS = 5
_CHARS = 60
#: The columns of a hit; with the ids before them the text would be a word wide.
_HIT = ("uri", "title", "chunk_index", "start_char", "end_char", "heading_path", "text")
#: Vectors, hashes, and the columns that are equal in all rows of a shard.
_HIDDEN = frozenset(
    {
        "shard",
        "space",
        "vector",
        "vector_text",
        "pages",
        "content_hash",
        "text_hash",
        "source_fingerprint",
        "record_signature",
    }
)


def sample_of_file(store: Store, path: str, schema: pa.Schema) -> dg.TableMetadataValue:
    """Return the first rows of a table of the lake."""
    shown = pa.schema([field for field in schema if field.name not in _HIDDEN])
    return sample(store.lake.head(path, shown.names, ROWS).to_pylist(), shown)


def sample_of_index(store: Store, dataset: DatasetKey) -> dg.TableMetadataValue:
    """Return the first rows that search answers from."""
    shown = pa.schema([INDEX_ROWS.field(name) for name in _HIT])
    return sample(index_rows(store, dataset, limit=ROWS), shown)


def sample(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> dg.TableMetadataValue:
    """Return rows as a metadata table; long values are shortened."""
    records = [dg.TableRecord({name: _short(row[name]) for name in schema.names}) for row in rows]
    return dg.MetadataValue.table(records=records, schema=table_schema(schema))


def job_row(job: BatchJob) -> dict[str, Any]:
    """Return a batch job as a row of BATCH_JOBS."""
    return {
        "job": job.job_id,
        "stage": str(job.stage),
        "outcome": job.outcome and str(job.outcome),
        "state": str(job.state),
        "remote": job.remote_name,
        "requests": job.requests,
        "tokens_estimated": job.tokens_estimated,
        "error_message": job.trouble,
    }


def _short(value: object) -> str | int | float | bool | None:
    if isinstance(value, float):
        return rounded(value)
    if value is None or isinstance(value, int | bool):
        return value
    text = visible(" ".join(str(value).split()))
    return text if len(text) <= _CHARS else f"{text[:_CHARS]}..."
