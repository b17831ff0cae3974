"""`dg dev` in a project of two corpora: its daemon brings each to an index of its own lake."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from tests.dagster_daemon import environment
from tests.interfaces import dg_project

_NAMES = ("acme", "beta")
_LONGEST_SECONDS, _STOP_SECONDS = 400.0, 30


@pytest.mark.long
def test_two_corpora_are_green_in_one_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _project(tmp_path / "project")
    # An address of no emulator is none: each corpus has its own, beside its lake.
    environ = environment(tmp_path, "") | {
        "PYTHONPATH": str(project / "src"),
        "PYTHONWARNINGS": "ignore",
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "1",
    }
    monkeypatch.setenv("DAGSTER_HOME", environ["DAGSTER_HOME"])
    with (
        _dg_dev(project, environ, tmp_path / "dev.log") as url,
        dg.DagsterInstance.get() as instance,
    ):
        _until(lambda: _answers(url))
        shards = {name: {f"{name}.notes.00000"} for name in _NAMES}
        _until(lambda: {name: _green(instance, name, "embeddings") for name in _NAMES} == shards)
        indexes = {name: {f"{name}.notes"} for name in _NAMES}
        _until(lambda: {name: _green(instance, name, "vector_index") for name in _NAMES} == indexes)
        assert _green(instance, "documents") == set()
        assert all(run.is_success for run in instance.get_runs() if run.is_finished)


def _project(folder: Path) -> Path:
    project = dg_project.make_project(folder, "garden")
    written = project / "src" / "garden" / "defs"
    for name in _NAMES:
        (written / name).mkdir()
        (written / name / "defs.yaml").write_text(
            "type: semantic_assets.CorpusComponent\n"
            f"attributes: {{root: data/{name}/lake, sources: data/{name}/sources, key_prefix: {name}}}\n"
        )
        document = project / "data" / name / "sources" / name / "notes" / "a.txt"
        document.parent.mkdir(parents=True)
        document.write_text(f"The wheel of {name} opens the valve.")
    (written / "documents.py").write_text(dg_project.DOCUMENTS)
    return project


@contextmanager
def _dg_dev(project: Path, environ: dict[str, str], log: Path) -> Iterator[str]:
    """Serve until the block ends, in a process group of its own; yield the address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    program = str(Path(sys.executable).with_name("dg"))
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program, "dev", "--host", "127.0.0.1", "--port", str(port)],
            cwd=project,
            env=os.environ | environ,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/server_info", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def _green(instance: dg.DagsterInstance, *key: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(list(key))))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.5)
