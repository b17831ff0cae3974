"""Files of vectors made elsewhere: Parquet or JSONL with `vector`, and `text` or `text_hash`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from semantic_assets.errors import ConfigError
from semantic_assets.model.vectors import BadVectorError, unit_vectors
from semantic_assets.text.fingerprint import text_hash


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Unit vectors, shape (rows, dimensions), with the hash of their text; each hash once."""

    keys: list[str]
    vectors: npt.NDArray[np.float32]
    #: None if the file has only hashes.
    texts: list[str] | None

    def only(self, wanted: Callable[[str], bool]) -> "VectorRows":
        return self.at([row for row, key in enumerate(self.keys) if wanted(key)])

    def at(self, rows: list[int]) -> "VectorRows":
        texts = None if self.texts is None else [self.texts[row] for row in rows]
        return VectorRows([self.keys[row] for row in rows], self.vectors[rows], texts)


def read_vectors(file: Path, *, dimensions: int) -> VectorRows:
    """Read the vectors of a file, normalised, the first of each text.

    Raises:
        ConfigError: the file is missing or of another form, a vector has another size, or a value
            is not finite; the message names the row.
    """
    table = _table(file)
    if "vector" not in table.column_names or not {"text", "text_hash"} & set(table.column_names):
        raise ConfigError(
            f"{file}: needs a column `vector` and one of `text`, `text_hash`; it has "
            f"{', '.join(table.column_names) or 'none'}"
        )
    table = table.filter(pc.is_valid(table["vector"]))
    vectors = _matrix(file, table["vector"], dimensions)
    texts = table["text"].to_pylist() if "text" in table.column_names else None
    keys = (
        [text_hash(text) for text in texts] if texts is not None else table["text_hash"].to_pylist()
    )
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return VectorRows(keys, vectors, texts).at(sorted(first.values()))


def _table(file: Path) -> pa.Table:
    try:
        if file.suffix == ".parquet":
            return pq.read_table(file, partitioning=None)
        if file.suffix == ".jsonl":
            with file.open(encoding="utf-8") as lines:
                return pa.Table.from_pylist([json.loads(line) for line in lines if line.strip()])
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    raise ConfigError(f"{file}: vectors are read from .parquet and .jsonl files")


def _matrix(file: Path, column: pa.ChunkedArray, dimensions: int) -> npt.NDArray[np.float32]:
    rows = column.to_pylist()
    for number, row in enumerate(rows, start=1):
        if len(row) != dimensions:
            raise ConfigError(f"{file}, row {number}: {len(row)} numbers, not {dimensions}")
    matrix = np.asarray(rows, dtype=np.float32).reshape(-1, dimensions)
    try:
        return unit_vectors(matrix, normalise=True)
    except BadVectorError as error:
        raise ConfigError(f"{file}, row {error.row + 1}: {error}") from error
