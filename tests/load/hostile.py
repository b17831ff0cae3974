"""Hostile callers, each of one habit, with keys of their own project or without any."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx2

from tests.hostile.files import double_flate, many_attributes, nested_forms, one_line, wide_csv
from tests.load.served import ServedLake

Habit = Callable[[ServedLake, httpx2.AsyncClient, random.Random], Awaitable[None]]
_DOCUMENTS = "/v1/projects/foes/datasets/junk/documents"
_SEARCH = "/v1/search"
_BOMBS = {
    "forms.pdf": nested_forms(),
    "flate.pdf": double_flate(),
    "attributes.html": many_attributes(),
    "line.jsonl.gz": one_line(),
    "wide.csv": wide_csv(),
}


async def _upload_bombs(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    name = rng.choice([*_BOMBS])
    files = [("files[]", (f"{rng.random()}-{name}", _BOMBS[name]))]
    await client.post(_DOCUMENTS, params={"mode": "async"}, files=files, headers=lake.header("foe"))


async def _upload_bombs_and_go(
    lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random
) -> None:
    await asyncio.wait_for(_upload_bombs(lake, client, rng), 1.0)


async def _half_headers(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    place = urlsplit(lake.url)
    opened = [await asyncio.open_connection(place.hostname, place.port) for _ in range(100)]
    for _, writer in opened:
        writer.write(b"GET /v1/datasets HTTP/1.1\r\nHost: localhost\r\nX-A: ")
    await asyncio.sleep(10)
    for _, writer in opened:
        writer.close()


async def _slow_body(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    place = urlsplit(lake.url)
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    head = [f"POST {_DOCUMENTS} HTTP/1.1", "Host: localhost", "Content-Length: 100000000"]
    head += ["Content-Type: multipart/form-data; boundary=b"]
    head += [f"Authorization: {lake.header('foe')['Authorization']}"]
    writer.write("\r\n".join([*head, "", ""]).encode())
    for _ in range(20):
        writer.write(b"x")
        await asyncio.sleep(0.5)
    writer.close()


async def _deaf(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    place = urlsplit(lake.url)
    _, writer = await asyncio.open_connection(place.hostname, place.port, limit=1_024)
    line = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n"
    writer.write(
        f"{line}Authorization: {lake.header('foe')['Authorization']}\r\n\r\n".encode() * 50
    )
    await asyncio.sleep(10)
    writer.close()


async def _greedy(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    body = {"query": "pump " * 3_900, "k": 1_000}
    await client.post(_SEARCH, json=body, headers=lake.header("foe"))


async def _guess_keys(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    headers = {"Authorization": f"Bearer sak_{rng.random()}"}
    await client.post(_SEARCH, json={"query": "x"}, headers=headers)


async def _deep(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    headers = {**lake.header("foe"), "Content-Type": "application/json"}
    await client.post(_SEARCH, content=b"[" * 4_000_000, headers=headers)


async def _many_parts(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    files = [("files[]", (f"{rng.random()}.txt", b"x")) for _ in range(1_000)]
    await client.post(_DOCUMENTS, params={"mode": "async"}, files=files, headers=lake.header("foe"))


async def _trespass(lake: ServedLake, client: httpx2.AsyncClient, rng: random.Random) -> None:
    path = rng.choice(["acme/datasets/read0", "acme/datasets/up1", "..%2f..%2f/datasets/x"])
    answer = await client.get(f"/v1/projects/{path}/documents", headers=lake.header("foe"))
    assert answer.status_code in (403, 404, 422, 429), answer.text


HABITS: tuple[Habit, ...] = (
    *(_upload_bombs, _upload_bombs, _upload_bombs_and_go, _half_headers, _slow_body),
    *(_deaf, _greedy, _guess_keys, _deep, _many_parts, _trespass),
)


async def do_harm(
    lake: ServedLake, client: httpx2.AsyncClient, number: int, done: dict[str, int]
) -> None:
    """Follow one habit until cancelled."""
    rng, habit = random.Random(number), HABITS[number % len(HABITS)]
    while True:
        try:
            await habit(lake, client, rng)
        except (httpx2.HTTPError, OSError, TimeoutError):
            await asyncio.sleep(0.2)
        name = habit.__name__.strip("_")
        done[name] = done.get(name, 0) + 1
