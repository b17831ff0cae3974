"""The whole flow where nothing that lasts is on the machine that works."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.ledger.sources import placement
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.batch_jobs.recover import recover
from semantic_assets.pipeline.documents import plan_records, record_counter, slice_reader
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index import build as build_index_module
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.serving import description_of
from tests.bucket_and_postgres.conftest import Far, lines
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
URI = "acme/manuals/pumps.jsonl"


def found(trial: Trial, question: str) -> str:
    return search(trial.store, trial.gemini, question, datasets=(DATASET,), k=1)[0].text


def test_what_one_machine_embedded_another_finds(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    far.put("acme/manuals/handbook.md", "# Valves\n\nClose the red valve before lifting the lid.\n")
    one = far.machine("one")
    one.refresh()
    other = far.machine("other")
    assert "red valve" in found(other, "Which valve is closed before the lid is lifted?")
    assert check_index(other.store, DATASET).counted == 0
    before = one.sent()
    other.refresh()  # nothing is left to do there
    assert one.sent() == before
    assert one.paid_twice() == []


def test_a_file_of_three_shards_is_three_after_one_tick(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (placement, slice_reader, plan_records, record_counter):
        monkeypatch.setattr(module, "SHARD_MAX_DOCUMENTS", 15)
    far.put(URI, lines(40, "pump"))
    one, other = far.machine("one"), far.machine("other")
    assert len(watch_sources(one.store).due) == 3
    assert plan_records.discover_and_plan(other.store)[1] == plan_records.CountReport()
    far.put(URI, lines(70, "pump"))
    watch_sources(other.store)
    assert [s.documents for s in other.store.ledger.sources.shards()] == [15, 15, 15, 15, 10]


def test_an_edit_costs_what_it_changed_from_whichever_machine(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    far.put("acme/manuals/handbook.md", "# Valves\n\nClose the red valve first.\n")
    one = far.machine("one")
    one.refresh()
    sent = sum(one.sent().values())
    far.put("acme/manuals/handbook.md", "# Valves\n\nClose the green valve first.\n")
    other = far.machine("other")
    other.refresh()
    assert sum(one.sent().values()) == sent + 1
    assert "green valve" in found(one, "Which valve is closed first?")
    far.sources.delete("acme/manuals/handbook.md")
    other.refresh()
    assert "valve" not in found(one, "Which valve is closed first?")


def test_a_disk_that_is_lost_costs_nothing(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    one = far.machine("one")
    one.refresh()
    sent = one.sent()
    shutil.rmtree(one.settings.root)
    far.put("acme/manuals/more.md", "A paragraph about gaskets.\n")
    one.refresh()
    assert sum(one.sent().values()) == sum(sent.values()) + 1
    assert "gaskets" in found(one, "gaskets")
    assert check_index(one.store, DATASET).counted == 0


def test_sql_sees_the_same_tables_as_in_a_folder(far: Far, trial: Trial) -> None:
    text = lines(40, "pump")
    far.put(URI, text)
    trial.write(URI, text)
    one = far.machine("one")
    one.refresh()
    trial.refresh()
    for query in (
        "SELECT project, dataset, uri, record_id, text FROM documents ORDER BY document_id",
        "SELECT project, dataset, chunk_id, text_hash FROM chunks ORDER BY chunk_id",
        "SELECT chunk_id, space, status, len(vector) FROM embeddings ORDER BY chunk_id",
        "SELECT text_hash, space, outcome, token_count FROM results ORDER BY text_hash",
        "SELECT chunk_id, status, error_message FROM chunk_status ORDER BY chunk_id",
        "SELECT dataset, count(*) FROM chunks WHERE project = 'acme' GROUP BY ALL",
        "SELECT * FROM generations",
        "SELECT * FROM generation_results",
        "SELECT count(*) FROM manifests",
    ):
        with connect(one.store) as far_away, connect(trial.store) as near:
            assert far_away.execute(query).fetchall() == near.execute(query).fetchall(), query


def test_a_ledger_that_is_lost_is_rebuilt_from_the_bucket(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    one = far.machine("one")
    one.refresh()
    sent = one.sent()
    with one.store.ledger.database.write() as connection:
        for table in ("job", "job_event", "table_file", "generation", "shard", "source_slice"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    shutil.rmtree(one.settings.root)
    with pytest.raises(ConfigError, match="`semantic-assets recover`"):
        far.machine("other")
    other = far.machine("other", unchecked=True)
    assert recover(other.store).collected
    other.refresh()
    assert one.sent() == sent
    assert "pump" in found(other, "pump number 7")


def test_an_index_that_did_not_change_is_copied_within_the_bucket(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    one = far.machine("one")
    one.refresh()
    changed = one.reopened(index_backend="faiss")
    with changed.store:
        again = build_index(changed.store, DATASET)
    assert (again.parts_linked, again.parts_written, again.backend) == (1, 0, "faiss")
    other = far.machine("other")
    assert "number 7" in found(other, "The pump number 7.")
    assert check_index(other.store, DATASET).counted == 0


def test_what_a_machine_that_died_had_begun_is_found_by_the_next(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its description is there before its backend makes anything: or nobody could drop that."""
    far.put(URI, lines(4, "pump"))
    one = far.machine("one")
    with monkeypatch.context() as context:
        context.setattr(build_index_module, "prove", _die)
        with pytest.raises(ZeroDivisionError):
            one.refresh()
    (begun,) = one.store.ledger.index_versions.list(DATASET)
    other = far.machine("other")
    assert description_of(other.store, begun) is not None
    other.refresh()
    assert description_of(other.store, begun) is None
    assert "number 3" in found(other, "The pump number 3.")


