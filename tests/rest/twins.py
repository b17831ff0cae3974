"""Two served lakes: in one another project holds what the tenant uploads, in the other nobody does."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.emulator.server import serve_in_thread
from semantic_assets.rest.api_keys import ApiKeys
from semantic_assets.rest.app import create_app

#: What an answer says of the request, beside its body.
_HEADERS = ("content-type", "idempotency-replayed", "location", "retry-after", "www-authenticate")
Files = Mapping[str, str]


def words(count: int, seed: int) -> str:
    """Return a text of so many words, in paragraphs."""
    draw = random.Random(seed)
    made = ["".join(draw.choices("abcdefghilmnoprstuv", k=6)) for _ in range(count)]
    return "\n\n".join(" ".join(made[n : n + 60]) + "." for n in range(0, count, 60))


def documents(dataset: str, project: str = "acme") -> str:
    return f"/v1/projects/{project}/datasets/{dataset}/documents"


@dataclass
class Lake:
    """One served lake, with a key of the project `acme`, and one of the operator for all."""

    folder: Path
    client: TestClient
    core: SemanticCore
    emulator_url: str
    tenant: str
    operator: str
    #: What the tenant was told: where, the status, the headers and the body.
    heard: list[tuple[str, int, Mapping[str, str], Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, *, idempotency: str | None = None, **request: Any) -> Any:
        """Ask as the tenant, and keep the whole answer."""
        headers = {"Authorization": f"Bearer {self.tenant}"}
        if idempotency is not None:
            headers["Idempotency-Key"] = idempotency
        answer = self.client.request(method, path, headers=headers, **request)
        text = answer.text.replace(str(self.folder), "")
        body = json.loads(text) if "json" in answer.headers["content-type"] else text
        told = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        self.heard.append((f"{len(self.heard)} {method} {path}", answer.status_code, told, body))
        return body

    def upload(
        self,
        files: Files,
        mode: str,
        dataset: str = "notes",
        *,
        overwrite: bool = False,
        idempotency: str | None = None,
    ) -> Any:
        return self.ask(
            "POST",
            documents(dataset),
            params={"mode": mode, "overwrite": overwrite},
            files=_form(files),
            idempotency=idempotency,
        )

    def look(self, dataset: str = "notes", query: str = "x") -> None:
        """Ask every route that reads."""
        self.ask("GET", "/v1/datasets")
        self.ask("GET", "/v1/corpus").pop(
            "changed_at", None
        )  # two lakes are made one after the other
        named = {"datasets": [f"acme/{dataset}"]}
        for body in ({}, {**named, "limit": 1}, {**named, "exact": True}):
            self.ask("POST", "/v1/estimate", json=body)
        for body in ({}, named):
            self.ask("POST", "/v1/facets", json=body)
        for body in ({}, {**named, "space": "none"}):
            self.ask("POST", "/v1/search", json={"query": query, "k": 100, **body})
        listed = self.ask("GET", documents(dataset), params={"limit": 100})
        for document in listed.get("data", ())[:2]:
            self.ask("GET", f"{documents(dataset)}/{document['document_id']}")

    def operate(self, method: str, path: str, **request: Any) -> Any:
        """Ask as the operator, whom the tenant does not hear."""
        headers = {"Authorization": f"Bearer {self.operator}"}
        answer = self.client.request(method, path, headers=headers, **request)
        assert answer.is_success, answer.text
        return answer.json()

    def hold(self, files: Files, mode: str = "sync") -> None:
        """Have another project hold these files: a text is sent with the title of its file."""
        path = documents("held", "other")
        self.operate("POST", path, params={"mode": mode}, files=_form(files))

    def finish(self) -> None:
        """Let the operator send and collect until nothing is left."""
        for _ in range(100):
            sent = self.operate("POST", "/v1/batches", json={})
            came = self.operate("POST", "/v1/collect")
            assert not came["quarantined_jobs"]
            # What was collected may be answers, whose texts are sent next.
            came_in = came["collected_jobs"] or came["indexes_built"]
            if not (sent["job_ids"] or came["open_jobs"] or came_in):
                return
            time.sleep(0.05)
        raise AssertionError(f"{sent} {came}")

    def bill(self) -> dict[str, Any]:
        """Return what the service has counted, also of questions."""
        found: dict[str, Any] = httpx2.get(f"{self.emulator_url}/emulator/bill").json()
        return found

    def arm(self, fault: str, **parameters: Any) -> None:
        """Have the service fail in this way from now on."""
        body = {"name": fault, "times": None, "parameters": parameters}
        answer = httpx2.post(f"{self.emulator_url}/emulator/faults", json=body)
        assert answer.status_code == 200, answer.text


def _form(files: Files) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files[]", (name, text.encode())) for name, text in files.items()]


#: The lake with a project that holds the texts, and the one without.
Twins = tuple[Lake, Lake]


@contextmanager
def lake(
    folder: Path,
    sources: Files | None = None,
    latency_seconds: float = 0.05,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Lake]:
    """Serve one lake, with these files under its sources."""
    for name, content in (sources or {}).items():
        path = folder / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    running = serve_in_thread(folder / "emulator", tier=1, latency_seconds=latency_seconds)
    environment = {
        "SOURCES": str(folder / "sources"),
        "EMULATOR_URL": running.base_url,
        "DIMENSIONS": "128",
        **(settings or {}),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(f"SEMANTIC_ASSETS_{name}", value)
        core = SemanticCore(folder / "lake")
        _ = core.store, core.gemini
    keys, app = ApiKeys(core.store.lake), create_app(core, needs_key=True)
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        tenant, operator = (keys.make(project=p, role="admin")[1] for p in ("acme", "*"))
        yield Lake(folder, client, core, running.base_url, tenant, operator)
    running.stop()


@contextmanager
def twins(
    folder: Path,
    *,
    sources: Files | None = None,
    latency_seconds: float = 0.05,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Twins]:
    """Serve two lakes of the same settings, and of the same files under the sources."""
    with ExitStack() as stack:
        held, alone = (
            stack.enter_context(lake(folder / name, sources, latency_seconds, settings))
            for name in ("held", "alone")
        )
        yield held, alone


def told_apart(twins: Twins, asks: Callable[[Lake], object]) -> list[str]:
    """Ask both lakes the same; return every difference between their answers."""
    for one in twins:
        asks(one)
    held, alone = (one.heard for one in twins)
    assert len(held) == len(alone) > 0
    return [line for pair in zip(held, alone, strict=True) for line in _apart(*pair)]


def _apart(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Yield where two answers differ, each with what is there."""
    if type(ours) is type(theirs) is dict and ours.keys() == theirs.keys():
        for name in ours:
            yield from _apart(ours[name], theirs[name], f"{at}.{name}")
    elif type(ours) is type(theirs) and isinstance(ours, list | tuple) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from _apart(*pair, f"{at}.{number}" if at else str(ours[0]))
    elif ours != theirs:
        yield f"{at}: {str(ours)[:60]} | {str(theirs)[:60]}"
