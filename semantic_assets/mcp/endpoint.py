"""MCP over HTTP, as a route of the REST API's app: stateless, so that any worker answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.errors import SetupError
from semantic_assets.mcp.visitor import Visitor

Scope = MutableMapping[str, Any]
_Answer = Callable[[Scope, Any, Any], Any]


class Endpoint:
    """Answer requests; the SDK, half a second of imports, is loaded for the first one."""

    def __init__(self, core: SemanticCore, visitor_of: Callable[[Any], Visitor]) -> None:
        self._core, self._visitor_of = core, visitor_of
        self._opening = asyncio.Lock()
        self._answer: _Answer | None = None
        self._closing = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let requests be answered in the block, which is the life of the app."""
        try:
            yield
        finally:
            self._closing.set()
            if self._serving is not None:
                await self._serving

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        async with self._opening:
            if self._answer is None:
                await self._start()
        assert self._answer is not None
        await self._answer(scope, receive, send)

    async def _start(self) -> None:
        manager = await asyncio.to_thread(self._manager)
        started = asyncio.Event()

        async def serve() -> None:  # in one task: a task group is left where it was entered
            async with manager.run():
                started.set()
                await self._closing.wait()

        self._serving = asyncio.create_task(serve())
        await started.wait()
        self._answer = manager.handle_request

    def _manager(self) -> Any:
        try:
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
        except ModuleNotFoundError as error:
            raise SetupError(
                f"{error.name} is not installed: pip install 'semantic-assets[mcp]'"
            ) from error
        from semantic_assets.mcp.server import make_server

        server = make_server(self._core, self._visitor_of)
        return StreamableHTTPSessionManager(server, json_response=True, stateless=True)
