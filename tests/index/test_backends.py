"""What holds of every backend: the same rows, the exact cosine, one order."""

from typing import Any

import numpy as np
import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.index.opened_version import OpenIndexes, VectorStores, open_index
from semantic_assets.model.backends import backend_for
from tests.factories import make_vectors
from tests.index.conftest import BACKENDS, Make

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def brute_force(vectors: Any, query: Any, k: int) -> list[int]:
    """By score, and of equal scores the lower row first."""
    scores = vectors @ query
    return np.lexsort((np.arange(len(scores)), -scores))[:k].tolist()


@pytest.mark.parametrize("parts", [1, 3])
def test_the_nearest_are_those_of_a_full_sort_with_exact_cosines(
    make: Make, backend: str, parts: int
) -> None:
    vectors, queries = make_vectors(300, 64), make_vectors(5, 64, seed=1)
    index = make(vectors, backend, parts=parts)
    assert len(index) == 300
    for query, hits in zip(queries, index.nearest_of_each(queries, 10), strict=True):
        assert [row for row, _ in hits] == brute_force(vectors, query, 10)
        scores = [score for _, score in hits]
        np.testing.assert_allclose(scores, (vectors @ query)[[row for row, _ in hits]], atol=1e-6)
        assert [row for row, _ in index.nearest(query, 10)] == [row for row, _ in hits]


def test_unit_vectors_find_themselves_first_with_cosine_one(make: Make, backend: str) -> None:
    vectors = make_vectors(120, 32)
    index = make(vectors, backend)
    for row, hits in enumerate(index.nearest_of_each(vectors, 1)):
        assert hits == [(row, pytest.approx(1.0, abs=1e-6))]


def test_of_equal_vectors_the_lower_rows_come_first(make: Make, backend: str) -> None:
    vectors = np.repeat(make_vectors(4, 16), 10, axis=0)
    hits = make(vectors, backend).nearest(vectors[15], 10)
    assert [row for row, _ in hits] == list(range(10, 20))


def test_more_are_asked_for_than_there_are(make: Make, backend: str) -> None:
    vectors = make_vectors(7, 16)
    hits = make(vectors, backend).nearest(vectors[3], 50)
    assert [row for row, _ in hits] == brute_force(vectors, vectors[3], 50)


def test_an_empty_index_finds_nothing(make: Make, backend: str) -> None:
    index = make(np.zeros((0, 16), np.float32), backend)
    assert index.nearest(np.ones(16, np.float32), 3) == []
    assert index.rows([]) == []
    assert index.table(["chunk_id"]).num_rows == 0


def test_rows_are_the_right_ones_across_parts_in_the_order_asked(make: Make, backend: str) -> None:
    index = make(make_vectors(90, 16), backend, parts=4)
    asked = [89, 0, 22, 23, 45, 46, 46, 1]
    found = index.rows(asked)
    assert [row["chunk_id"] for row in found] == [f"chunk-{number}" for number in asked]
    assert [row["start_char"] for row in found] == [number * 10 for number in asked]
    assert (found[1]["title"], found[3]["title"]) == ("Title 0", None)


def test_vectors_and_rows_are_read_back_as_they_were_written(make: Make, backend: str) -> None:
    vectors = make_vectors(50, 16)
    index = make(vectors, backend, parts=3)
    held = np.concatenate([part.vectors for part in index.parts])
    np.testing.assert_array_equal(held, vectors)
    assert held.dtype == np.float32
    assert index.table(["chunk_id"])["chunk_id"].to_pylist() == [f"chunk-{n}" for n in range(50)]


def test_a_query_of_another_size_is_refused_with_the_space_to_use(make: Make, backend: str) -> None:
    index = make(make_vectors(5, 16), backend)
    with pytest.raises(ConfigError, match=r"16 dimensions, the query 8: embed it in space space"):
        index.nearest(np.ones(8, np.float32), 1)


def test_an_open_index_serves_on_after_its_files_are_deleted(make: Make, backend: str) -> None:
    vectors = make_vectors(400, 32)
    index = make(vectors, backend)
    for path in sorted(index.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert index.nearest(vectors[7], 1)[0][0] == 7
    assert index.rows([7])[0]["text"] == "text of 7"


def test_a_generation_that_was_deleted_is_not_found(
    make: Make, backend: str, stores: VectorStores
) -> None:
    index = make(make_vectors(5, 16), backend)
    opened = OpenIndexes()
    assert opened.get(index.folder, stores) is opened.get(index.folder, stores)
    for path in sorted(index.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for read in (open_index, opened.get):
        with pytest.raises(FileNotFoundError):
            read(index.folder, stores)


def test_a_setting_names_a_backend_or_leaves_it_to_the_size(backend: str) -> None:
    assert backend_for(backend, 1) == backend_for(backend, 10_000_000) == backend
    assert (backend_for("auto", 50_000), backend_for("auto", 50_001)) == ("exact", "faiss")


@pytest.mark.parametrize("dimensions", [128, 384])
def test_among_many_rows_it_finds_what_a_full_sort_finds(
    make: Make, backend: str, dimensions: int
) -> None:
    if backend == "qdrant":
        pytest.skip("its client's local mode compares everything, at 1.5 ms for each row uploaded")
    vectors, queries = make_vectors(5_000, dimensions), make_vectors(20, dimensions, seed=2)
    # Models put more into some numbers than into others.
    for some in (vectors, queries):
        some[:, ::9] *= 3
        some /= np.linalg.norm(some, axis=1, keepdims=True)
    found = make(vectors, backend, parts=3).nearest_of_each(queries, 10)
    right = [brute_force(vectors, query, 10) for query in queries]
    pairs = zip(found, right, strict=True)
    assert sum(len({row for row, _ in hits} & set(best)) for hits, best in pairs) >= 0.98 * 200


@pytest.mark.parametrize("compact", [False, True])
def test_dead_rows_are_not_found_and_not_counted(make: Make, backend: str, compact: bool) -> None:
    vectors = make_vectors(300, 64)
    dead = [0, 7, 8, 149, 150, 299]
    live = np.setdiff1d(np.arange(300), dead)
    index = make(vectors, backend, parts=2, dead=dead, compact=compact)
    chunks = [f"chunk-{row}" for row in live]
    assert (len(index), index.table(["chunk_id"])["chunk_id"].to_pylist()) == (294, chunks)
    for query in (*vectors[dead], *make_vectors(3, 64, seed=1)):
        hits = index.nearest(query, 10)
        assert [live[row] for row, _ in hits] == live[
            brute_force(vectors[live], query, 10)
        ].tolist()
        assert [row["text"] for row in index.rows([row for row, _ in hits])] == [
            f"text of {live[row]}" for row, _ in hits
        ]


def test_the_nearest_are_found_where_all_that_is_nearer_is_dead(make: Make, backend: str) -> None:
    if backend == "qdrant":
        pytest.skip("its client's local mode compares everything, at 1.5 ms for each row uploaded")
    vectors = make_vectors(5_000, 128)
    vectors[:900] = vectors[0] + make_vectors(900, 128, seed=5) * 0.1
    vectors[:900] /= np.linalg.norm(vectors[:900], axis=1, keepdims=True)
    index = make(vectors, backend, parts=2, dead=range(890))
    found = [row + 890 for row, _ in index.nearest(vectors[3], 10)]
    assert sorted(found) == list(range(890, 900))
