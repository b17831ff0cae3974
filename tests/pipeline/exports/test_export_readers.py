"""Other programs read an export: each counts the same rows, with the same numbers in the vectors."""

import json
import subprocess
import sys
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
from tests.trial import Trial

#: Rows, and the sum of all numbers in their vectors.
Counted = tuple[int, float]


def needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is None, reason=f"needs {package}")


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


def polars_reads(out: Path) -> Iterator[Counted]:
    import polars

    yield counted(polars.read_parquet(out / "rows")["vector"].to_numpy())
    yield counted(polars.scan_parquet(out / "rows").collect()["vector"].to_numpy())
    yield counted(polars.read_ndjson(out / "rows.jsonl")["vector"].to_list())


def pandas_reads(out: Path) -> Iterator[Counted]:
    import pandas

    yield counted(pandas.read_parquet(out / "rows")["vector"])
    yield counted(pandas.read_parquet(out / "rows.parquet")["vector"])
    yield counted(pandas.read_json(out / "rows.jsonl", lines=True)["vector"])


def datasets_reads(out: Path) -> Iterator[Counted]:
    code = (
        "import json, sys, datasets\n"
        "one = datasets.load_dataset(sys.argv[1], split='train', cache_dir=sys.argv[2])\n"
        "print(one.features['vector'])\n"
        "print(json.dumps(one['vector'][:]))\n"
    )
    environ = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(out / "home"), "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(out / "hub"), str(out / "cache")],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    features, vectors = done.stdout.strip().split("\n")
    assert features == "List(Value('float32'), length=128)"
    yield counted(json.loads(vectors))


def embedding_atlas_reads(out: Path) -> Iterator[Counted]:
    """By its own command, which writes what it loaded into an application to be published."""
    archive = out / "atlas.zip"
    command = [sys.executable, "-m", "embedding_atlas.cli", str(out / "rows.parquet")]
    done = subprocess.run(
        [*command, "--text", "text", "--disable-projection", "--export-application", str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(archive) as opened:
        table = pq.read_table(BytesIO(opened.read("data/dataset.parquet")))
    yield counted(table["vector"].to_pylist())


READERS: dict[str, Callable[[Path], Iterator[Counted]]] = {
    "duckdb": duckdb_reads,
    "polars": polars_reads,
    "pandas": pandas_reads,
    "datasets": datasets_reads,
    "embedding_atlas": embedding_atlas_reads,
}


@pytest.mark.dear
@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in READERS])
def test_a_reader_counts_the_rows_and_has_the_vectors(
    out: Path, expected: Counted, name: str
) -> None:
    assert expected[0] == ROWS
    for found in READERS[name](out):
        assert found == (ROWS, pytest.approx(expected[1], rel=1e-5))


@pytest.mark.dear
@needs("lancedb")
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
