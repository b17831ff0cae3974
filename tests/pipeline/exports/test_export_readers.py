"""Other programs read an export: each counts the same rows, with the same numbers in the vectors."""

import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from semantic_assets.pipeline.exports.dataset_export import export_dataset
from tests.pipeline.exports.conftest import DATASET, ROWS
from tests.services.readers import answer_of, needs_reader, run_reader
from tests.trial import Trial

#: Rows, and the sum of all numbers in their vectors.
Counted = tuple[int, float]


@pytest.fixture(scope="module")
def out(world: Trial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset in every shape."""
    folder = tmp_path_factory.mktemp("out")
    for name in ("rows", "rows.parquet", "rows.jsonl"):
        export_dataset(world.store, DATASET, str(folder / name))
    export_dataset(world.store, DATASET, str(folder / "hub"), wanted_format="huggingface")
    return folder


@pytest.fixture(scope="module")
def expected(out: Path) -> Counted:
    table = pq.read_table(out / "rows.parquet")
    return len(table), float(np.sum(table["vector"].combine_chunks().flatten().to_numpy()))


def counted(vectors: Any) -> Counted:
    matrix = np.stack(list(vectors)).astype(np.float32)
    return len(matrix), float(np.sum(matrix.reshape(-1)))


def duckdb_reads(out: Path) -> Iterator[Counted]:
    for pattern in ("rows/*.parquet", "hub/data/*.parquet", "rows.jsonl"):
        found = duckdb.sql(f"SELECT vector::FLOAT[] AS v FROM '{out / pattern}'").fetchall()
        yield counted([row[0] for row in found])


#: Of columns of vectors, as a reader has them.
_SUMS = """
import json, sys
import numpy
def told(*columns):
    found = [numpy.stack(list(one)).astype(numpy.float32) for one in columns]
    print(json.dumps([(len(one), float(one.reshape(-1).sum())) for one in found]))
out = sys.argv[1]
"""
POLARS = """
import polars
told(
    polars.read_parquet(out + "/rows")["vector"].to_numpy(),
    polars.scan_parquet(out + "/rows").collect()["vector"].to_numpy(),
    polars.read_ndjson(out + "/rows.jsonl")["vector"].to_list(),
)
"""
PANDAS = """
import pandas
told(
    pandas.read_parquet(out + "/rows")["vector"],
    pandas.read_parquet(out + "/rows.parquet")["vector"],
    pandas.read_json(out + "/rows.jsonl", lines=True)["vector"],
)
"""
DATASETS = """
import datasets
found = datasets.load_dataset(out + "/hub", split="train", cache_dir=out + "/cache")
assert str(found.features["vector"]) == "List(Value('float32'), length=128)", found.features
told(found["vector"][:])
"""


def embedding_atlas_reads(out: Path) -> Iterator[Counted]:
    """By its own command, which writes what it loaded into an application to be published."""
    archive = out / "atlas.zip"
    command = ("-m", "embedding_atlas.cli", str(out / "rows.parquet"), "--text", "text")
    run_reader(*command, "--disable-projection", "--export-application", str(archive))
    with zipfile.ZipFile(archive) as opened:
        table = pq.read_table(BytesIO(opened.read("data/dataset.parquet")))
    yield counted(table["vector"].to_pylist())


def by(code: str) -> Callable[[Path], Iterator[Counted]]:
    return lambda out: map(tuple, answer_of(_SUMS + code, str(out)))


READERS: dict[str, Callable[[Path], Iterator[Counted]]] = {
    "duckdb": duckdb_reads,
    "polars": by(POLARS),
    "pandas": by(PANDAS),
    "datasets": by(DATASETS),
    "embedding_atlas": embedding_atlas_reads,
}


@pytest.mark.dear
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "duckdb" else needs_reader(name)) for name in READERS],
)
def test_a_reader_counts_the_rows_and_has_the_vectors(
    out: Path, expected: Counted, name: str
) -> None:
    assert expected[0] == ROWS
    for found in READERS[name](out):
        assert found == (ROWS, pytest.approx(expected[1], rel=1e-5))


@pytest.mark.dear
@pytest.mark.skipif(find_spec("lancedb") is None, reason="needs semantic-assets[lance]")
def test_lance_reads_its_table_and_a_second_export_merges(
    world: Trial, out: Path, expected: Counted
) -> None:
    import lancedb

    first = export_dataset(world.store, DATASET, str(out / "rows.lance"))
    again = export_dataset(world.store, DATASET, str(out / "rows.lance"))
    assert (first.shards_written, again.shards_written) == (4, 0)
    table = lancedb.connect(out).open_table("rows")
    found = counted(table.to_arrow()["vector"].to_pylist())
    assert found == (ROWS, pytest.approx(expected[1], rel=1e-5))
