"""A real Dagster daemon over a folder of its own: storage, lake and sources."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from semantic_assets.settings.settings import project_dir

_STOP_SECONDS = 30


def environment(folder: Path, emulator_url: str) -> dict[str, str]:
    """Variables for processes that work there; makes the Dagster home."""
    home = folder / "dagster_home"
    home.mkdir(parents=True)
    settings = yaml.safe_load((project_dir() / "dagster.yaml").read_text())
    for name in ("local_artifact_storage", "compute_logs"):
        settings[name]["config"]["base_dir"] = str(home / "storage")
    settings["storage"]["sqlite"]["base_dir"] = str(home)
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    return {
        "DAGSTER_HOME": str(home),
        "SEMANTIC_ASSETS_ROOT": str(folder / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_URL": emulator_url,
    }


@contextmanager
def running_daemon(module: str, environ: Mapping[str, str], log: Path) -> Iterator[int]:
    """In a process group of its own, stopped as one; yields its session id."""
    command = [sys.executable, "-m", "dagster._daemon", "run", "-m", module]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environ},
            cwd=project_dir(),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
