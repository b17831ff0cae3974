"""Serve by several processes on one listening socket; uvicorn starts, watches and ends them.

What must be one for all of them is in files: limits of keys and stored answers in SQLite beside the
lake, metrics in files of their own. Places of requests are divided among them.
"""

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

#: A worker that does not answer for so long is started again. It cannot while it imports: under load
#: that took more than uvicorn's five seconds, and each was killed before it served.
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Logs:
    """How the first process logs, for the others."""

    level: int = field(default_factory=lambda: logging.getLogger("semantic_assets").level)
    formatter: logging.Formatter | None = field(
        default_factory=lambda: next(
            (one.formatter for one in logging.getLogger().handlers if one.formatter), None
        )
    )

    def set_up(self) -> None:
        handler = logging.StreamHandler()
        handler.setFormatter(self.formatter)
        logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
        logging.getLogger("semantic_assets").setLevel(self.level)


def serve_by_workers(
    make_app: Callable[[Path], FastAPI],
    workers: int,
    listening: socket.socket,
    options: Mapping[str, Any],
) -> None:
    """Serve until interrupted; a worker that dies is started again.

    Args:
        make_app: can be pickled; called in each worker with the folder of their metrics.
        options: of uvicorn.
    """
    metrics = Path(tempfile.mkdtemp(prefix="semantic-assets-metrics-"))
    # For the workers alone: prometheus_client looks for it when it is imported.
    os.putenv("PROMETHEUS_MULTIPROC_DIR", str(metrics))
    config = uvicorn.Config(
        partial(_app, make_app, metrics, _Logs()),
        factory=True,
        workers=workers,
        timeout_worker_healthcheck=_PATIENCE_SECONDS,
        **options,
    )
    try:
        Multiprocess(config, [listening]).run()
    finally:
        shutil.rmtree(metrics, ignore_errors=True)


def _app(make_app: Callable[[Path], FastAPI], metrics: Path, logs: _Logs) -> FastAPI:
    logs.set_up()
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    return make_app(metrics)


def _end_with_the_first() -> None:
    """End as on request when the process that watches the workers was killed."""
    first = multiprocessing.parent_process()
    if first is not None:
        wait([first.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
