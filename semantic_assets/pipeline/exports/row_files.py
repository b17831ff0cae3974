"""Files of exported rows: Parquet and JSON Lines, written block by block."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.pipeline.exports.export_columns import REPEATED
from semantic_assets.pipeline.exports.export_target import JSONL

_VECTOR = "vector.list.element"


def write_row_file(
    path: Path, file_format: str, schema: pa.Schema, tables: Iterable[pa.Table]
) -> int:
    """Write the rows to a file, and return how many there are."""
    if file_format == JSONL:
        return _write_lines(path, tables)
    return _write_parquet(path, schema, tables)


def _write_parquet(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    rows = 0
    # Random numbers do not compress: zstd takes 8 % off vectors, for as much time as all the rest.
    plain = [name for name in schema.names if name != "vector"]
    compression = {_VECTOR: "NONE", **dict.fromkeys(plain, "zstd")}
    with pq.ParquetWriter(
        path,
        schema,
        compression=compression,
        use_dictionary=list(REPEATED),
        write_page_checksum=True,
    ) as writer:
        for table in tables:
            writer.write_table(table)
            rows += len(table)
    return rows


def _write_lines(path: Path, tables: Iterable[pa.Table]) -> int:
    rows = 0
    with path.open("wb") as file:
        for table in tables:
            file.writelines(map(_line, _objects(table)))
            rows += len(table)
    return rows


def _objects(table: pa.Table) -> Iterable[dict[str, Any]]:
    vectors = vectors_in(table)
    for row, vector in zip(table.drop_columns(["vector"]).to_pylist(), vectors, strict=True):
        yield {**row, "vector": vector}


def _line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def vectors_in(table: pa.Table) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the vectors of exported rows, shape (rows, dimensions)."""
    column = table["vector"].combine_chunks()
    size = table.schema.field("vector").type.list_size
    flat: np.ndarray[Any, np.dtype[np.float32]] = column.flatten().to_numpy()
    return flat.reshape(-1, size)
