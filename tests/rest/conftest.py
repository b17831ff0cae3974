"""A served lake: the real app, over the emulator, driven in the process by httpx."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.emulator.server import RunningServer
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.app import create_app
from semantic_assets.rest.serving import Limits
from tests.rest.declared import Declared

DOCUMENTS = "/v1/projects/acme/datasets/notes/documents"
File = tuple[str, bytes | str]


@dataclass
class Served:
    client: TestClient
    core: SemanticCore
    keys: ApiKeys
    emulator_url: str

    def upload(self, *files: File, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.client.post(
            DOCUMENTS,
            params=query,
            files=[("files[]", file) for file in files],
            headers=headers,
        )

    def remote_jobs(self) -> int:
        return len(httpx2.get(f"{self.emulator_url}/emulator/state").json()["jobs"])


@cache
def _document() -> dict[str, Any]:
    """The OpenAPI document, which takes a tenth of a second and is the same for each app."""
    with TemporaryDirectory() as folder, SemanticCore(folder) as core:
        return create_app(core, needs_key=True).openapi()


@pytest.fixture
def serve(
    tmp_path: Path, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Served]]:
    monkeypatch.setenv("SEMANTIC_ASSETS_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SEMANTIC_ASSETS_EMULATOR_URL", emulator.base_url)
    monkeypatch.setenv("SEMANTIC_ASSETS_DIMENSIONS", "128")
    clients: list[TestClient] = []
    watched: list[Declared] = []

    def make(*, needs_key: bool = False, limits: Limits | None = None) -> Served:
        core = SemanticCore(tmp_path / "lake")
        app = create_app(core, needs_key=needs_key, limits=limits)
        watched.append(Declared(app, _document()))
        client = TestClient(app, "http://localhost", raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return Served(client, core, ApiKeys(core.store.lake), emulator.base_url)

    yield make
    for client in clients:
        client.__exit__(None, None, None)
    assert [finding for one in watched for finding in one.findings] == []


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
