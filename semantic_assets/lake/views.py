"""DuckDB views of the lake's tables, in memory and without extensions.

There is no shared .duckdb file: DuckDB refuses a second process, even for reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.lake.bucket_tables import table_of
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.layered_table import LayeredTable
from semantic_assets.lake.table_update import amended_tables
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

_DEAD = pa.schema([pa.field("file", pa.string()), pa.field("row", pa.int64())])
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
#: A medium is described when the answer to its present content is there.
_DESCRIBED = """
CREATE VIEW documents AS
SELECT d.* REPLACE (
    CASE WHEN g.document_id IS NULL THEN d.parse_status ELSE 'described' END AS parse_status,
    CASE WHEN g.document_id IS NULL THEN d.parse_error END AS parse_error)
FROM documents_as_read d
LEFT JOIN (SELECT DISTINCT project, dataset, document_id, content_hash FROM generations
           WHERE status = 'READY') g
ON d.parse_status = 'pending_description' AND g.project = d.project AND g.dataset = d.dataset
   AND g.document_id = d.document_id AND g.content_hash = d.content_hash
"""


@dataclass(frozen=True, slots=True)
class _View:
    """A table of the lake, and the columns that come from the paths of its files."""

    name: str
    folder: str
    schema: pa.Schema
    keys: tuple[str, ...]
    #: Start of its folders' names, if another table lies beside them.
    first: str = ""


_DATASET = ("project", "dataset")
_VIEWS = (
    _View("documents_as_read", "documents", DOCUMENTS, _DATASET),
    _View("generation_requests", "requests", REQUESTS, (*_DATASET, "task")),
    _View("generations", "generations", GENERATIONS, _DATASET),
    _View("chunks", "chunks", CHUNKS, _DATASET),
    _View("embeddings", "embeddings", EMBEDDINGS_COLUMNS, _DATASET),
    _View("results", "results", results_schema(), ("space",), "space="),
    _View("generation_results", "results", GENERATION_RESULTS, ("task",), "task="),
    _View("manifests", "manifests", MANIFEST, ("batch_job_id",)),
)


def connect_tables(tables: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """Return an in-memory connection with these tables alone."""
    connection = duckdb.connect(":memory:")
    # A missing extension costs seconds offline, and should never reach the network.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for name, table in tables.items():
        connection.register(name, table)
    return connection


def connect_views(lake: Lake, ledger_tables: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """Return an in-memory connection with the lake's tables, the ledger's and chunk_status."""
    connection = connect_tables(ledger_tables)
    for view in _VIEWS:
        keys = tuple(key for key in view.keys if key not in view.schema.names)
        _add(connection, lake, replace(view, keys=keys))
    connection.execute(_CHUNK_STATUS)
    connection.execute(_DESCRIBED)
    return connection


def _add(connection: duckdb.DuckDBPyConnection, lake: Lake, view: _View) -> None:
    if lake.bucket is not None:
        found = table_of(lake.bucket, view.folder, _lists(view), view.keys, first=view.first)
        connection.register(view.name, _empty(view) if found is None else found)
    elif not any((lake.root / view.folder).glob(f"{view.first}*/**/[!.]*.parquet")) and not any(
        (lake.root / view.folder).glob("[!.]*.parquet")
    ):
        connection.register(view.name, _empty(view))
    else:
        if view.keys == ("batch_job_id",):
            _file_view(connection, lake.root, view)
        elif amended := amended_tables(lake, view.folder):
            _amended_view(connection, lake, view, amended)
        else:
            _table_view(connection, lake.root, view)


def _lists(view: _View) -> pa.Schema:
    """Return a view's schema with vectors as lists: two spaces differ in vector length."""
    schema = view.schema
    return pa.schema([f.with_type(_VECTOR) if f.name == "vector" else f for f in schema])


def _empty(view: _View) -> pa.Table:
    keys = (pa.field(key, pa.string()) for key in view.keys)
    return pa.schema([*_lists(view), *keys]).empty_table()


def _amended_view(
    connection: duckdb.DuckDBPyConnection, lake: Lake, view: _View, amended: list[str]
) -> None:
    """Create a view without the rows that amendments replaced, as of now.

    Amendments of an earlier base, which a crash left, are hidden whole.
    """
    hidden: list[tuple[str, int | None]] = []
    for path in amended:
        with lake.open(path) as table:
            dead = table.dead if isinstance(table, LayeredTable) else [[]]
        names = [path, *(layout.amendment(path, number) for number in range(1, len(dead)))]
        hidden += [(n, row) for n, rows in zip(names, dead, strict=True) for row in rows]
        number = len(dead)
        while lake.exists(stale := layout.amendment(path, number)):
            hidden.append((stale, None))
            number += 1
    files = [str(lake.root / name) for name, _ in hidden]
    rows = pa.table([files, [row for _, row in hidden]], schema=_DEAD)
    connection.register(f"dead_{view.name}", rows)
    _table_view(connection, lake.root, view, hides=True)


def _table_view(
    connection: duckdb.DuckDBPyConnection, root: Path, view: _View, *, hides: bool = False
) -> None:
    types = ", ".join(f"{key}: VARCHAR" for key in view.keys)
    hive = f", hive_partitioning = true, hive_types = {{{types}}}" if view.keys else ""
    columns = [*view.schema.names, *view.keys]
    # Vectors stay lists. Cast in the view to FLOAT[n], a LEFT JOIN that finds no row fails in
    # DuckDB 2.0.0 with "cannot cast list with length 0".
    pattern = _quoted(f"{root / view.folder}/{view.first}*/**/*.parquet")
    numbered = ", filename = true, file_row_number = true" if hides else ""
    alive = (
        f" t ANTI JOIN dead_{view.name} d ON d.file = t.filename "
        "AND (d.row IS NULL OR d.row = t.file_row_number)"
    )
    connection.execute(
        f"CREATE VIEW {view.name} AS SELECT {', '.join(columns)} "
        f"FROM read_parquet({pattern}{hive}{numbered}){alive if hides else ''}"
    )


def _file_view(connection: duckdb.DuckDBPyConnection, root: Path, view: _View) -> None:
    """Create a view over files whose name is the job's id."""
    pattern = _quoted(f"{root / view.folder}/*.parquet")
    connection.execute(
        f"CREATE VIEW {view.name} AS SELECT {', '.join(view.schema.names)}, "
        "regexp_extract(filename, '([^/]+)\\.parquet$', 1) AS batch_job_id "
        f"FROM read_parquet({pattern}, filename = true, union_by_name = true)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
