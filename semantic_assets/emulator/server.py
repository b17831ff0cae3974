"""The emulator on a loopback port: inside a process, or as one of its own.

Not here: the command line.
"""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from semantic_assets.emulator.http.app import build_app
from semantic_assets.emulator.settings import Choices, store_choices
from semantic_assets.emulator.state import State

_HOST = "127.0.0.1"
_BACKLOG = 128
# If this were below a client's limit, an idle connection could close under its next request.
_KEEP_ALIVE_SECONDS = 3600
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class _Server(uvicorn.Server):
    """A uvicorn that reports when it accepts, and whose connections the application can close."""

    def __init__(self, state: State, on_ready: Callable[[], None]) -> None:
        app = build_app(state)
        super().__init__(_config(app))
        app.state.connections = self.server_state.connections
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


class RunningServer:
    """A server in a daemon thread."""

    def __init__(self, state: State, port: int) -> None:
        self._state = state
        self._ready = threading.Event()
        self._socket = _listen(port)
        self.base_url = _url(self._socket)
        self._server = _Server(state, self._ready.set)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="gemini-emulator", daemon=True
        )

    def start(self) -> None:
        """Start the server and return when its port accepts connections."""
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready.wait(0.05):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"The emulator did not start on {self.base_url}.")

    def stop(self) -> None:
        """Stop the server and wait for its thread; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
        self._state.close()


def serve_in_thread(
    state_dir: Path,
    *,
    tier: int,
    latency_seconds: float,
    vectors: str = "hashed",
    port: int = 0,
) -> RunningServer:
    """Serve a state directory from this process; port 0 takes a free one."""
    state = State(state_dir)
    store_choices(state, Choices(tier=tier, latency_seconds=latency_seconds, vectors=vectors))
    running = RunningServer(state, port)
    running.start()
    return running


def serve_forever(
    state_dir: Path, choices: Choices, *, port: int, on_ready: Callable[[str], None]
) -> None:
    """Serve a state directory until interrupted; `on_ready` gets the URL."""
    state = State(state_dir)
    store_choices(state, choices)
    listening = _listen(port)
    server = _Server(state, lambda: on_ready(_url(listening)))
    server.run([listening])
    state.close()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://{_HOST}:{listening.getsockname()[1]}"


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # The process that serves it decides where log lines go.
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
