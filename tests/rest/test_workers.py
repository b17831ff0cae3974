"""Servers and workers on one lake keep one limit and one answer for each key."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2

from semantic_assets.rest.api_keys import Quota
from tests.factories import BLANK
from tests.rest.conftest import Served


def test_two_workers_count_the_requests_of_a_key_together(serve: Callable[..., Served]) -> None:
    workers = [serve(needs_key=True), serve(needs_key=True)]
    _, secret = workers[0].keys.make(
        project="acme", role="read", quota=Quota(requests_per_minute=3)
    )
    headers = {"Authorization": f"Bearer {secret}"}
    answers = [workers[n % 2].client.get("/v1/datasets", headers=headers) for n in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61


def test_two_workers_give_one_answer_to_an_idempotency_key(serve: Callable[..., Served]) -> None:
    workers = [serve(), serve()]
    first, second = (
        one.upload(("a.txt", "The crane."), headers={"Idempotency-Key": "monday"}, mode="async")
        for one in workers
    )
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_document_stored_by_one_worker_is_found_by_the_other(
    serve: Callable[..., Served],
) -> None:
    workers = [serve(), serve()]
    for number, text in enumerate(("The crane.", "The pier.")):
        one, other = workers[number], workers[1 - number]
        assert one.upload((f"{number}.txt", text), mode="sync").status_code == 200
        found = other.client.post("/v1/search", json={"query": text}).json()["data"]
        assert len(found) == number + 1


def test_workers_share_an_address_and_their_metrics_and_end_with_the_first(tmp_path: Path) -> None:
    settings = {
        **BLANK,
        "SEMANTIC_ASSETS_SOURCES": str(tmp_path / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_DIR": str(tmp_path / "emulator"),
    }
    command = [sys.executable, "-m", "semantic_assets", "serve", "--port", "0", "--workers", "2"]
    (tmp_path / "lake").mkdir()
    with subprocess.Popen(
        [*command, "--root", str(tmp_path / "lake")],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        for _ in range(20):  # each on a connection of its own
            answer = httpx2.get(f"{url}/v1/datasets", timeout=120)
            assert answer.status_code == 200
        counted = httpx2.get(f"{url}/metrics", timeout=120).text
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    (line,) = (
        one
        for one in counted.splitlines()
        if one.startswith("semantic_assets_http_requests_total") and "/v1/datasets" in one
    )
    assert line.endswith(" 20.0")
    assert "semantic_assets_open_jobs" in counted
