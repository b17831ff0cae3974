"""The picture of a shard's vectors: honest about its sample, the same each time, and small."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.tables import DOCUMENTS, embeddings_schema
from semantic_assets.orchestration.reporting.vector_plot import picture, svg
from semantic_assets.pipeline.embeddings.vector_map import (
    MAX_GROUPS,
    MAX_POINTS,
    OTHERS,
    VectorMap,
    vector_map,
)
from semantic_assets.store import Store

SHARD = ShardKey.parse("acme.manuals.00000")
SPACE = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-001", dimensions=128)
PATH = layout.embeddings(SPACE.space_id, SHARD)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "lake") as (store, _):
        yield store


def _vectors(rows: int, clusters: int = 3) -> np.ndarray:
    random = np.random.default_rng(7)
    middles = random.standard_normal((clusters, SPACE.dimensions)) * 3
    found = middles[np.arange(rows) % clusters] + random.standard_normal((rows, SPACE.dimensions))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def _write(
    store: Store, files: Sequence[str], vectors: np.ndarray, failed: Sequence[int] = ()
) -> None:
    """A chunk for each vector; the documents take turns."""
    rows, is_failed = len(vectors), np.isin(np.arange(len(vectors)), failed)
    columns = {field.name: pa.nulls(len(files), field.type) for field in DOCUMENTS}
    columns["document_id"] = pa.array([str(n) for n in range(len(files))])
    columns["uri"] = pa.array([f"acme/manuals/{name}" for name in files])
    with store.lake.writing(layout.documents(SHARD), _nullable(DOCUMENTS), {}) as file:
        file.write(pa.table(columns, schema=_nullable(DOCUMENTS)))
    schema = _nullable(embeddings_schema(SPACE))
    columns = {field.name: pa.nulls(rows, field.type) for field in schema}
    columns["document_id"] = pa.array([str(n % len(files)) for n in range(rows)])
    columns["status"] = pa.array(np.where(is_failed, "FAILED", "READY"))
    columns["vector"] = pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.reshape(-1)), SPACE.dimensions, mask=pa.array(is_failed)
    )
    table = pa.table(columns, schema=schema)
    with store.lake.writing(PATH, schema, {}) as file:
        for first in range(0, rows, 4_096):
            file.write(table.slice(first, 4_096))


def _nullable(schema: pa.Schema) -> pa.Schema:
    """The columns that do not matter here are left empty."""
    return pa.schema([field.with_nullable(True) for field in schema])


def _map(store: Store) -> VectorMap:
    found = vector_map(store, SHARD, PATH)
    assert found is not None
    return found


def test_the_same_file_gives_the_same_picture(store: Store) -> None:
    _write(store, ["a.txt", "b.txt"], _vectors(500))
    assert svg(_map(store)) == svg(_map(store))


def test_the_plane_is_that_of_the_whole_decomposition(store: Store) -> None:
    vectors = _vectors(600)
    _write(store, ["a.txt"], vectors)
    scale = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
    share = np.square(scale[:2]).sum() / np.square(scale).sum()
    assert _map(store).variance_share == pytest.approx(share, rel=0.01)


def test_a_large_shard_is_sampled_from_all_its_parts_and_the_picture_stays_small(
    store: Store,
) -> None:
    _write(store, [f"{n}/file-{n}.txt" for n in range(40)], _vectors(20_000))
    found = _map(store)
    assert len(found.points) == MAX_POINTS
    assert found.rows == 20_000
    value = picture(found).value
    assert value is not None
    assert len(value) < 60_000


def test_sources_are_told_apart_by_folder_and_within_one_folder_by_file(store: Store) -> None:
    _write(store, ["x/a.txt", "x/b.txt", "y/z/c.txt"], _vectors(30))
    assert _map(store).groups == ("x", "y")
    _write(store, ["x/a.txt", "x/b.txt", "x/c.txt"], _vectors(30))
    assert _map(store).groups == ("x/a.txt", "x/b.txt", "x/c.txt")


def test_the_smallest_sources_share_one_colour(store: Store) -> None:
    _write(store, [f"{n:02}.txt" for n in range(25)], _vectors(260))
    found = _map(store)
    assert len(found.groups) == MAX_GROUPS
    assert found.groups[-1] == OTHERS
    assert found.groups[0] == "00.txt"
    assert found.group_of.max() == MAX_GROUPS - 1


def test_points_without_a_document_have_no_source_and_break_nothing(store: Store) -> None:
    _write(store, ["x/a.txt", "x/b.txt"], _vectors(9))
    with store.lake.writing(layout.documents(SHARD), _nullable(DOCUMENTS), {}):
        pass
    assert _map(store).groups == (OTHERS,)
    store.lake.delete(layout.documents(SHARD))
    assert _map(store).groups == (OTHERS,)


def test_failed_rows_are_not_drawn(store: Store) -> None:
    _write(store, ["a.txt"], _vectors(20), failed=[0, 5, 19])
    assert len(_map(store).points) == 17


def test_vectors_that_are_all_alike_are_one_point(store: Store) -> None:
    _write(store, ["a.txt"], np.repeat(_vectors(1), 10, axis=0))
    found = _map(store)
    assert np.isfinite(found.points).all()
    assert "NaN" not in svg(found)


def test_there_is_no_picture_of_fewer_than_three_vectors(store: Store) -> None:
    _write(store, ["a.txt"], _vectors(4), failed=[0, 1])
    assert vector_map(store, SHARD, PATH) is None


def test_names_of_files_cannot_break_the_picture(store: Store) -> None:
    _write(store, ["<script>&\"'.txt", "б.txt"], _vectors(10))
    root = ElementTree.fromstring(svg(_map(store)))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:2] == ["<script>&\"'.txt (5)", "б.txt (5)"]


def test_markdown_holds_the_whole_picture(store: Store) -> None:
    _write(store, ["a.txt"], _vectors(10))
    value = picture(_map(store)).value
    assert value is not None
    encoded = value.partition("base64,")[2].removesuffix(")")
    assert base64.b64decode(encoded).decode() == svg(_map(store))
