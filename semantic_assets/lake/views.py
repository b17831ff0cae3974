"""DuckDB over the lake: in memory, one view per table, no extension.

Never a shared .duckdb file: a second process is refused, even for reading.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from semantic_assets.model.tables import (
    CHUNKS,
    DOCUMENTS,
    EMBEDDINGS_COLUMNS,
    GENERATION_RESULTS,
    GENERATIONS,
    MANIFEST,
    REQUESTS,
    results_schema,
)

_VECTOR = pa.list_(pa.float32())
_CHUNK_STATUS = """
CREATE VIEW chunk_status AS
SELECT c.chunk_id, c.document_id, c.project, c.dataset, c.shard, c.chunk_index, c.text_hash,
       coalesce(e.status, 'PENDING') AS status,
       coalesce(e.batch_job_id, m.batch_job_id) AS batch_job_id,
       coalesce(e.error_message, j.error_message) AS error_message
FROM chunks c
LEFT JOIN datasets d ON d.project = c.project AND d.dataset = c.dataset
LEFT JOIN embeddings e ON e.chunk_id = c.chunk_id AND e.space = d.serving_space
LEFT JOIN (SELECT text_hash, min(batch_job_id) AS batch_job_id FROM manifests GROUP BY 1) m
       ON m.text_hash = c.text_hash AND e.chunk_id IS NULL
LEFT JOIN batch_jobs j ON j.id = m.batch_job_id
"""


def connect_views(root: Path, ledger_tables: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with the lake's tables, the ledger's snapshot and chunk_status."""
    connection = duckdb.connect(":memory:")
    # A miss costs seconds where nothing can be downloaded, and should never reach the network.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for name, table in ledger_tables.items():
        connection.register(name, table)
    partition = ("project", "dataset")
    _table_view(connection, "documents", root / "documents", DOCUMENTS, partition)
    _table_view(
        connection, "generation_requests", root / "requests", REQUESTS, (*partition, "task")
    )
    _table_view(connection, "generations", root / "generations", GENERATIONS, partition)
    _table_view(connection, "chunks", root / "chunks", CHUNKS, partition)
    _table_view(connection, "embeddings", root / "embeddings", EMBEDDINGS_COLUMNS, partition)
    folder = root / "results"
    _table_view(connection, "results", folder, results_schema(), ("space",), "space=*")
    _table_view(connection, "generation_results", folder, GENERATION_RESULTS, ("task",), "task=*")
    _file_view(connection, "manifests", root / "manifests", MANIFEST)
    connection.execute(_CHUNK_STATUS)
    return connection


def _table_view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    schema: pa.Schema,
    keys: Iterable[str],
    below: str = "*",
) -> None:
    keys = [key for key in keys if key not in schema.names]
    if not any(folder.glob(f"{below}/**/[!.]*.parquet")):
        lists = [field.with_type(_VECTOR) if field.name == "vector" else field for field in schema]
        empty = pa.schema([*lists, *(pa.field(key, pa.string()) for key in keys)]).empty_table()
        connection.register(name, empty)
        return
    types = ", ".join(f"{key}: VARCHAR" for key in keys)
    hive = f", hive_partitioning = true, hive_types = {{{types}}}" if keys else ""
    columns = [*schema.names, *keys]
    # Vectors stay lists: those of two spaces differ in length. Cast in the view to FLOAT[n], a LEFT JOIN that finds no row fails in
    # DuckDB 2.0.0 with "cannot cast list with length 0".
    pattern = _quoted(f"{folder}/{below}/**/*.parquet")
    connection.execute(
        f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM read_parquet({pattern}{hive})"
    )


def _file_view(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, schema: pa.Schema
) -> None:
    """Files whose name is the job's id."""
    if not any(folder.glob("[!.]*.parquet")):
        connection.register(
            name, schema.append(pa.field("batch_job_id", pa.string())).empty_table()
        )
        return
    pattern = _quoted(f"{folder}/*.parquet")
    connection.execute(
        f"CREATE VIEW {name} AS SELECT {', '.join(schema.names)}, "
        "regexp_extract(filename, '([^/]+)\\.parquet$', 1) AS batch_job_id "
        f"FROM read_parquet({pattern}, filename = true, union_by_name = true)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
