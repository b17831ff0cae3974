"""`make dev` in a folder of its own: its own lake, emulator and Dagster storage, on a free port."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.emulator import drawn

_REPO = Path(__file__).resolve().parents[2]
_DAGSTER = str(Path(sys.executable).with_name("dagster"))
_STOP_DISCOVERY = (_DAGSTER, "sensor", "stop", "dataset_discovery_sensor", "-w", "workspace.yaml")
PICTURED = "observatory/zhurnal"
_DATASETS = ("observatory/handbook", "observatory/zhurnal", "harbour/notices")
#: Long enough to look at the UI while the batch job runs.
_JOB_SECONDS = 20
_REGISTER_SECONDS, _START_SECONDS, _STOP_SECONDS, _ANSWER_SECONDS = 120, 180, 10, 60
_STATUSES = """
query ($path: [String!]!) {
  assetNodeOrError(assetKey: {path: $path}) {
    ... on AssetNode {
      assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions } }
    }
  }
}
"""
_CHECKS = """
query ($path: [String!]!) {
  assetNodeOrError(assetKey: {path: $path}) {
    ... on AssetNode {
      assetChecksOrError {
        ... on AssetChecks {
          checks {
            name
            partitionStatuses {
              ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions }
            }
          }
        }
      }
    }
  }
}
"""
_FAILED_TICKS = """
query ($name: String!) {
  sensorOrError(sensorSelector: {
    repositoryName: "__repository__"
    repositoryLocationName: "semantic_assets.definitions"
    sensorName: $name
  }) {
    ... on Sensor { sensorState { ticks(statuses: [FAILURE]) { error { message } } } }
  }
}
"""


class DagsterDev:
    """The running webserver; what it says over GraphQL is the truth the pages are held against."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def materialized(self, asset: str) -> list[str]:
        """The partitions of the asset that are green."""
        node = self._query(_STATUSES, path=[asset])["assetNodeOrError"]
        return list(node["assetPartitionStatuses"]["materializedPartitions"])

    def check_states(self, asset: str, check: str) -> dict[str, bool]:
        """Whether the check passed, for each partition that it was evaluated on."""
        node = self._query(_CHECKS, path=[asset])["assetNodeOrError"]["assetChecksOrError"]
        (found,) = [one for one in node["checks"] if one["name"] == check]
        states = found["partitionStatuses"]
        passed = dict.fromkeys(states["succeededPartitions"], True)
        return passed | dict.fromkeys(states["failedPartitions"], False)

    def failed_ticks(self, sensor: str) -> list[Any]:
        state = self._query(_FAILED_TICKS, name=sensor)["sensorOrError"]["sensorState"]
        return list(state["ticks"])

    def is_greeting(self) -> bool:
        """Whether the UI greets its visitor with a dialog: until one has closed it."""
        return bool(self._query("{ shouldShowNux }")["shouldShowNux"])

    def wait_until_serving(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"dagster dev ended with {process.returncode}"
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                urllib.request.urlopen(f"{self.url}/server_info", timeout=5).close()
                return
            time.sleep(0.2)
        raise AssertionError(f"dagster dev did not serve within {_START_SECONDS} s")

    def _query(self, query: str, **variables: object) -> Mapping[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.url}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            answered: Mapping[str, Any] = json.load(answer)
        assert "errors" not in answered, answered
        data: Mapping[str, Any] = answered["data"]
        return data


@contextmanager
def running_dagster_dev(home: Path, log: Path) -> Iterator[DagsterDev]:
    """Register the sample corpus, serve until the block ends, leave no process behind."""
    environ = _prepare(home)
    with log.open("wb") as output:
        _run(
            home,
            environ,
            output.fileno(),
            sys.executable,
            "-m",
            "semantic_assets.orchestration.register",
        )
        # It would read and submit the shard before the test has clicked on it.
        _run(home, environ, output.fileno(), *_STOP_DISCOVERY)
        port = _free_port()
        command = [_DAGSTER, "dev", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            dev = DagsterDev(port)
            dev.wait_until_serving(process)
            yield dev
        finally:
            _stop(process)


def _prepare(home: Path) -> dict[str, str]:
    """The checkout's Dagster files and sample corpus in `home`, and the environment over them."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(_REPO / name, home)
    for dataset in _DATASETS:
        shutil.copytree(_REPO / "data/sources" / dataset, home / "sources" / dataset)
    (home / "sources" / "harbour" / "notices" / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    _add_pictures(home / "sources" / PICTURED)
    (home / ".dagster").mkdir()
    foreign = ("SEMANTIC_ASSETS_", "DAGSTER_", "GEMINI_", "GOOGLE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    # Set even where empty: the environment wins over the checkout's .env.
    return inherited | {
        "DAGSTER_HOME": str(home),
        "PYTHONWARNINGS": "ignore",
        "SEMANTIC_ASSETS_BACKEND": "emulator",
        "SEMANTIC_ASSETS_ROOT": str(home / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(home / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_DIR": str(home / "emulator"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": str(_JOB_SECONDS),
        "SEMANTIC_ASSETS_EMULATOR_URL": "",
        "SEMANTIC_ASSETS_LEDGER_URL": "",
    }


def _add_pictures(folder: Path) -> None:
    """Of a dataset that the others of these tests do not look into, and a task that describes them."""
    (folder / "buoy.png").write_bytes(drawn.png("red", "circle", "white", size=400))
    (folder / "board.png").write_bytes(drawn.png("blue", "square", "yellow", size=400))
    shutil.copy(_REPO / "data/tasks/describe-media.toml", folder / "seen.task.toml")


def _run(home: Path, environ: Mapping[str, str], output: int, *command: str) -> None:
    subprocess.run(
        command,
        cwd=home,
        env=environ,
        stdout=output,
        stderr=output,
        timeout=_REGISTER_SECONDS,
        check=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The whole process group: the webserver, the daemon, the code server and their runs."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
