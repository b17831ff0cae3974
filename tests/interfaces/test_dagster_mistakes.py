"""What is mistyped for a run of Dagster fails it by name, and nothing is done."""

import pytest

from tests.interfaces.dagster_world import World


def _failure(world: World, datasets: list[str]) -> str:
    config = {"ops": {"refresh_store": {"config": {"wait_minutes": 0.0, "datasets": datasets}}}}
    result = world.defs.resolve_job_def("refresh").execute_in_process(
        run_config=config, instance=world.instance, raise_on_error=False
    )
    failure = result.failure_data_for_node("refresh_store")
    assert failure is not None
    assert failure.error is not None
    return str(failure.error.cause or failure.error)


def test_a_dataset_that_there_is_not_fails_the_refresh(world: World) -> None:
    said = _failure(world, ["acme/manuasl"])
    assert "there is no dataset acme/manuasl: did you mean acme/manuals?" in said
    assert world.green("documents") == set()


def test_a_misspelt_cap_fails_the_refresh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_MAX_COST_USD_PER_DYA", "1")
    said = _failure(world, [])
    assert "did you mean SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY?" in said
