"""MCP over HTTP: `serve` and `mcp --http` in processes of their own, asked by the SDK's client."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from mcp import Client
from mcp_types import CallToolResult

from semantic_assets.cli import main
from tests.mcp.agent_world import SECRET, World, by_http, failed, found, paid_world, text_of

_INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
_ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def open_url(world: World) -> Iterator[str]:
    with world.served("mcp", "--http") as url:
        yield url


@pytest.fixture(scope="module")
def locked_url(world: World) -> Iterator[str]:
    world.key("acme")  # a server with keys wants one to be there
    with world.served("serve", "--keys", "--workers", "2") as url:
        yield url


def _posted(url: str, *, body: Any = _INITIALIZE, **headers: str) -> httpx2.Response:
    return httpx2.post(f"{url}/mcp", json=body, headers=_ACCEPT | headers, timeout=30)


async def _question(client: Client) -> CallToolResult:
    return await client.call_tool(
        "search", {"question": "the secret plan of the boiler", "floor": False}
    )


async def _by_words(client: Client) -> CallToolResult:
    return await client.call_tool("search", {"question": "P-17", "mode": "words"})


def _projects(answer: CallToolResult) -> set[str]:
    return {hit["dataset"].partition("/")[0] for hit in found(answer)["hits"]}


def test_without_keys_loopback_answers_and_foreign_requests_are_refused(open_url: str) -> None:
    assert _projects(by_http(open_url, _question)) == {"acme", "other"}
    assert _posted(open_url).json()["result"]["serverInfo"]["name"] == "semantic-assets"
    for headers in (
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "203.0.113.9"},
    ):
        assert _posted(open_url, **headers).status_code == 403


def test_the_server_of_agents_alone_has_nothing_that_writes(open_url: str) -> None:
    assert httpx2.get(f"{open_url}/healthz").status_code == 200
    assert httpx2.get(f"{open_url}/readyz").status_code == 200
    for path in ("/", "/v1/datasets", "/v1/batches"):
        assert httpx2.get(open_url + path).status_code == 404
    upload = httpx2.post(f"{open_url}/v1/projects/acme/datasets/docs/documents")
    assert upload.status_code == 404


def test_what_is_no_call_is_refused_as_any_request(open_url: str) -> None:
    assert httpx2.get(f"{open_url}/mcp").status_code == 405
    assert httpx2.delete(f"{open_url}/mcp").status_code == 405
    assert _posted(open_url, body={}).status_code == 400
    large = _posted(open_url, body={**_INITIALIZE, "id": "x" * (5 << 20)})
    assert large.status_code == 413
    deep = httpx2.post(f"{open_url}/mcp", content=b"[" * 100_000, headers=_ACCEPT)
    assert deep.status_code == 400


def test_with_keys_nobody_is_answered_without_one(world: World, locked_url: str) -> None:
    refused = _posted(locked_url)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    unknown = {"Authorization": "Bearer sak_unknown"}
    assert _posted(locked_url, **unknown).status_code == 401
    assert httpx2.get(f"{locked_url}/mcp").status_code == 405
    known = {"Authorization": f"Bearer {world.key('acme')}"}
    assert _posted(locked_url, **known).status_code == 200
    assert _posted(locked_url, **known, Origin="http://evil.example").status_code == 403


def test_a_key_of_one_project_sees_it_alone(world: World, locked_url: str) -> None:
    assert _projects(by_http(locked_url, _question, world.key("*"))) == {"acme", "other"}
    acme = world.key("acme")
    assert _projects(by_http(locked_url, _question, acme)) == {"acme"}
    assert _projects(by_http(locked_url, _question, acme, mode="legacy")) == {"acme"}

    async def others(client: Client) -> list[CallToolResult]:
        named = {"dataset": "other/notes"}
        return [
            await client.call_tool("search", {"question": "plan", "datasets": ["other"]}),
            await client.call_tool("read_document", named | {"document_id": "x"}),
            await client.call_tool("read_passage", named | {"chunk_id": "x"}),
            await client.call_tool("estimate", {"datasets": ["other/notes"]}),
        ]

    for answer in by_http(locked_url, others, acme):
        assert "project other is not read here" in failed(answer)
        assert acme not in text_of(answer)


def test_requests_of_a_key_are_counted_against_its_minute(world: World, locked_url: str) -> None:
    limited = {"Authorization": f"Bearer {world.key('acme', requests_per_minute=2)}"}
    asked = [_posted(locked_url, **limited) for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert int(asked[-1].headers["Retry-After"]) > 0


def test_eight_calls_at_once_are_answered_by_whichever_worker(
    world: World, locked_url: str
) -> None:
    async def together(client: Client) -> list[CallToolResult]:
        asked = [{"question": f"When is pump {n} stopped?", "k": 1 + n} for n in range(8)]
        return await asyncio.gather(*(client.call_tool("search", one) for one in asked))

    answers = by_http(locked_url, together, world.key("*"))
    assert [len(found(one)["hits"]) for one in answers] == list(range(1, 9))


def test_metrics_name_the_route(open_url: str) -> None:
    _posted(open_url)
    assert 'route="/mcp",status="200"' in httpx2.get(f"{open_url}/metrics").text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--project", "acme"], "semantic-assets keys create --project P --role read"),
        (["--host", "0.0.0.0"], "every request needs a key and there is none"),
    ],
)
def test_what_a_key_has_to_limit_is_not_served_without_one(
    tmp_path: Path, words: list[str], said: str
) -> None:
    typed = ["mcp", "--http", "--port", "0", *words, "--root", str(tmp_path)]
    result = CliRunner().invoke(main, typed)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.dear
def test_a_question_is_booked_to_its_key_and_changes_nothing_else(tmp_path: Path) -> None:
    with paid_world(tmp_path) as world:
        rich, poor = world.key("acme"), world.key("acme", usd_per_day=1e-9)
        before, log = world.snapshot(), tmp_path / "log.txt"
        keyless = World(world.root, world.environ | {"GEMINI_API_KEY": ""})
        assert found(keyless.by_stdio(_by_words))["hits"]
        assert world.snapshot() == before
        with world.served("--log-level", "debug", "serve", "--keys", log=log) as url:
            refused = by_http(url, _question, poor)
            assert "a spending cap of this server has no room" in failed(refused)
            assert found(by_http(url, _by_words, poor))["hits"]
            answer = by_http(url, _question, rich)
            assert "P-17" in found(answer)["hits"][0]["text"]
        assert "POST /mcp 200" in log.read_text()
        for secret in (SECRET, rich, poor):
            assert secret not in log.read_text() + text_of(answer)
        changed = {name for name, digest in world.snapshot().items() if before.get(name) != digest}
        assert {name.split("/")[0].split(".")[0] for name in changed} <= {"ledger", "rest"}
