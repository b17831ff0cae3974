"""Lance tables, in a folder and on an S3 server: what is found, what is left, what is said."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from semantic_assets.errors import ConfigError, NotFound, TransientError
from semantic_assets.index import lance
from semantic_assets.index.description import Description
from semantic_assets.index.exact import ExactFinder
from semantic_assets.index.lance import LanceBackend, LanceFinder
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.opened_version import Index, VectorStores, open_index
from semantic_assets.index.parts import open_parts
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.tables import INDEX_ROWS
from tests.factories import killed_in, make_vectors
from tests.index.conftest import Make, needs_lance
from tests.services.s3 import S3Server, needs_s3, s3_server

pytestmark = needs_lance


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def clustered(rows: int, dimensions: int, *, seed: int = 0) -> Vectors:
    """Unit vectors, fifty of them around each centre; the centres are the same for every seed."""
    centres = make_vectors(-(-rows // 50), dimensions, seed=99)
    scattered = np.repeat(centres, 50, axis=0)[:rows] + make_vectors(rows, dimensions, seed=seed)
    units: Vectors = scattered / np.linalg.norm(scattered, axis=1, keepdims=True)
    return units.astype(np.float32)


def table_of(index: Index) -> Any:
    assert isinstance(index.finder, LanceFinder)
    return index.finder.table


# 100 numbers cannot be coded in bits, and are coded in bytes.
@pytest.mark.parametrize("dimensions", [128, 768, 100])
def test_an_indexed_table_finds_what_exact_search_finds(make: Make, dimensions: int) -> None:
    vectors = clustered(lance._INDEXED_FROM, dimensions)
    index = make(vectors, "lance", parts=3)
    assert len(table_of(index).list_indices()) == 1
    queries = clustered(lance._INDEXED_FROM, dimensions, seed=1)[::200]
    right = ExactFinder(index.parts).nearest(queries, 10)
    found = index.nearest_of_each(queries, 10)
    shared = 0
    for query, hits, best in zip(queries, found, right, strict=True):
        shared += len({row for row, _ in hits} & {row for row, _ in best})
        scores = (vectors @ query)[[row for row, _ in hits]]
        np.testing.assert_allclose([score for _, score in hits], scores, atol=1e-6)
    assert shared >= 0.99 * 10 * len(queries)


def test_a_small_table_is_scanned(make: Make) -> None:
    assert table_of(make(make_vectors(500, 64), "lance")).list_indices() == []


def test_a_search_reads_no_part(make: Make, stores: VectorStores) -> None:
    vectors = make_vectors(300, 32)
    made = make(vectors, "lance", parts=3)
    for path in made.folder.rglob("*/*"):
        path.unlink()
    index = open_index(made.folder, stores)
    assert [row for row, _ in index.nearest(vectors[150], 1)] == [150]
    assert [row["chunk_id"] for row in index.rows([299, 0, 299])] == [
        "chunk-299",
        "chunk-0",
        "chunk-299",
    ]


def test_a_table_is_read_by_other_programs_by_its_name(make: Make, stores: VectorStores) -> None:
    vectors = make_vectors(40, 16)
    index = make(vectors, "lance", parts=2)
    read = stores.lance.connect().open_table(index.description.collection).to_arrow()
    assert read["number"].to_pylist() == list(range(40))
    held = read["vector"].combine_chunks().flatten().to_numpy().reshape(40, 16)
    np.testing.assert_array_equal(held, vectors)
    assert read.select(INDEX_ROWS.names).to_pylist() == index.parts.table().to_pylist()


def test_a_table_that_is_there_is_made_anew(make: Make, stores: VectorStores) -> None:
    index = make(make_vectors(6, 16), "lance")
    LanceBackend(stores.lance).build(index.folder, index.description, index.parts)
    assert table_of(open_index(index.folder, stores)).count_rows() == 6


def die_while_building(folder: Path, store: LanceStore, description: Description) -> None:
    """Gives Lance one batch, and is killed when asked for the next."""
    batches = lance._batches

    def then_die(*arguments: Any) -> Iterator[pa.RecordBatch]:
        yield next(batches(*arguments))
        os.kill(os.getpid(), signal.SIGKILL)

    lance._batches = then_die
    LanceBackend(store).build(folder, description, open_parts(folder, description))


def test_a_build_that_was_killed_leaves_nothing_to_open_and_nothing_after_a_drop(
    make: Make, stores: VectorStores, tmp_path: Path
) -> None:
    index = make(make_vectors(6_000, 64), "lance")
    backend = LanceBackend(stores.lance)
    backend.drop(index.description)
    killed_in(die_while_building, index.folder, stores.lance, index.description)
    with pytest.raises(NotFound, match="index build"):
        open_index(index.folder, stores)
    backend.drop(index.description)
    assert list((tmp_path / "lance").iterdir()) == []
    backend.build(index.folder, index.description, index.parts)
    assert len(open_index(index.folder, stores).nearest(make_vectors(1, 64)[0], 5)) == 5


def test_a_dropped_table_says_what_to_run_and_may_be_dropped_again(
    make: Make, stores: VectorStores
) -> None:
    index = make(make_vectors(3, 16), "lance")
    backend = LanceBackend(stores.lance)
    for _ in range(2):
        backend.drop(index.description)
    with pytest.raises(
        NotFound, match=r"has no table a\.b\.0+1: run `semantic-assets index build`"
    ):
        open_index(index.folder, stores)


@needs_s3
@pytest.mark.parametrize("rows", [300, lance._INDEXED_FROM])
def test_on_s3_it_answers_the_same_and_drops_everything(
    make: Make, s3: S3Server, rows: int
) -> None:
    vectors = clustered(rows, 64)
    made = make(vectors, "exact", parts=3)
    store = LanceStore(s3.url(f"tables/{rows}"), tuple(s3.options.items()))
    backend = LanceBackend(store)
    backend.build(made.folder, made.description, made.parts)
    finder = backend.open(made.folder, made.description)
    queries = vectors[:: rows // 10]
    right = made.nearest_of_each(queries, 1)
    for hits, best in zip(finder.nearest(queries, 1), right, strict=True):
        assert hits == [(best[0][0], pytest.approx(1.0, abs=1e-6))]
    assert finder.rows([rows - 1, 0]) == made.rows([rows - 1, 0])
    s3.put(f"tables/{rows}/x.y.000009.lance/data/left-by-a-crash.lance")
    backend.drop(made.description)
    assert all("x.y.000009" in key for key in s3.keys("tables/"))
    backend.drop(replace(made.description, collection="x.y.000009"))
    assert s3.keys("tables/") == []


@needs_s3
def test_the_environment_names_the_server_and_the_keys(
    s3: S3Server, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = make(make_vectors(20, 16), "exact")
    backend = LanceBackend(LanceStore(s3.url("by-environment")))
    backend.build(made.folder, made.description, made.parts)
    assert len(backend.open(made.folder, made.description).nearest(np.eye(16)[:1], 5)[0]) == 5


def test_a_store_out_of_reach_is_named_without_its_secrets(make: Make) -> None:
    index = make(make_vectors(3, 16), "exact")
    options = {
        # Nothing listens on port 9 (discard): the connection is refused at once.
        "endpoint": "http://127.0.0.1:9",
        "allow_http": "true",
        "access_key_id": "key",
        "secret_access_key": "hunter2",
        "client_max_retries": "0",
    }
    store = LanceStore("s3://me:password@bucket/indexes", tuple(options.items()))
    with pytest.raises(TransientError, match="Lance at s3://bucket/indexes failed") as caught:
        LanceBackend(store).open(index.folder, index.description)
    for shown in (str(caught.value), repr(store), str(store)):
        assert "hunter2" not in shown
        assert "password" not in shown


def test_without_the_extra_it_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    index = make(make_vectors(3, 16), "exact")
    monkeypatch.setitem(sys.modules, "lancedb", None)
    with pytest.raises(ConfigError, match=r"pip install semantic-assets\[lance\]"):
        LanceBackend(LanceStore("anywhere")).drop(index.description)


def test_without_an_address_the_setting_is_named(make: Make) -> None:
    index = make(make_vectors(3, 16), "exact")
    with pytest.raises(ConfigError, match="SEMANTIC_ASSETS_LANCE_URL"):
        LanceBackend(LanceStore()).drop(index.description)
