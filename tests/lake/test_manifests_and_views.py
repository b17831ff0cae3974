"""Manifests as files, and the lake as SQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.manifests import (
    manifest_identity,
    manifest_keys,
    manifest_texts,
    write_manifest,
)
from semantic_assets.lake.views import connect_views
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.tables import CHUNKS, MANIFEST, embeddings_schema, results_schema
from semantic_assets.text.fingerprint import text_hash
from tests.factories import make_job, make_space

SPACE = make_space(dimensions=2)
SHARD = ShardKey(DatasetKey("007", "b"), 0)  # a project that looks like a number
JOBS = pa.schema([("id", pa.string()), ("error_message", pa.string())])
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake's")


@pytest.fixture
def query(lake: Lake) -> Iterator[Query]:
    connections: list[duckdb.DuckDBPyConnection] = []

    def run(sql: str, jobs: list[dict[str, str]] | None = None) -> list[tuple[Any, ...]]:
        serving = {"project": "007", "dataset": "b", "serving_space": SPACE.space_id}
        tables = {
            "batch_jobs": pa.Table.from_pylist(jobs or [], JOBS),
            "datasets": pa.Table.from_pylist([serving]),
        }
        connections.append(connect_views(lake, tables))
        return connections[-1].execute(sql).fetchall()

    yield run
    for connection in connections:
        connection.close()


def manifest_table(*texts: str) -> pa.Table:
    rows = [{"text_hash": text_hash(t), "vector_text": t, "token_estimate": len(t)} for t in texts]
    return pa.Table.from_pylist(rows, MANIFEST)


def write(lake: Lake, path: str, schema: pa.Schema, rows: list[dict[str, object]]) -> None:
    with lake.writing(path, schema, {}) as file:
        file.write(pa.Table.from_pylist(rows, schema))


def chunk(number: int) -> dict[str, object]:
    return {
        "chunk_id": f"c{number}",
        "document_id": "d",
        "shard": str(SHARD),
        "chunk_index": number,
        "start_char": 0,
        "end_char": 1,
        "text": "t",
        "vector_text": f"text {number}",
        "text_hash": text_hash(f"text {number}"),
        "token_estimate": 1,
        "content_hash": "h",
    }


def embedding(number: int, **changes: object) -> dict[str, object]:
    row = {
        "chunk_id": f"c{number}",
        "document_id": "d",
        "shard": str(SHARD),
        "space": SPACE.space_id,
        "text_hash": text_hash(f"text {number}"),
        "status": "READY",
        "vector": [0.6, 0.8],
        "batch_job_id": "job0",
        "attempts": 1,
    }
    return row | changes


# -- manifests ------------------------------------------------------------------------------------


def test_a_manifest_gives_its_texts_back_in_order(lake: Lake) -> None:
    texts = [f"text {number}\n\u2028" for number in range(5_000)]
    job = make_job()
    write_manifest(lake, job, SPACE, [manifest_table(*texts)])
    assert manifest_keys(lake, job.job_id) == [text_hash(text) for text in texts]
    assert list(manifest_texts(lake, job.job_id)) == [(text_hash(t), t) for t in texts]


def test_a_manifest_that_is_not_there_has_no_keys(lake: Lake) -> None:
    assert manifest_keys(lake, "none") is None


def test_a_manifest_carries_the_identity_of_its_job(lake: Lake) -> None:
    job = make_job(shards=("a.b.00000", "a.b.00001"))
    write_manifest(lake, job, SPACE, [manifest_table("one")])
    assert manifest_identity(lake, job.job_id) == (job, SPACE)


# -- views ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view", ["documents", "chunks", "embeddings", "results", "manifests", "chunk_status"]
)
def test_of_an_empty_lake_every_view_is_there_and_empty(query: Query, view: str) -> None:
    assert query(f"SELECT * FROM {view}") == []


@pytest.mark.parametrize("view", ["documents", "chunks", "embeddings", "results", "manifests"])
def test_a_view_has_the_same_columns_before_and_after_the_first_file(
    lake: Lake, query: Query, view: str
) -> None:
    before = query(f"DESCRIBE {view}")
    write(lake, layout.chunks(SHARD), CHUNKS, [chunk(0)])
    write(lake, layout.embeddings(SPACE.space_id, SHARD), embeddings_schema(SPACE), [embedding(0)])
    write(lake, layout.results(SPACE.space_id, "job0"), results_schema(2), [])
    write_manifest(lake, make_job(), SPACE, [manifest_table("one")])
    after = query(f"DESCRIBE {view}")
    assert [row[:2] for row in after] == [row[:2] for row in before]


def test_project_and_dataset_are_columns_and_text(lake: Lake, query: Query) -> None:
    write(lake, layout.chunks(SHARD), CHUNKS, [chunk(0)])
    assert query("SELECT project, dataset, shard FROM chunks") == [("007", "b", str(SHARD))]


def test_a_table_is_the_union_of_its_shards_and_temporary_files_are_not_in_it(
    lake: Lake, query: Query
) -> None:
    for number in range(3):
        path = layout.chunks(ShardKey(DatasetKey("p", f"d{number % 2}"), number))
        write(lake, path, CHUNKS, [chunk(number)])
    with lake.writing(layout.chunks(SHARD), CHUNKS, {}) as file:
        file.write(pa.Table.from_pylist([chunk(9)], CHUNKS))
        assert query("SELECT chunk_id FROM chunks ORDER BY 1") == [("c0",), ("c1",), ("c2",)]


def test_vectors_can_be_compared(lake: Lake, query: Query) -> None:
    schema = embeddings_schema(SPACE)
    rows = [embedding(0), embedding(1, status="FAILED", vector=None, error_message="no")]
    write(lake, layout.embeddings(SPACE.space_id, SHARD), schema, rows)
    [(vector,)] = query("SELECT vector FROM embeddings WHERE status = 'READY'")
    assert float(np.dot(np.asarray(vector), [0.8, 0.6])) == pytest.approx(0.96)
    [(missing,)] = query("SELECT vector FROM embeddings WHERE status = 'FAILED'")
    assert missing is None


def test_vectors_of_two_spaces_stand_side_by_side_and_a_chunk_has_the_status_of_the_serving_one(
    lake: Lake, query: Query
) -> None:
    write(lake, layout.chunks(SHARD), CHUNKS, [chunk(0), chunk(1)])
    other = make_space(dimensions=3)
    write(lake, layout.embeddings(SPACE.space_id, SHARD), embeddings_schema(SPACE), [embedding(0)])
    rows = [embedding(n, space=other.space_id, vector=[1.0, 0.0, 0.0]) for n in range(2)]
    write(lake, layout.embeddings(other.space_id, SHARD), embeddings_schema(other), rows)
    lengths = query("SELECT space, len(vector) FROM embeddings GROUP BY ALL ORDER BY 2")
    assert lengths == [(SPACE.space_id, 2), (other.space_id, 3)]
    status = query("SELECT chunk_id, status FROM chunk_status ORDER BY 1")
    assert status == [("c0", "READY"), ("c1", "PENDING")]


def test_a_manifests_job_is_its_files_name(lake: Lake, query: Query) -> None:
    jobs = [make_job(job_id="job1"), make_job(job_id="job2")]
    for number, job in enumerate(jobs):
        write_manifest(lake, job, SPACE, [manifest_table(f"text {number}")])
    found = query("SELECT batch_job_id, text_hash FROM manifests ORDER BY 1")
    assert found == [(job.job_id, text_hash(f"text {n}")) for n, job in enumerate(jobs)]


def test_every_chunk_has_a_status_from_the_moment_it_is_cut(lake: Lake, query: Query) -> None:
    write(lake, layout.chunks(SHARD), CHUNKS, [chunk(number) for number in range(4)])
    sql = "SELECT chunk_id, status, batch_job_id, error_message FROM chunk_status ORDER BY 1"
    assert query(sql) == [(f"c{n}", "PENDING", None, None) for n in range(4)]
    job = make_job()
    write_manifest(lake, job, SPACE, [manifest_table("text 1", "text 2")])
    failed = embedding(2, status="FAILED", vector=None, batch_job_id="job7", error_message="long")
    rows = [embedding(0), failed]
    write(lake, layout.embeddings(SPACE.space_id, SHARD), embeddings_schema(SPACE), rows)
    assert query(sql, [{"id": job.job_id, "error_message": "its process died"}]) == [
        ("c0", "READY", "job0", None),
        ("c1", "PENDING", job.job_id, "its process died"),
        ("c2", "FAILED", "job7", "long"),
        ("c3", "PENDING", None, None),
    ]


def test_the_settings_of_the_connection_never_reach_for_the_network(query: Query) -> None:
    names = ("autoinstall_known_extensions", "autoload_known_extensions")
    for name in names:
        assert query(f"SELECT current_setting('{name}')") == [(False,)]