def _die(*_: object) -> None:
    raise ZeroDivisionError


def test_what_another_machine_dropped_goes_here_too(far: Far) -> None:
    far.put(URI, lines(4, "pump"))
    one, other = far.machine("one"), far.machine("other")
    one.refresh()
    found(other, "pump")
    for number in range(4):  # three generations are kept
        far.put(URI, lines(5 + number, "pump"))
        one.refresh()
    here = other.settings.root / "index/acme/manuals"
    (before,) = here.glob("*/*")
    os.utime(before, (0, 0))
    found(other, "pump number 7")
    (after,) = here.glob("*/*")
    assert after != before


@pytest.mark.skipif(find_spec("lancedb") is None, reason="needs lancedb")
def test_an_index_in_lance_is_searched_where_it_is(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    one = far.machine("one")
    one.refresh()
    changed = one.reopened(index_backend="lance")
    with changed.store:
        assert build_index(changed.store, DATASET).backend == "lance"
    other = far.machine("other")
    assert "number 7" in found(other, "The pump number 7.")
    here = [path.name for path in (other.settings.root / "index").rglob("[!.]*") if path.is_file()]
    assert sorted(here) == ["generation.json", "words.bin"]
    assert check_index(other.store, DATASET).counted == 0


def test_a_dataset_is_told_of_by_its_own_objects(far: Far) -> None:
    far.put(URI, lines(4, "pump"))
    far.put("acme/manuals/dataset.toml", "[chunking]\nmax_tokens = 300\n")
    one = far.machine("one")
    one.refresh()
    assert one.store.dataset_settings(DATASET).chunking.max_tokens == 300
    far.put("acme/manuals/dataset.toml", "[chunking]\nmax_tokens = 400\n")
    one.refresh()
    assert one.store.dataset_settings(DATASET).chunking.max_tokens == 400
    far.sources.delete("acme/manuals/dataset.toml")
    one.refresh()
    assert one.store.dataset_settings(DATASET).chunking.max_tokens == 800


def test_two_writers_of_one_table_do_not_mix(far: Far) -> None:
    one, other = far.machine("one").store.lake, far.machine("other").store.lake
    one.write_text("notes", "first")

    def write_late() -> None:
        with one.replacing("notes") as slow:
            other.write_text("notes", "meanwhile")
            slow.write_text("late")

    with pytest.raises(Conflict):
        write_late()
    assert one.read_text("notes") == other.read_text("notes") == "meanwhile"
    assert not list(Path(one.root).rglob(".*.tmp"))


def test_what_needs_a_folder_says_so(far: Far) -> None:
    far.put(URI, lines(4, "pump"))
    one = far.machine("one")
    one.refresh()
    with pytest.raises(ConfigError, match=r"put them as files under s3://.*/acme/manuals/"):
        Ingestion(one.store, DATASET)


def test_a_ledger_of_another_lake_is_refused(far: Far, trial: Trial) -> None:
    far.machine("one")
    with pytest.raises(ConfigError, match=r"must be of one another"):
        trial.reopened(ledger_url=far.ledger_url)
