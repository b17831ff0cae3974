"""Exports into a real Postgres with pgvector: rows, changes, refusals, and what is never said."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from semantic_assets.errors import ConfigError, Conflict, SetupError, TransientError
from semantic_assets.pipeline.exports import postgres_table
from semantic_assets.pipeline.exports.dataset_export import ExportedTable, export_dataset
from semantic_assets.pipeline.exports.postgres_address import postgres_address
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.factories import killed_in
from tests.pipeline.exports.conftest import DATASET, DOCUMENTS, OTHER, ROWS, write
from tests.services.postgres import (
    PostgresServer,
    missing_for_pgvector,
    missing_for_postgres,
    postgres_server,
)
from tests.trial import Trial

PAGE = Path(__file__).resolve().parents[3] / "docs/exports.md"
MISSING = missing_for_pgvector()
needs_pgvector = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server(vectors=True) as found:
        yield found


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database()


def export(trial: Trial, url: str, **options: Any) -> ExportedTable:
    return export_dataset(trial.store, DATASET, url, **options)


def did(report: ExportedTable) -> tuple[int, int, int]:
    return report.shards_written, report.shards_kept, report.shards_removed


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


@needs_pgvector
def test_pgvector_counts_the_rows_and_finds_the_nearest(world: Trial, url: str) -> None:
    report = export(world, url, index=True)
    assert (report.rows, report.format, did(report)) == (ROWS, "postgres", (4, 0, 0))
    assert asked(url, "SELECT count(*), min(vector_dims(vector)) FROM acme_manuals") == [
        (ROWS, 128)
    ]
    nearest = asked(
        url,
        "SELECT round(min(a.vector <=> b.vector)::numeric, 5) FROM acme_manuals a, LATERAL "
        "(SELECT vector FROM acme_manuals ORDER BY vector <=> a.vector LIMIT 1) b",
    )
    assert nearest == [(0,)]
    author = "SELECT uri FROM acme_manuals WHERE metadata->>'author' = 'Lin 3'"
    assert asked(url, author) == [(f"{DATASET}/03.md",)]


@needs_pgvector
def test_the_query_of_the_documentation_answers(world: Trial, url: str) -> None:
    export(world, url, table="notices")
    (query,) = re.findall(r"^```text\n(SELECT.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    found = asked(url, query)
    assert len(found) == 5
    assert [row[2] for row in found] == sorted(row[2] for row in found)


@needs_pgvector
def test_vectors_come_back_exactly(world: Trial, url: str) -> None:
    export(world, url)
    found = dict(asked(url, "SELECT id, vector::text FROM acme_manuals"))
    space = world.store.decide_space(DATASET).space_id
    with world.store.lake.open(
        f"embeddings/space={space}/project=acme/dataset=manuals/shard=00001.parquet"
    ) as file:
        rows = file.read(["chunk_id", "vector"]).to_pylist()
    assert len(rows) == 4
    for row in rows:
        back = pa.array(json.loads(found[row["chunk_id"]]), pa.float32()).to_pylist()
        assert back == row["vector"]


@needs_pgvector
def test_the_next_export_writes_what_changed_and_deletes_what_is_gone(
    changing: Trial, url: str
) -> None:
    export(changing, url)
    untouched = "SELECT id, xmin::text FROM acme_manuals"
    before = dict(asked(url, untouched))
    assert did(export(changing, url)) == (0, 4, 0)
    assert dict(asked(url, untouched)) == before
    write(changing, 5, version=2)
    (changing.settings.sources / str(DATASET) / "rows.jsonl").unlink()
    (changing.settings.sources / str(DATASET) / "00.md").unlink()
    changing.refresh()
    report = export(changing, url)
    after = dict(asked(url, untouched))
    assert (did(report), len(after)) == ((2, 1, 1), DOCUMENTS - 1)
    assert len({one for one in after if after[one] == before.get(one)}) == DOCUMENTS - 2
    assert asked(url, "SELECT text LIKE '%Version 2%' FROM acme_manuals WHERE uri LIKE '%05.md'")


@needs_pgvector
def test_rows_that_somebody_deleted_are_written_again(world: Trial, url: str) -> None:
    export(world, url)
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM acme_manuals WHERE uri LIKE '%03.md'")
    assert did(export(world, url)) == (1, 3, 0)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE acme_manuals")
    assert did(export(world, url)) == (4, 0, 0)


@needs_pgvector
def test_a_table_that_holds_something_else_is_refused(world: Trial, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE acme_manuals (mine text)")
    with pytest.raises(ConfigError, match=r"is there and is no export: name another .* --table"):
        export(world, url, replace=True)
    export_dataset(world.store, OTHER, url, table="Rows of mine")
    with pytest.raises(ConfigError, match=r"holds dataset acme/notes, .*--replace"):
        export(world, url, table="Rows of mine")
    assert did(export(world, url, table="Rows of mine", replace=True)) == (4, 0, 0)


@needs_pgvector
def test_a_table_is_written_by_one_export_at_a_time(world: Trial, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('export acme_manuals'))")
        with pytest.raises(Conflict, match=r"another export writes to .* run this again"):
            export(world, url)


@needs_pgvector
def test_name_is_free_before_the_connection_is_closed(
    world: Trial, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[Any, ...]]] = []
    close = psycopg.Connection.close

    def looked_at(self: Any) -> None:
        seen.append(self.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").fetchall())
        close(self)

    monkeypatch.setattr(psycopg.Connection, "close", looked_at)
    export(world, url)
    assert seen == [[]]


def export_and_die(settings: Settings, url: str, when: str, nth: int) -> None:
    """Killed with the nth shard in its transaction, or right after it."""
    done = postgres_table.ExportTable.write
    count = 0

    def struck(table: Any, shard: Any, blocks: Any) -> None:
        nonlocal count
        count += 1
        if count == nth and when == "in":
            blocks = _dying(blocks)
        done(table, shard, blocks)
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    postgres_table.ExportTable.write = struck  # type: ignore[method-assign]
    with open_store(settings) as store:
        export_dataset(store, DATASET, url)


def _dying(blocks: Any) -> Any:
    yield from blocks
    os.kill(os.getpid(), signal.SIGKILL)


@needs_pgvector
@pytest.mark.dear
@pytest.mark.sample(1)
@pytest.mark.parametrize(("when", "whole"), [("in", 1), ("after", 2)])
def test_a_killed_export_leaves_whole_shards_and_the_next_one_ends_it(
    world: Trial, url: str, when: str, whole: int
) -> None:
    killed_in(export_and_die, world.settings, url, when, 2)
    counted = asked(url, "SELECT shard, count(*) FROM acme_manuals GROUP BY shard")
    assert [rows for _, rows in counted] == [4] * whole
    assert did(export(world, url)) == (4 - whole, whole, 0)
    assert asked(url, "SELECT count(*) FROM acme_manuals") == [(ROWS,)]


@pytest.mark.skipif(missing_for_postgres() is not None, reason=str(missing_for_postgres()))
def test_a_server_says_no_password_of_its_address(world: Trial) -> None:
    with postgres_server(encrypted=True) as server:
        wrong = server.url.set(password="hunter-12345").render_as_string(hide_password=False)
        with pytest.raises(TransientError) as refused:
            export(world, wrong)
    assert "password authentication failed" in str(refused.value)
    told = f"{refused.value}{refused.value.__cause__}{refused.value.__cause__!r}"
    assert "hunter" not in told


@pytest.mark.parametrize(
    "target",
    ["postgresql://me:hunter@2@host/db", "postgresql://me:hunter2@host:port/db"],
)
def test_an_address_that_is_none_is_not_repeated(target: str) -> None:
    with pytest.raises(ConfigError, match="the target is no address of Postgres") as refused:
        postgres_address(target, DATASET, None)
    assert "hunter" not in str(refused.value)


def test_what_is_shown_of_an_address_is_no_secret() -> None:
    address = postgres_address(
        "postgres://me:hunter2@host:5433/db?sslpassword=hunter3", DATASET, None
    )
    assert address.shown == "postgresql://host:5433/db table acme_manuals"
    assert address.secrets == ("hunter2", "hunter3")
    assert "hunter" not in repr(address)


def test_files_have_no_place_in_postgres(world: Trial) -> None:
    with pytest.raises(ConfigError, match="--format is for files and folders"):
        export(world, "postgresql://host/db", wanted_format="parquet")


@pytest.mark.skipif(missing_for_postgres() is not None, reason=str(missing_for_postgres()))
def test_a_server_without_pgvector_is_named_with_the_cure(world: Trial) -> None:
    with postgres_server() as server:
        if asked(server.new_database(), _HAS_VECTOR) != [(0,)]:
            pytest.skip("this server has pgvector")
        with pytest.raises(SetupError, match=r"has no pgvector .* run CREATE EXTENSION vector"):
            export(world, server.new_database())


_HAS_VECTOR = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
