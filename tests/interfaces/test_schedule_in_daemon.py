"""The refresh schedule in a real daemon: it fires, and what is being done is not asked for again."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import httpx2
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.emulator.server import serve_in_thread
from tests.dagster_daemon import environment, running_daemon

_MODULE, _SCHEDULE = "tests.interfaces.minutely", "refresh_each_minute"
_DATASETS = {"acme.manuals", "acme.other"}
_SHARDS = Counter(f"{name}.00000" for name in _DATASETS)
_LONGEST_SECONDS = 300.0


@pytest.mark.long
def test_a_schedule_fires_and_nothing_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset in _DATASETS:
        path = tmp_path / "sources" / dataset.replace(".", "/") / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"Alpha beta gamma of {dataset}.")
    server = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=5.0)
    with ExitStack() as running:
        running.callback(server.stop)
        environ = environment(tmp_path, server.base_url)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with (
            dg.DagsterInstance.get() as instance,
            running_daemon(_MODULE, environ, tmp_path / "daemon.log"),
        ):
            _until(lambda: _requested(instance) == _SHARDS)
            with ExitStack() as busy:
                # A run takes seconds to start. Finding its shard in other hands it cannot end.
                store, _ = busy.enter_context(opened())
                for shard in _SHARDS:
                    assert busy.enter_context(store.ledger.leases.trying(f"shard:{shard}"))
                _until(lambda: len(_ticks(instance)) >= 2)
                assert _requested(instance) == _SHARDS
                assert not any(run.is_finished for run in instance.get_runs())
            _until(lambda: _green(instance, "vector_index") == _DATASETS)
            ticks = len(_ticks(instance))
            _until(lambda: len(_ticks(instance)) > ticks)
            assert _requested(instance) == _SHARDS
            assert all(run.is_success for run in instance.get_runs())
        bill = httpx2.get(f"{server.base_url}/emulator/bill", timeout=30).json()
    assert bill["paid_more_than_once"] == []


def _ticks(instance: dg.DagsterInstance) -> list[object]:
    """Those that are over."""
    states = [s for s in instance.all_instigator_state() if s.instigator_name == _SCHEDULE]
    found = [t for s in states for t in instance.get_ticks(s.instigator_origin_id, s.selector_id)]
    assert not (failed := [tick.error for tick in found if tick.is_failure]), failed[0]
    return [tick for tick in found if tick.is_completed]


def _requested(instance: dg.DagsterInstance) -> Counter[str]:
    """How often each shard's first run was asked for."""
    runs = [run for run in instance.get_runs() if run.job_name == "embed_shard"]
    return Counter(run.tags["dagster/partition"] for run in runs)


def _green(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)
