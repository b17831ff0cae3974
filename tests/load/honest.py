"""Honest callers: searchers and uploaders, whose every answer is looked at."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2

from tests.load.served import ServedLake

#: Seconds that a person takes between two questions, and between two files.
_PAUSE = {"search": (1.0, 3.0), "upload": (1.0, 3.0)}
_TIMEOUT = 60.0


@dataclass
class Seen:
    """What the honest callers saw."""

    search_seconds: list[float] = field(default_factory=list)
    upload_seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    #: (dataset, name) of files whose storing was acknowledged.
    acknowledged: list[tuple[str, str]] = field(default_factory=list)

    def p95(self) -> float:
        return sorted(self.search_seconds)[int(len(self.search_seconds) * 0.95)]


async def search_on(lake: ServedLake, client: httpx2.AsyncClient, seen: Seen, seed: int) -> None:
    """Search until cancelled."""
    rng, headers = random.Random(seed), lake.header("searcher")
    while True:
        await asyncio.sleep(rng.uniform(*_PAUSE["search"]))
        body = {"query": f"What is said of pump {rng.randrange(60)}?", "k": 5}
        body["datasets"] = [f"acme/read{rng.randrange(2)}"]
        began = time.monotonic()
        await _asked(seen, "search", client.post("/v1/search", json=body, headers=headers), {200})
        seen.search_seconds.append(time.monotonic() - began)


async def upload_on(lake: ServedLake, client: httpx2.AsyncClient, seen: Seen, seed: int) -> None:
    """Upload a file at a time until cancelled."""
    rng, number, headers = random.Random(seed), 0, lake.header("uploader")
    dataset = f"up{seed % 5}"
    while True:
        await asyncio.sleep(rng.uniform(*_PAUSE["upload"]))
        number += 1
        name, content = _file(rng, seed, number)
        call = client.post(
            f"/v1/projects/acme/datasets/{dataset}/documents",
            params={"mode": "async"},
            files=[("files[]", (name, content))],
            headers=headers,
        )
        began = time.monotonic()
        if await _asked(seen, "upload", call, {202}):
            seen.acknowledged.append((dataset, name))
        seen.upload_seconds.append(time.monotonic() - began)


def _file(rng: random.Random, seed: int, number: int) -> tuple[str, bytes]:
    text = f"Note {number} of caller {seed}: valve {rng.random()} was opened. " * 20
    if number % 3 == 0:
        return f"{seed}-{number}.html", f"<html><body><p>{text}</p></body></html>".encode()
    return f"{seed}-{number}.txt", text.encode()


async def _asked(seen: Seen, what: str, call: object, expected: set[int]) -> bool:
    try:
        answer = await asyncio.wait_for(call, _TIMEOUT)  # type: ignore[arg-type]
    except (httpx2.HTTPError, TimeoutError) as error:
        seen.errors[f"{what}: {type(error).__name__}"] += 1
        return False
    if answer.status_code not in expected:
        seen.errors[f"{what}: {answer.status_code} {answer.text[:120]}"] += 1
    return answer.status_code in expected
