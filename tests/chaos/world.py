"""A scenario's world: a lake, an emulator in a process of its own, clocks, and worker processes.

Everything is forked from one process that has imported all and started no thread, so that a
worker costs milliseconds instead of two seconds.
"""

import mmap
import os
import pickle
import signal
import struct
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx2
from google import genai  # noqa: F401 - a second of imports that no worker need repeat

from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.gemini import deadline
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.agent_platform.account import private_key, write_account
from tests.chaos.scenarios import Cap, Fault
from tests.chaos.servers import Servers
from tests.chaos.steps import Blow, install, on_step
from tests.trial import on_the_agent_platform

LATENCY_SECONDS = 60.0
DIMENSIONS = 128
#: What a call as a whole may take in a hurry, by the time-out of its reads.
_SECOND, _TIMEOUT = 1.0, 15.0
#: As long as Google's are: a shorter word may stand in a text by chance.
KEYS = ("AIzaSyChaosNumberOne-0123456789abcdefg1", "AIzaSyChaosNumberTwo-0123456789abcdefg2")
_T = TypeVar("_T")


class SharedClock:
    """Real time plus an offset that all processes of a scenario see."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    @property
    def offset(self) -> float:
        return float(struct.unpack("d", self._memory[:8])[0])

    def advance(self, seconds: float) -> None:
        self._memory[:8] = struct.pack("d", self.offset + seconds)

    def __call__(self) -> float:
        return time.time() + self.offset


#: Jobs go through the Agent Platform; set before anything is forked.
_through_platform = False


def is_through_platform() -> bool:
    return _through_platform


def go_through_platform() -> None:
    """Have all worlds send their jobs through the Agent Platform."""
    global _through_platform
    _through_platform = True
    private_key()  # made here, once for all that is forked


@dataclass
class World:
    folder: Path
    url: str = ""
    key: str = KEYS[0]
    root: str = "lake"
    window: int = 2_000
    chat_window: int = 8_000
    clock: SharedClock = field(default_factory=SharedClock)
    #: The Agent Platform is set up beside the key.
    is_of_two: bool = False
    #: None: the lake is in the folder.
    servers: Servers | None = None
    #: Until it is lifted.
    cap: Cap | None = None
    #: What was charged above it, in billionths of a dollar.
    over_cap: int = 0
    #: How often each fault fired that was disarmed since.
    fired: Counter[str] = field(default_factory=Counter)
    _emulator: int = 0

    def start(self) -> None:
        """Fork the emulator and wait for its URL."""
        reader, writer = os.pipe()
        self._emulator = os.fork()
        if self._emulator == 0:
            os.close(reader)
            running = serve_in_thread(
                self.folder / "emulator", tier=1, latency_seconds=LATENCY_SECONDS
            )
            os.write(writer, running.base_url.encode())
            os.close(writer)
            signal.pause()
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            self.url = pipe.read()

    def stop(self) -> None:
        os.kill(self._emulator, signal.SIGKILL)
        os.waitpid(self._emulator, 0)

    @property
    def settings(self) -> Settings:
        environ = {
            "SEMANTIC_ASSETS_BACKEND": "gemini",
            "SEMANTIC_ASSETS_GEMINI_URL": self.url,
            "GEMINI_API_KEY": self.key,
            "SEMANTIC_ASSETS_SOURCES": str(self.folder / "sources"),
            "SEMANTIC_ASSETS_DIMENSIONS": str(DIMENSIONS),
            "SEMANTIC_ASSETS_TASKS": str(self.folder / "tasks"),
            "SEMANTIC_ASSETS_ENQUEUED_TOKENS": str(self.window),
            "SEMANTIC_ASSETS_CHAT_ENQUEUED_TOKENS": str(self.chat_window),
            "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "100",
            "SEMANTIC_ASSETS_UNPROBED": "1",
            # Each change of a table is an amendment; in buckets tables are written whole.
            "SEMANTIC_ASSETS_AMENDED_FROM_MB": "0",
        }
        if _through_platform:
            environ |= self._on_the_platform()
        elif self.is_of_two:
            environ = self._on_the_platform() | environ
        if self.cap is not None and self.cap.is_default:
            del environ["SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"]
        if self.cap is not None:
            environ[self.cap.setting] = f"{self.cap.usd:.12f}"
        if self.servers is not None:
            # Each process is a machine with an empty disk.
            environ["SEMANTIC_ASSETS_CACHE"] = str(self.folder / f"machine-{os.getpid()}")
            environ["SEMANTIC_ASSETS_LEDGER_URL"] = self.servers.ledger_url(self.place)
            return Settings.load(root=self.servers.lake_url(self.place), environ=environ)
        return Settings.load(root=self.lake, environ=environ)

    def _on_the_platform(self) -> dict[str, str]:
        """Another key is another project there. The credentials are found by Google's own chain."""
        account = write_account(self.folder / "account.json", self.url)
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(account)
        project = f"chaos-{KEYS.index(self.key)}"
        chosen = {"SEMANTIC_ASSETS_AGENT_PROJECT": project}
        capped = {"SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "100"}
        return on_the_agent_platform(self.url) | chosen | capped

    @property
    def lake(self) -> Path:
        return self.folder / self.root

    @property
    def place(self) -> str:
        """Its name where several worlds share servers."""
        return f"{self.folder.name}-{self.root}".lower()

    def call(self, function: Callable[["World"], _T]) -> _T:
        """What a process of its own says: the client of a bucket does not survive a fork."""
        reader, writer = os.pipe()

        def answer(world: World) -> None:
            found = function(world)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump((found, world.fired), pipe)

        process = self.fork(answer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
        if code := self.join(process):
            traces = "".join(path.read_text() for path in self.folder.glob("trace-*.txt"))
            raise RuntimeError(f"{function} ended with {code}\n{traces}")
        found, self.fired = pickle.loads(said)
        return cast(_T, found)

    def open(self, *, unchecked: bool = False) -> tuple[Store, Gemini]:
        settings = self.settings
        store = open_store(
            settings, create=True, clock=self.clock, unchecked=unchecked, progress=self._note
        )
        return store, Gemini(endpoint_of(settings))

    def _note(self, line: str) -> None:
        """Keep what a person is told."""
        with (self.folder / "progress.txt").open("a") as file:
            file.write(f"{line}\n")

    def shown_name(self, name: str) -> str:
        """What the console calls a job that the emulator has under this name."""
        if not _through_platform:
            return name
        settings = self.settings
        place = f"projects/{settings.agent_project}/locations/{settings.agent_location}"
        return f"{place}/batchPredictionJobs/{name.rpartition('/')[2]}"

    def write_corpus(self, files: Mapping[str, str | bytes | None]) -> None:
        """Files by their uri; one of None is removed."""
        for uri, content in files.items():
            path = self.folder / "sources" / uri
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def write_tasks(self, files: Mapping[str, str]) -> None:
        folder = self.folder / "tasks"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content)

    def pass_time(self, seconds: float, *, ledger: bool = True) -> None:
        self.control("clock", {"advance_seconds": seconds})
        if ledger:
            self.clock.advance(seconds)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.url}/emulator/{path}"
        answer = httpx2.get(url, timeout=30) if body is None else httpx2.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def arm(self, fault: Fault) -> None:
        limits = {"times": fault.times, "for_seconds": fault.for_seconds}
        parameters = dict(fault.parameters)
        self.control("faults", {"name": fault.name, "parameters": parameters, **limits})

    def disarm(self) -> None:
        for armed in self.control("faults")["faults"]:
            self.fired[armed["name"]] += armed["fired"]
        httpx2.delete(f"{self.url}/emulator/faults")

    def fork(self, run: Callable[["World"], int | None], *preparations: Callable[[], None]) -> int:
        """A process that prepares itself (blows, switched-off safeguards) and runs."""
        process = os.fork()
        if process:
            return process
        code = 1
        try:
            for prepare in preparations:
                prepare()
            code = run(self) or 0
        except BaseException:
            (self.folder / f"trace-{os.getpid()}.txt").write_text(traceback.format_exc())
        finally:
            os._exit(code)

    def join(self, process: int, *, seconds: float = 600.0) -> int:
        """Wait for a process; its exit code, or minus the signal. A hanging one is killed.

        On a busy machine 240 passes, each a process of its own, took over two minutes.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return -99

    def stopped(self, process: int, *, seconds: float = 60.0) -> bool:
        """Wait until a process was stopped by its blow; False if it ended instead."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found, status = os.waitpid(process, os.WNOHANG | os.WUNTRACED)
            if found:
                return os.WIFSTOPPED(status)
            time.sleep(0.01)
        return False


def armed(blow: Blow) -> Callable[[], None]:
    return lambda: install(blow)


def arming(world: World, fault: Fault) -> Callable[[], None]:
    """Arm a fault when this process is about to come to the step it waits for."""
    step = fault.since
    assert step is not None
    return lambda: on_step(step, "before", 1, lambda: world.arm(fault))


def hurry() -> None:
    """Let a call as a whole take a second here, in which a body that trickles is not through."""
    deadline._WHOLE_CALL = _SECOND / _TIMEOUT
