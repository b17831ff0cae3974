"""Serve a map on loopback until it is stopped."""

import socket
from collections.abc import Callable
from contextlib import closing

import uvicorn

from semantic_assets.errors import ConfigError
from semantic_assets.pipeline.exports.corpus_map import CorpusMap
from semantic_assets.rest.map.app import map_app

_HOST = "127.0.0.1"


def serve_map(found: CorpusMap, *, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve a map; port 0 takes a free one.

    Raises:
        ConfigError: the port is taken.
    """
    try:
        listening = socket.create_server((_HOST, port))
    except OSError as error:
        raise ConfigError(
            f"port {port} is taken ({error.strerror}): name another with --port"
        ) from error
    with closing(listening):
        config = uvicorn.Config(map_app(found), log_config=None, access_log=False, ws="none")
        on_ready(f"http://{_HOST}:{listening.getsockname()[1]}")
        uvicorn.Server(config).run([listening])
