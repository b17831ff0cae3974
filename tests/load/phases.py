"""The two phases of a load: honest callers alone, and with hostile ones besides."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.load.honest import Seen, search_on, upload_on
from tests.load.hostile import do_harm
from tests.load.served import Memory, ServedLake, served_lake, wait_until_ready

_KEYS = {
    "searcher": ("acme", "read"),
    "uploader": ("acme", "write"),
    "foe": ("foes", "write"),
    "operator": ("*", "admin"),
}
_MB = 1 << 20
#: The server alone; reading children have their own limits.
_MOST_MB = 1_500


@dataclass(frozen=True)
class Size:
    seconds: float
    searchers: int
    uploaders: int
    hostile: int


@dataclass
class Verdict:
    alone: Seen
    attacked: Seen
    harm: dict[str, int]
    lost: list[tuple[str, str]]
    memory_mb: int
    memory_alone_mb: int
    refreshes: list[int] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return self.attacked.p95() / self.alone.p95()

    def wrong(self) -> dict[str, Any]:
        found = {
            "errors": dict(self.alone.errors + self.attacked.errors),
            "lost": self.lost,
            "refreshes": [code for code in self.refreshes if code],
            "memory": self.memory_alone_mb if self.memory_alone_mb > _MOST_MB else None,
        }
        return {name: value for name, value in found.items() if value}

    def shown(self) -> dict[str, Any]:
        phases = {
            name: {
                "searches": len(seen.search_seconds),
                "search_p95_s": round(seen.p95(), 3),
                "uploads_acknowledged": len(seen.acknowledged),
                "upload_most_s": round(max(seen.upload_seconds, default=0.0), 3),
            }
            for name, seen in (("alone", self.alone), ("attacked", self.attacked))
        }
        return {
            **phases,
            "p95_ratio": round(self.ratio, 2),
            "harm": self.harm,
            "refreshes": len(self.refreshes),
            "server_and_children_mb": self.memory_mb,
            "server_mb": self.memory_alone_mb,
            "wrong": self.wrong(),
        }


async def measure(root: Path, size: Size) -> Verdict:
    """Serve a lake, load it twice and look at what became of every acknowledged file."""
    _write_sources(root, range(300))
    with served_lake(root, _KEYS) as lake:
        wait_until_ready(lake.url)
        assert lake.run("refresh").returncode == 0
        memory, harm, refreshes = Memory(lake.pid), dict[str, int](), list[int]()
        with memory.watched():
            alone = await _phase(lake, size, {}, 0, refreshes)
            attacked = await _phase(lake, size, harm, size.hostile, refreshes)
        lost = await _lost(lake, [*alone.acknowledged, *attacked.acknowledged])
    return Verdict(
        alone, attacked, harm, lost, memory.most // _MB, memory.most_alone // _MB, refreshes
    )


def _write_sources(root: Path, numbers: Iterable[int]) -> None:
    for number in numbers:
        folder = root / "sources" / "acme" / f"read{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"Pump {number % 60} of hall {number} is oiled on day {number * 7 % 31}. " * 12
        (folder / f"{number}.txt").write_text(text)


async def _phase(
    lake: ServedLake, size: Size, harm: dict[str, int], hostile: int, refreshes: list[int]
) -> Seen:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=300)
    seen, base = Seen(), {"base_url": lake.url, "limits": limits, "timeout": 60.0}
    async with httpx2.AsyncClient(**base) as client, httpx2.AsyncClient(**base) as foes:
        callers = [search_on(lake, client, seen, n) for n in range(size.searchers)]
        callers += [upload_on(lake, client, seen, n) for n in range(size.uploaders)]
        callers += [do_harm(lake, foes, n, harm) for n in range(hostile)]
        callers.append(_refresh_on(lake, refreshes))
        tasks = [asyncio.create_task(caller) for caller in callers]
        await asyncio.sleep(size.seconds)
        broken = [task.exception() for task in tasks if task.done()]
        assert not broken, broken
        await _end(tasks)
    return seen


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks, again where a call took its end for an error of its own."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1.0)


async def _refresh_on(lake: ServedLake, refreshes: list[int]) -> None:
    """Add documents and refresh, so that indexes switch, until cancelled."""
    number = 10_000 + 1_000 * len(refreshes)
    while True:
        number += 10
        _write_sources(lake.root, range(number, number + 10))
        done = await asyncio.to_thread(lake.run, "refresh")
        refreshes.append(done.returncode)
        await asyncio.sleep(10)


async def _lost(lake: ServedLake, acknowledged: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Read everything, and return the acknowledged files that no list of documents has."""
    done = lake.run("refresh")
    assert done.returncode == 0, done.stdout[-1_000:] + done.stderr[-1_000:]
    there: set[tuple[str, str]] = set()
    async with httpx2.AsyncClient(base_url=lake.url, timeout=60.0) as client:
        for dataset in {dataset for dataset, _ in acknowledged}:
            path, after = f"/v1/projects/acme/datasets/{dataset}/documents", None
            while True:
                query = {"limit": 1_000} | ({"after": after} if after else {})
                answer = await client.get(path, params=query, headers=lake.header("operator"))
                page = json.loads(answer.text)
                there |= {(dataset, row["name"]) for row in page["data"]}
                if not page["has_more"]:
                    break
                after = page["last_id"]
    return sorted(set(acknowledged) - there)
