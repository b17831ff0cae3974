"""A server with keys in a process of its own, with something in its lake, and its callers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from semantic_assets.lake.lake import Lake
from semantic_assets.rest.api_keys import ApiKeys
from tests.factories import BLANK

PROJECT, DATASET = "acme", "articles"
_DOCUMENTS = f"/v1/projects/{PROJECT}/datasets/{DATASET}/documents"
_ARTICLES = [{"id": "a1", "text": "The kiln is fired on Fridays. It holds ninety bowls."}]


@dataclass(frozen=True)
class Caller:
    """Who asks: a name for the report, and the headers of each request."""

    name: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class ServedProcess:
    url: str
    admin: Caller
    #: The others: of one project, and those whose keys are refused.
    known: tuple[Caller, ...]
    refused: tuple[Caller, ...]
    log: Path
    #: Names that are there, by kind.
    names: Mapping[str, Sequence[str]]


@contextmanager
def served_process(folder: Path) -> Iterator[ServedProcess]:
    """Serve a lake below `folder` on a free port of loopback."""
    keys = ApiKeys(Lake(folder / "lake"))
    log = folder / "log.txt"
    command = [sys.executable, "-m", "semantic_assets", "serve", "--keys", "--port", "0"]
    admin, *known = [
        _caller(keys, *rights)
        for rights in (("*", "admin"), (PROJECT, "write"), (PROJECT, "read"), ("*", "read"))
    ]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--root", str(folder / "lake")],
            env={**os.environ, **_settings(folder)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[0]
        names = _fill(url, admin)
        yield ServedProcess(url, admin, tuple(known), _refused(keys), log, names)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _settings(folder: Path) -> dict[str, str]:
    return {
        **BLANK,
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_DIR": str(folder / "emulator"),
        "SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS": "0.2",
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }


def _caller(keys: ApiKeys, project: str, role: str) -> Caller:
    _, secret = keys.make(project=project, role=role)
    return Caller(f"{role} of {project}", {"Authorization": f"Bearer {secret}"})


def _refused(keys: ApiKeys) -> tuple[Caller, ...]:
    revoked, secret = keys.make(project="*", role="admin")
    keys.revoke(revoked.key_id)
    return (
        Caller("revoked key", {"Authorization": f"Bearer {secret}"}),
        Caller("unknown key", {"Authorization": "Bearer sak_unknown"}),
        Caller("no key", {}),
    )


def _fill(url: str, admin: Caller) -> dict[str, list[str]]:
    """Store documents, collect a batch of them and a generation job; return the names of it all."""
    with httpx2.Client(base_url=url, headers=dict(admin.headers), timeout=60) as client:
        for name, mode in (("one.txt", "sync"), ("two.txt", "async")):
            files = [("files[]", (name, f"The ferry of {name} leaves at nine."))]
            client.post(_DOCUMENTS, files=files, params={"mode": mode}).raise_for_status()
        client.post("/v1/batches", json={}).raise_for_status()
        body = {"task": "summary-en", "name": "week", "articles": _ARTICLES}
        client.post("/v1/generations", json=body).raise_for_status()
        _collect(client)
        documents = client.get(_DOCUMENTS).json()["data"]
        batches = client.get("/v1/batches").json()["data"]
    return {
        "projects": [PROJECT],
        "datasets": [DATASET],
        "references": [f"{PROJECT}/{DATASET}"],
        "documents": ["one.txt", *(one["document_id"] for one in documents)],
        "batches": [one["id"] for one in batches],
        "jobs": ["week"],
        "tasks": ["summary-en", "summary-ru"],
    }


def _collect(client: httpx2.Client) -> None:
    for _ in range(100):
        if not client.post("/v1/collect").raise_for_status().json()["open_jobs"]:
            return
        time.sleep(0.1)
    raise AssertionError("jobs of the emulator did not end")
