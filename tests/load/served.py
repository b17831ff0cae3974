"""A served lake in processes of its own: the emulator, `serve --keys`, and memory watched."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_ADDRESS = re.compile(r"http://[^ ]+")


@dataclass
class ServedLake:
    """The address of a server, its keys by name, and the environment of its lake."""

    url: str
    pid: int
    environ: Mapping[str, str]
    keys: dict[str, str]
    root: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "semantic_assets", *command],
            env=self.environ,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )

    def header(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"}


@contextmanager
def served_lake(root: Path, keys: Mapping[str, tuple[str, str]]) -> Iterator[ServedLake]:
    """Serve a lake in a folder until the block ends; `keys` are name to (project, role)."""
    environ = {
        **os.environ,
        "SEMANTIC_ASSETS_ROOT": str(root / "lake"),
        "SEMANTIC_ASSETS_SOURCES": str(root / "sources"),
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }
    (root / "sources").mkdir(parents=True, exist_ok=True)
    emulator = ["emulator", "--port", "0", "--latency", "1", "--tier", "3"]
    with _started([*emulator, "--state-dir", str(root / "emulator")], environ, root) as (url, _):
        environ["SEMANTIC_ASSETS_EMULATOR_URL"] = url
        lake = ServedLake("", 0, environ, {}, root)
        for name, (project, role) in keys.items():
            made = lake.run("keys", "create", "--project", project, "--role", role)
            lake.keys[name] = made.stdout.strip()
        with _started(["serve", "--keys", "--port", "0"], environ, root) as (lake.url, lake.pid):
            yield lake


@contextmanager
def _started(
    command: list[str], environ: Mapping[str, str], root: Path
) -> Iterator[tuple[str, int]]:
    log = (root / f"{command[0]}.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "semantic_assets", *command],
        env=environ,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = _ADDRESS.search(process.stdout.readline())
        assert found, (root / f"{command[0]}.log").read_text()
        yield found[0], process.pid
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@dataclass
class Memory:
    """The most that a process and its children held, in bytes, looked at twice a second."""

    pid: int
    most: int = 0
    most_alone: int = 0
    _done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            yield
        finally:
            self._done.set()
            watching.join()

    def _watch(self) -> None:
        while not self._done.wait(0.5):
            alone = _resident(self.pid)
            self.most_alone = max(self.most_alone, alone)
            self.most = max(self.most, alone + sum(map(_resident, _children(self.pid))))


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGESIZE")


def _children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except OSError:
        return []


def wait_until_ready(url: str, seconds: float = 30.0) -> None:
    import httpx2

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not become ready")
