"""The processes of the fleet, each in a group of its own, so that it ends as one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from semantic_assets.settings.settings import project_dir

#: Runs a worker has at once.
PROCESSES = 2
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class Part:
    """A program and all it starts."""

    def __init__(self, name: str, command: list[str], environ: Mapping[str, str], logs: Path):
        self.name = name
        self.log = logs / f"{name}.log"
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environ},
                cwd=project_dir(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """To the whole group; also what is left of one whose leader ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """As a machine that is switched off."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self.kill()

    def wait_for(self, said: str) -> str:
        """The first line of the log that has it."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            for line in self.log.read_text(errors="replace").splitlines():
                if said in line:
                    return line.strip()
            assert self._process.poll() is None, (
                f"{self.name} ended: {self.log.read_text()[-2000:]}"
            )
            time.sleep(0.1)
        raise AssertionError(f"{self.name} did not say {said!r}: {self.log.read_text()[-2000:]}")


class Parts:
    """Those that run, to be stopped in the end whatever happened."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Part] = []

    def emulator(self, state: Path, latency_seconds: float) -> str:
        """Its address."""
        command = [sys.executable, "-m", "semantic_assets.emulator", "--state-dir", str(state)]
        part = self._start("emulator", [*command, "--latency", str(latency_seconds)], {})
        return part.wait_for("http://")

    def worker(self, name: str, environ: Mapping[str, str]) -> Part:
        """Celery itself: its wrapper, when killed, leaves the workers behind."""
        command = [sys.executable, "-m", "celery", "-A", "dagster_celery.app", "worker"]
        options = ["-n", f"{name}@%h", "-Q", "dagster", "-c", str(PROCESSES), "-l", "INFO"]
        return self._start(name, [*command, *options], environ)

    def daemon(self, environ: Mapping[str, str]) -> Part:
        command = [sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"]
        return self._start("daemon", command, environ)

    def run(self, name: str, environ: Mapping[str, str], *command: str) -> str:
        """A program that ends by itself; what it printed."""
        with (self._logs / f"{name}.log").open("ab") as errors:
            done = subprocess.run(
                command,
                env={**os.environ, **environ},
                cwd=project_dir(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=True,
                timeout=_START_SECONDS * 2,
            )
        return done.stdout

    def stop(self) -> None:
        for part in reversed(self._running):
            part.stop()

    def _start(self, name: str, command: list[str], environ: Mapping[str, str]) -> Part:
        part = Part(name, command, environ, self._logs)
        self._running.append(part)
        return part


@contextmanager
def running_parts(logs: Path) -> Iterator[Parts]:
    logs.mkdir()
    parts = Parts(logs)
    try:
        yield parts
    finally:
        parts.stop()
