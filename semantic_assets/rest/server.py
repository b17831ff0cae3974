"""Run the REST API: on loopback without keys, on any other address only with them."""

import resource
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.errors import ConfigError
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.app import create_app
from semantic_assets.rest.connections import BoundedConnection
from semantic_assets.rest.serving import Limits
from semantic_assets.rest.workers import serve_by_workers
from semantic_assets.sandbox.pool import POOL
from semantic_assets.system.addresses import is_loopback

_BACKLOG = 256
#: For connections, and as many again for files.
_OPEN_FILES = 4_096
_KEEP_ALIVE_SECONDS = 30
_OPTIONS: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "ws": "none",
    "http": BoundedConnection,
    "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
    "timeout_graceful_shutdown": 5,
}
#: Searches go before the reading of uploaded files.
_READERS_STAND_BACK = 10


def serve_forever(
    root: str | Path | None,
    *,
    host: str,
    port: int,
    max_file_mb: int | None,
    needs_key: bool,
    on_ready: Callable[[str], None],
    workers: int = 1,
    only_agents: bool = False,
) -> None:
    """Serve the REST API until interrupted.

    Args:
        port: 0 takes a free one.
        needs_key: ask for keys also on loopback.
        workers: processes that answer.
        on_ready: called with the address.
        only_agents: serve MCP, and nothing that writes.

    Raises:
        ConfigError: the address is not loopback and there is no key, or it is taken.
    """
    is_open = is_loopback(host) and not needs_key
    with SemanticCore(root) as core:
        core.require_settings()
        if not is_open and not ApiKeys(core.reader.lake).all():
            raise ConfigError(
                f"on {host} every request needs a key and there is none: make one by "
                "`semantic-assets keys create --project '*' --role admin`"
            )
    limits = Limits()
    if max_file_mb is not None:
        limits = replace(limits, file_bytes=max_file_mb << 20, request_bytes=4 * max_file_mb << 20)
    listening = _listen(host, port)
    make_app = partial(_make_app, root, not is_open, limits, workers, only_agents)
    app = make_app(None) if workers == 1 else None
    on_ready(f"http://{_shown(host)}:{listening.getsockname()[1]}")
    if app is None:
        serve_by_workers(make_app, workers, listening, _OPTIONS)
    else:
        uvicorn.Server(uvicorn.Config(app, **_OPTIONS)).run([listening])


def _make_app(
    root: str | Path | None,
    needs_key: bool,
    limits: Limits,
    workers: int,
    only_agents: bool,
    metrics: Path | None,
) -> FastAPI:
    """Return the app of this process, which is the only one or a worker."""
    _allow_open_files()
    POOL.niceness = _READERS_STAND_BACK
    core = SemanticCore(root)
    return create_app(
        core,
        needs_key=needs_key,
        limits=limits,
        workers=workers,
        metrics=metrics,
        only_agents=only_agents,
    )


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening
