"""Filters let through the rows that DuckDB does, and search finds the nearest among just those."""

import random

import faiss
import numpy as np
import pytest

from semantic_assets.index import lance, qdrant
from semantic_assets.index.filtering.allowed_rows import allowed_in_each, allowed_rows
from semantic_assets.index.opened_version import Index, VectorStores, open_index
from semantic_assets.index.ranking import Numbers, Vectors
from semantic_assets.index.rotation import rotated
from semantic_assets.index.stack import stacked
from semantic_assets.model.filter_forms import parse_filter
from semantic_assets.model.keys import DatasetKey
from tests.factories import make_vectors
from tests.index.conftest import BACKENDS, Make
from tests.index.filtered_rows import DATASET, random_filter, rows_in_duckdb, rows_with_metadata

_FILTERS = 120


def nearest(vectors: Vectors, query: Vectors, among: Numbers, k: int) -> list[int]:
    scores = vectors[among] @ query
    order = np.lexsort((among, -scores))[:k]
    found: list[int] = among[order].tolist()
    return found


def assert_nearest(index: Index, vectors: Vectors, queries: Vectors, among: Numbers) -> None:
    for query, hits in zip(queries, index.nearest_of_each(queries, 10, among), strict=True):
        assert [row for row, _ in hits] == nearest(vectors, query, among, 10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_filter_lets_through_what_duckdb_does(make: Make, backend: str) -> None:
    rows, vectors = rows_with_metadata(100), make_vectors(300, 16)
    index = make(vectors, backend, parts=3, rows=rows)
    rng, queries = random.Random(3), make_vectors(2, 16, seed=4)
    for _ in range(_FILTERS):
        filter, sql = random_filter(rng)
        among = allowed_rows(index, DATASET, filter)
        assert among is not None
        assert among.tolist() == rows_in_duckdb(rows, sql), str(filter)
        assert_nearest(index, vectors, queries, among)


@pytest.mark.parametrize("compact", [False, True])
def test_a_filter_passes_over_dead_rows(make: Make, compact: bool) -> None:
    rows, vectors = rows_with_metadata(100), make_vectors(300, 16)
    dead = [0, 1, 100, 150, 299]
    live = np.setdiff1d(np.arange(300), dead)
    index = make(vectors, "faiss", dead=dead, rows=rows, compact=compact)
    rng = random.Random(5)
    for _ in range(_FILTERS):
        filter, sql = random_filter(rng)
        among = allowed_rows(index, DATASET, filter)
        assert among is not None
        assert live[among].tolist() == [row for row in rows_in_duckdb(rows, sql) if row in live]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_nearest_are_found_at_every_share_of_rows(
    make: Make, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that small indexes are searched as large ones are.
    monkeypatch.setattr(lance, "_COMPARED", 50)
    monkeypatch.setattr(qdrant, "_COMPARED", 50)
    count = 6_000 if backend != "qdrant" else 600
    vectors = np.repeat(make_vectors(count // 20, 64, seed=6), 20, axis=0)
    vectors += make_vectors(count, 64, seed=7) * 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = make(vectors, backend, parts=3, dead=[5, 4_000])
    held = np.concatenate([part.vectors for part in index.parts])
    rng = np.random.default_rng(8)
    for share in (0, 1 / count, 0.01, 0.1, 0.3, 0.6, 0.95, 1):
        size = round(len(index) * share)
        among = np.sort(rng.choice(len(index), size, replace=False))
        assert_nearest(index, held, held[::501], among)
        run = np.arange(size)  # rows of a document follow one another
        assert_nearest(index, held, held[::501], run)


def test_codes_of_an_earlier_release_are_searched_among_rows_too(
    make: Make, stores: VectorStores
) -> None:
    vectors = make_vectors(3_000, 64, seed=9)
    index = make(vectors, "faiss")
    for part in index.parts:
        codes = faiss.index_factory(64, "RaBitQfs2", faiss.METRIC_INNER_PRODUCT)
        codes.train(rotated(part.vectors))
        codes.add(rotated(part.vectors))
        faiss.write_index(codes, str(part.folder / "codes.faiss"))
    earlier = open_index(index.folder, stores)
    for rows in (np.arange(5), np.arange(0, 3_000, 2), np.arange(3_000)):
        assert_nearest(earlier, vectors, vectors[:3], rows)


def test_one_document_of_100_000_is_found(make: Make) -> None:
    vectors = make_vectors(100_000, 16)
    index = make(vectors, "faiss", parts=2)
    among = allowed_rows(index, DATASET, parse_filter("path=31234.md"))
    assert among is not None
    (hits,) = index.nearest_of_each(vectors[:1], 10, among)
    assert sorted(row for row, _ in hits) == [93_702, 93_703, 93_704]


def test_small_indexes_are_filtered_each_in_one_stack(make: Make) -> None:
    vectors, rows = make_vectors(30, 16), rows_with_metadata(10)
    indexes = [make(vectors, "exact", rows=rows.slice(0, 30)) for _ in range(4)]
    stack = stacked(indexes, 16)
    among = [np.array([3, 4]), np.array([], np.int64), None, np.array([29])]
    found = stack.nearest(vectors[:1], 99, among)[0]
    assert {(place, row) for _, place, row in found} == {
        *((0, 3), (0, 4), (3, 29)),
        *((2, row) for row in range(30)),
    }
    assert len(stack.nearest(vectors[:1], 999)[0]) == 120


def test_a_key_has_one_type_over_the_indexes_that_are_searched(make: Make) -> None:
    numbers = rows_with_metadata(10)
    other = DatasetKey("acme", "other")
    first = make(make_vectors(30, 16), "exact", rows=numbers)
    second = make(make_vectors(30, 16), "exact")
    filter = parse_filter("rank>=3")
    one, two = allowed_in_each([(DATASET, first), (other, second)], filter)
    assert one is not None
    assert two is not None
    assert (len(one) > 0, len(two)) == (True, 0)
    of_datasets = parse_filter("dataset=other")
    one, two = allowed_in_each([(DATASET, first), (other, second)], of_datasets)
    assert one is not None
    assert two is not None
    assert (len(one), len(two)) == (0, 30)
