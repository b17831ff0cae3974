"""Requests of this machine alone: a web page must not move the clock, and by rebinding read texts.

The port is on loopback and asks for no key that somebody would have to know, so a browser of this
machine is the only way in from elsewhere: it says so in Host, Origin or Sec-Fetch-Site.
"""

import ipaddress
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from semantic_assets.emulator.http.calls import error_response
from semantic_assets.emulator.http.errors import GoogleError


class LocalOnly:
    """An ASGI application that refuses other hosts and pages of other sites, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := _refusal(Headers(scope=scope))):
            answer = error_response(GoogleError(403, refusal), None)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _refusal(headers: Mapping[str, str]) -> str:
    host = headers.get("host", "")
    if not _is_loopback(host):
        return "The emulator answers only by the names of this machine."
    origin = headers.get("origin")
    is_foreign = origin is not None and origin.partition("://")[2] != host
    if is_foreign or headers.get("sec-fetch-site") == "cross-site":
        return "The emulator answers no page of another site."
    return ""


def _is_loopback(authority: str) -> bool:
    has_port = ":" in authority and not authority.endswith("]")
    host = authority.rpartition(":")[0] if has_port else authority
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
