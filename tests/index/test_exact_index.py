"""The exact index: what brute force finds, in one order, with the right rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from semantic_assets.index.exact import ExactIndex, build_exact, open_exact
from tests.factories import make_index_rows, make_vectors

# Whole numbers: dot products are exact, so that ties are ties and the order is known.
vectors_and_query = st.tuples(st.integers(0, 40), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        arrays.arrays(np.float32, shape, elements=st.integers(-2, 2)),
        arrays.arrays(np.float32, shape[1], elements=st.integers(-2, 2)),
    )
)


def brute_force(vectors: Any, query: Any, k: int) -> list[tuple[int, float]]:
    """By score, and of equal scores the lower row first."""
    scores = [(row, float(np.dot(vector, query))) for row, vector in enumerate(vectors)]
    return sorted(scores, key=lambda item: (-item[1], item[0]))[:k]


@given(vectors_and_query, st.integers(1, 50))
def test_nearest_is_what_brute_force_finds_ties_and_all(found: Any, k: int) -> None:
    vectors, query = found
    assert ExactIndex(Path(), vectors).nearest(query, k) == brute_force(vectors, query, k)


def test_the_best_k_are_the_first_of_the_best_of_more() -> None:
    vectors = np.asarray([[number % 3] for number in range(40)], np.float32)
    index = ExactIndex(Path(), vectors)
    for k in range(1, 41):
        assert index.nearest(vectors[1], k) == brute_force(vectors, vectors[1], k)


@pytest.mark.parametrize("k", [1, 2, 10, 500, 2_000, 9_999])
def test_the_nearest_of_many_are_those_of_a_full_sort(k: int) -> None:
    vectors, query = make_vectors(2_000, 16), make_vectors(1, 16, seed=1)[0]
    nearest = ExactIndex(Path(), vectors).nearest(query, k)
    scores = vectors @ query
    assert [row for row, _ in nearest] == np.argsort(-scores)[:k].tolist()
    assert [score for _, score in nearest] == scores[np.argsort(-scores)][:k].tolist()


def test_unit_vectors_find_themselves_first_with_cosine_one() -> None:
    vectors = make_vectors(300, 64)
    index = ExactIndex(Path(), vectors)
    for row in range(300):
        ((best, score),) = index.nearest(vectors[row], 1)
        assert best == row
        assert score == pytest.approx(1.0, abs=1e-6)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    build_exact(tmp_path / "g", make_index_rows(0), np.zeros((0, 4), np.float32))
    index = open_exact(tmp_path / "g")
    assert index.nearest(np.ones(4, np.float32), 3) == []
    assert index.rows([]) == []
    assert index.table().num_rows == 0


def test_a_built_index_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    rows, vectors = make_index_rows(7), make_vectors(7, 4)
    build_exact(tmp_path / "a" / "000001", rows, vectors)
    index = open_exact(tmp_path / "a" / "000001")
    np.testing.assert_array_equal(index.vectors, vectors)
    assert index.vectors.dtype == np.float32
    assert not index.vectors.flags.writeable
    assert index.table().equals(rows)


def test_rows_are_the_right_ones_across_row_groups_in_the_order_asked(tmp_path: Path) -> None:
    count = 5_000
    build_exact(tmp_path, make_index_rows(count), np.zeros((count, 2), np.float32))
    index = open_exact(tmp_path)
    asked = [4_999, 0, 511, 512, 513, 2_047, 2_048, 2_048, 1_023, 1_024, 3]
    found = index.rows(asked)
    assert [row["chunk_id"] for row in found] == [f"chunk-{number}" for number in asked]
    assert [row["start_char"] for row in found] == [number * 10 for number in asked]
    assert found[1]["title"] == "Title 0"
    assert found[0]["title"] is None


def test_an_index_that_was_retired_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_exact(tmp_path / "gone")


def test_an_open_index_serves_on_after_its_files_are_deleted(tmp_path: Path) -> None:
    vectors = make_vectors(50, 8)
    build_exact(tmp_path, make_index_rows(50), vectors)
    index = open_exact(tmp_path)
    for path in list(tmp_path.iterdir()):
        path.unlink()
    assert index.nearest(vectors[7], 1)[0][0] == 7
