"""Holds each response of the app against its OpenAPI document: status, type, headers and body."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_assets.rest.app import ROUTERS
from semantic_assets.rest.problems import MEDIA_TYPE

#: It is told to nobody.
_CALLER_GONE = 499
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


@dataclass
class Answered:
    """A response as it was sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def note(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.body += message.get("body", b"")


class Declared:
    """The app's outermost layer in tests; `findings` is what its document does not say."""

    def __init__(self, app: FastAPI, document: dict[str, Any]) -> None:
        self._document = document
        self._inner: ASGIApp = app.build_middleware_stack()
        self.findings: list[str] = []
        self.seen: set[tuple[str, int, str]] = set()
        app.middleware_stack = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = Answered()

        async def noted(message: Message) -> None:
            answered.note(message)
            await send(message)

        asked = dict(scope)
        try:
            await self._inner(scope, receive, noted)
        finally:
            if scope["type"] == "http" and answered.status:
                self._judge(asked, answered)

    def _judge(self, scope: Scope, answered: Answered) -> None:
        name, operation = self._operation(scope)
        kind = answered.headers.get("content-type", "").partition(";")[0]
        self.seen.add((name, answered.status, kind))
        for wrong in self._wrong(name, operation, answered, kind):
            self.findings.append(f"{name} {answered.status} {kind}: {wrong}")

    def _operation(self, scope: Scope) -> tuple[str, dict[str, Any] | None]:
        """The declared operation a request is for; None where there is none."""
        for route in (route for router in ROUTERS for route in router.routes):
            if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
                name = f"{scope['method']} {route.path_format}"
                methods = self._document["paths"].get(route.path_format, {})
                return name, methods.get(scope["method"].lower())
        return f"{scope['method']} none", None

    def _wrong(
        self, name: str, operation: dict[str, Any] | None, answered: Answered, kind: str
    ) -> Iterator[str]:
        if answered.status == _CALLER_GONE:
            return
        if answered.status == 405:
            yield from self._wrong_methods(answered)
        if operation is None and answered.status < 400:
            return  # a page, or the document itself
        declared = _PROBLEM if operation is None else _response(operation, answered.status)
        if declared is None:
            yield "this status is not declared"
        elif kind not in declared["content"]:
            yield f"declared are {', '.join(declared['content'])}"
        else:
            yield from self._wrong_headers(declared, answered)
            yield from self._wrong_body(declared["content"][kind]["schema"], answered, kind)

    def _wrong_methods(self, answered: Answered) -> Iterator[str]:
        if not answered.headers.get("allow"):
            yield "405 without the methods that are allowed"

    def _wrong_headers(self, declared: dict[str, Any], answered: Answered) -> Iterator[str]:
        for header, one in declared.get("headers", {}).items():
            value = answered.headers.get(header.lower())
            if value is None and one.get("required"):
                yield f"there is no {header}"
            elif value is not None:
                found = int(value) if one["schema"].get("type") == "integer" else value
                yield from self._unlike(one["schema"], found)

    def _wrong_body(self, schema: dict[str, Any], answered: Answered, kind: str) -> Iterator[str]:
        if kind.endswith("json") and kind != "application/x-ndjson":
            yield from self._unlike(schema, json.loads(answered.body))
        elif kind == "application/x-ndjson":
            for line in answered.body.splitlines():
                json.loads(line)

    def _unlike(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        whole = {**schema, "components": self._document["components"]}
        for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(value):
            yield f"{error.message} at {error.instance_path}"


def _response(operation: dict[str, Any], status: int) -> dict[str, Any] | None:
    """The response declared for a status; what is declared for all others is a 500."""
    found: dict[str, Any] | None = operation["responses"].get(
        "default" if status == 500 else str(status)
    )
    return found
