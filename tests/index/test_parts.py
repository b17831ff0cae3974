"""Files of an index version: written whole, linked, exported, described."""

from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.index.dead_rows import live_rows, write_dead_rows
from semantic_assets.index.hard_links import link_folder
from semantic_assets.index.parts import open_part, write_part
from semantic_assets.index.plain_faiss import write_flat
from semantic_assets.index.ranking import best
from semantic_assets.index.rotation import rotated
from semantic_assets.index.stored_vectors import open_vectors, write_vectors
from semantic_assets.index.text_blocks import TEXT_PLACES, open_texts, write_texts
from semantic_assets.model.tables import INDEX_ROWS
from tests.factories import make_index_rows, make_vectors, write_as_before
from tests.harms import HARMS
from tests.index.conftest import Make


def test_vectors_may_come_in_another_order_than_rows(tmp_path: Path) -> None:
    vectors, order = make_vectors(40, 8), np.random.default_rng(3).permutation(40)
    blocks = [(order[:25], vectors[order[:25]]), (order[25:], vectors[order[25:]])]
    write_part(tmp_path / "p", [make_index_rows(40)], blocks, shape=(40, 8))
    np.testing.assert_array_equal(open_part(tmp_path / "p").vectors, vectors)


@pytest.mark.parametrize(("rows", "vectors"), [(4, 5), (5, 4)])
def test_a_part_with_a_row_or_a_vector_too_few_is_refused(
    tmp_path: Path, rows: int, vectors: int
) -> None:
    blocks = [(np.arange(vectors), make_vectors(vectors, 8))]
    with pytest.raises(ValueError, match="are not 5"):
        write_part(tmp_path / "p", [make_index_rows(rows)], blocks, shape=(5, 8))


def test_a_linked_part_outlives_the_one_it_was_linked_from(tmp_path: Path) -> None:
    vectors = make_vectors(5, 8)
    write_part(tmp_path / "a", [make_index_rows(5)], [(np.arange(5), vectors)], shape=(5, 8))
    link_folder(tmp_path / "a", tmp_path / "b")
    names = [path.name for path in (tmp_path / "a").iterdir()]
    assert all((tmp_path / "a" / name).samefile(tmp_path / "b" / name) for name in names)
    for name in names:
        (tmp_path / "a" / name).unlink()
    part = open_part(tmp_path / "b")
    np.testing.assert_array_equal(part.vectors, vectors)
    assert part.table().num_rows == 5


def test_an_export_is_read_back_by_faiss_with_its_ids(make: Make, tmp_path: Path) -> None:
    vectors = make_vectors(30, 16)
    index = make(vectors, "faiss", parts=3)
    ids = write_flat(index.parts, [part.vectors for part in index.parts], tmp_path / "out.bin")
    flat = faiss.read_index(str(tmp_path / "out.bin"))
    np.testing.assert_array_equal(flat.reconstruct_n(0, 30), vectors)
    table = pq.read_table(ids)
    _, found = flat.search(vectors[17:18], 1)
    assert table["chunk_id"][int(found[0, 0])].as_py() == "chunk-17"
    assert table["start_char"].to_pylist() == [number * 10 for number in range(30)]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "out.bin",
        "out.bin.ids.parquet",
    ]


@pytest.mark.parametrize("dimensions", [1, 128, 250, 768, 3072])
def test_a_rotation_keeps_all_dot_products(dimensions: int) -> None:
    vectors = make_vectors(20, dimensions)
    turned = rotated(vectors)
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-5)


def test_a_rotation_spreads_what_one_number_holds() -> None:
    turned = rotated(np.eye(128, dtype=np.float32))
    assert np.abs(turned).max() == pytest.approx(1 / 8)


@given(st.lists(st.integers(-3, 3), max_size=40), st.integers(1, 50))
def test_the_best_are_by_score_and_of_equal_ones_the_lower_row(values: list[int], k: int) -> None:
    numbers = np.arange(len(values)) * 2
    expected = sorted(zip(numbers.tolist(), values, strict=True), key=lambda hit: (-hit[1], hit[0]))
    assert best(numbers, np.asarray(values, np.float32), k) == expected[:k]


@given(st.lists(st.text(max_size=60) | st.just("ä" * 9_000), max_size=30), st.integers(1, 7))
def test_texts_come_back_as_they_were_written(texts: list[str], at_once: int) -> None:
    with TemporaryDirectory() as folder:
        columns = [
            pa.chunked_array([texts[start : start + at_once]], pa.large_string())
            for start in range(0, len(texts), at_once)
        ]
        places = pa.concat_tables(
            [TEXT_PLACES.empty_table(), *write_texts(Path(folder) / "t", columns)]
        )
        opened = open_texts(Path(folder) / "t")
        assert [opened.one(*map(int, row.values())) for row in places.to_pylist()] == texts
        run = places.slice(1)
        found = opened.run(*(run[name].to_numpy() for name in TEXT_PLACES.names))
        assert found.to_pylist() == texts[1:]


def test_compact_vectors_take_half_the_bytes_and_give_nearly_the_same_cosines(
    tmp_path: Path,
) -> None:
    vectors, queries = make_vectors(500, 768), make_vectors(20, 768, seed=1)
    vectors[3] = 0  # no scale can be made of it
    write_vectors(tmp_path, [(np.arange(500), vectors)], vectors.shape, compact=True)
    stored = open_vectors(tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < vectors.nbytes * 0.51
    np.testing.assert_allclose(stored.all_cosines(queries), queries @ vectors.T, atol=1e-5)
    one = stored.cosines(queries[0], np.arange(500))
    np.testing.assert_allclose(one, vectors @ queries[0], atol=1e-5)
    np.testing.assert_array_equal(
        np.concatenate([*map(np.copy, stored.blocks(64))]), stored.taken(np.arange(500))
    )


def test_a_stored_vector_is_told_from_any_other(tmp_path: Path) -> None:
    vectors = make_vectors(50, 16)
    for compact in (False, True):
        folder = tmp_path / str(compact)
        folder.mkdir()
        write_vectors(folder, [(np.arange(50), vectors)], vectors.shape, compact=compact)
        changed = vectors.copy()
        changed[7, 3] += 1e-3
        same = open_vectors(folder).are(np.arange(50), changed)
        assert np.flatnonzero(~same).tolist() == [7]


@pytest.mark.parametrize("harm", ["cut_off", "emptied", "flipped"])
def test_other_dead_rows_than_were_written_are_refused(tmp_path: Path, harm: str) -> None:
    digest = write_dead_rows(tmp_path, np.arange(5, 90), 100)
    assert live_rows(tmp_path, 100, digest).tolist() == list(range(5, 90))  # type: ignore[union-attr]
    HARMS[harm](tmp_path / "dead_rows.npy")
    with pytest.raises(ValueError, match="is not as it was written"):
        live_rows(tmp_path, 100, digest)


def test_a_part_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    vectors, rows = make_vectors(5, 8), make_index_rows(5).select(INDEX_ROWS.names)
    write_as_before(tmp_path / "00000", rows, vectors)
    part = open_part(tmp_path / "00000")
    assert not part.is_current
    assert part.table().to_pylist() == rows.to_pylist()
    assert [part.row(number) for number in range(5)] == rows.to_pylist()
    np.testing.assert_array_equal(part.vectors, vectors)
