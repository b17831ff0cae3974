"""`POST /mcp`: the MCP server behind the keys, limits and turns of the REST API."""

from functools import partial
from http import HTTPStatus

from fastapi import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from semantic_assets.mcp.endpoint import Endpoint
from semantic_assets.mcp.visitor import Visitor
from semantic_assets.rest.access import caller_of, is_of_another_site
from semantic_assets.rest.api_keys import ApiKey
from semantic_assets.rest.problems import Problem, told
from semantic_assets.rest.serving import serving_of

PATH = "/mcp"


class Agents:
    """Answer MCP in the caller's turn, as a route that reads."""

    #: As metrics and logs name it.
    path = PATH

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        request = Request(scope, receive)
        # MCP asks for this of every server; with a key no page of another site could pass anyway.
        if is_of_another_site(request):
            raise Problem(HTTPStatus.FORBIDDEN, "a page of another site is refused")
        key, turns = request.state.key, serving_of(request).reading
        with turns.inside(key.key_id):
            body = await request.body()  # a slow one must not hold a place
            async with turns.turn(key.key_id):
                await self._endpoint(scope, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def visitor_of(request: Request) -> Visitor:
    """Return who asks: the owner of the key that was found before the body."""
    key = request.state.key
    assert isinstance(key, ApiKey)
    return Visitor(
        key.project if key.is_of_one_project else None,
        caller_of(key),
        partial(told, where=f"POST {PATH}", is_of_one_project=key.is_of_one_project),
    )


def agents_route(endpoint: Endpoint) -> Route:
    return Route(PATH, Agents(endpoint), methods=["POST"], include_in_schema=False)
