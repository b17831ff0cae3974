"""Each partition has its own state of a check, whoever evaluated it: a run, `refresh` or the sensor."""

import dagster as dg
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.orchestration import jobs
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.reporting.remedies import OF_ALL
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.store import Store
from tests.interfaces.dagster_world import SHARD, World

OTHER = "acme.gates.00000"
_SENTENCE = 60
#: How the ledger notes a request of which every run failed.
_GIVEN_UP = -1


def _states(world: World, asset: str, check: str) -> dict[str | None, bool]:
    """The last verdict on each partition, as Dagster's storage has it."""
    records = world.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(asset), check), limit=100
    )
    return {
        one.partition: one.status.value == "SUCCEEDED" for one in reversed(records) if one.event
    }


def _write_other(world: World) -> None:
    folder = world.folder.parent / "gates"
    folder.mkdir()
    (folder / "a.txt").write_text("The gate is shut at night.")


def _refreshed(world: World) -> dg.ExecuteInProcessResult:
    """Run `refresh` until its batches are back, and return the last run."""
    config = {"ops": {"refresh_store": {"config": {"wait_minutes": 0.0}}}}
    job = world.defs.resolve_job_def("refresh")
    for _ in range(2):
        result = job.execute_in_process(
            instance=world.instance, run_config=config, raise_on_error=False
        )
        world.pass_time()
    return result


def test_every_check_but_those_of_the_lake_has_the_partitions_of_its_asset() -> None:
    graph = build_definitions().resolve_asset_graph()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        own = graph.get(key.asset_key).partitions_def
        assert spec.partitions_def == (None if spec.name in OF_ALL else own)


def test_a_newcomer_is_told_what_everything_is_and_what_its_green_means() -> None:
    defs = build_definitions()
    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    repository.load_all_definitions()
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {
        *("ingest", "generate", "embed", "serve")
    }
    assets = [graph.get(key).description or "" for key in graph.get_all_asset_keys()]
    assert [text for text in assets if "\n\nGreen: " not in text or "\n    " in text] == []
    jobs = [job for job in repository.get_all_jobs() if job.name != "__ASSET_JOB"]
    told = [*jobs, *repository.sensor_defs, *repository.schedule_defs]
    assert [one.name for one in told if len(one.description or "") < _SENTENCE] == []
    ticks = [*repository.sensor_defs, *repository.schedule_defs]
    assert [one.name for one in ticks if "A green tick" not in str(one.description)] == []


def test_a_green_shard_does_not_hide_the_one_that_failed(world: World) -> None:
    _write_other(world)
    world.register()
    for shard in (SHARD, OTHER):  # the one with the broken file first
        assert world.run("embed_shard", shard).success
    assert _states(world, "documents", "all_documents_read") == {SHARD: False, OTHER: True}


def test_refresh_evaluates_the_check_of_each_partition_and_fails_where_texts_failed(
    world: World,
) -> None:
    _write_other(world)
    world.arm("invalid-texts", contains="gate")
    result = _refreshed(world)
    assert not result.success
    failure = result.failure_data_for_node("refresh_store")
    assert "1 chunk FAILED" in str(failure and failure.error)
    assert "semantic-assets failures" in str(failure and failure.error)
    assert _states(world, "documents", "all_documents_read") == {SHARD: False, OTHER: True}
    assert _states(world, "embeddings", "no_missing_vectors") == {SHARD: True, OTHER: False}
    assert _states(world, "vector_index", "index_matches_embeddings") == {
        "acme.manuals": True,
        "acme.gates": True,
    }


def test_a_refresh_is_green_again_where_only_old_failures_are_left(world: World) -> None:
    _write_other(world)
    (world.folder.parent / "gates" / "b.txt").write_text("The door is open.")
    world.arm("invalid-texts", contains="gate")
    assert not _refreshed(world).success
    assert _refreshed(world).success
    assert _states(world, "embeddings", "no_missing_vectors") == {SHARD: True, OTHER: False}


@pytest.mark.parametrize(("file", "text"), [("a.txt", "It opens at noon."), ("b.txt", "New.")])
def test_a_shard_that_changed_is_checked_again_by_the_next_refresh(
    world: World, file: str, text: str
) -> None:
    _write_other(world)
    assert _refreshed(world).success
    (world.folder.parent / "gates" / file).write_text(text)
    (world.folder / "broken.pdf").unlink()
    assert _refreshed(world).success
    assert _states(world, "documents", "all_documents_read") == {SHARD: True, OTHER: True}
    assert _states(world, "embeddings", "no_missing_vectors") == {SHARD: True, OTHER: True}


def test_dagster_holds_what_a_refresh_did_before_the_ledger_says_it_was_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill in between: the sensor asks once more, and no partition stays grey."""
    held: list[set[str]] = []

    def mark_done(store: Store, report: RefreshReport) -> None:
        held.append(world.green("embeddings"))
        real(store, report)

    real = jobs.mark_done
    monkeypatch.setattr(jobs, "mark_done", mark_done)
    _refreshed(world)
    assert held == [set(), {SHARD}]


def _give_up(world: World, request_name: str) -> None:
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        store_row = "INSERT INTO run_request (name, fingerprint, attempt, requested_at, asked)"
        connection.exec_driver_sql(f"{store_row} VALUES ('{request_name}', 'x', {_GIVEN_UP}, 0, 5)")


def _go_on(world: World, request_name: str) -> None:
    with opened(world.lake.root) as (store, _), store.ledger.database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM run_request WHERE name = '{request_name}'")


class Daemon:
    """What Dagster's daemon does with a tick: it stores the events, and then the cursor."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cursor: str | None = None

    def verdicts(self) -> list[dg.AssetCheckEvaluation]:
        result = self.world.tick(self.cursor)
        for event in result.asset_events:
            self.world.instance.report_runless_asset_event(event)
        self.cursor = result.cursor
        return [one for one in result.asset_events if isinstance(one, dg.AssetCheckEvaluation)]


@pytest.mark.parametrize(
    ("request_name", "asset", "check", "named"),
    [
        (f"read:{SHARD}", "embeddings", "requested_runs_succeed", f"{SHARD} (read)"),
        (
            "vector_index:acme.manuals",
            *("vector_index", "requested_runs_succeed", "acme.manuals (vector_index)"),
        ),
        ("advance", "batch_jobs", "batches_advance", "advance"),
    ],
)
def test_the_sensor_evaluates_the_check_of_what_was_given_up_each_time(
    world: World, request_name: str, asset: str, check: str, named: str
) -> None:
    world.register()
    daemon = Daemon(world)
    for _ in range(2):  # as the daemon stores it, a second verdict on a partition is refused
        _give_up(world, request_name)
        [found] = daemon.verdicts()
        assert (found.asset_key, found.check_name) == (dg.AssetKey(asset), check)
        assert not found.passed
        assert named in str(found.description)
        assert daemon.verdicts() == []  # said once
        _go_on(world, request_name)
        [found] = daemon.verdicts()
        assert found.passed
        assert _states(world, asset, check) == {None: True}


def test_what_was_given_up_is_one_verdict_that_names_each(world: World) -> None:
    world.register()
    daemon = Daemon(world)
    many = [f"acme.manuals.{number:05}" for number in range(12)]
    for shard in many:
        _give_up(world, f"embeddings:{shard}")
    [found] = daemon.verdicts()
    assert many[0] in str(found.description)
    assert "and 2 more" in str(found.description)
    _go_on(world, f"embeddings:{many[0]}")
    [found] = daemon.verdicts()
    assert not found.passed
    assert many[1] in str(found.description)
