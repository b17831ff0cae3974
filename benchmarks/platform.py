"""A million articles through the Agent Platform, as the emulator serves it: jobs, CPU, memory, bytes.

Each stage of ours is a process of its own, and the emulator another. A job ends when it is told to,
and its answers are in the bucket before we look: what the emulator needs to make them is no cost of
ours. What is durable here is deleted there by the product itself.

Articles are those of CORPORA, or generated ones; a number is woven into each copy of them, so that no
two shards share a text.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import child
from benchmarks.corpora import WORK, articles
from benchmarks.emulator import Running, started
from benchmarks.rows import Row
from tests.agent_platform.account import write_account
from tests.trial import on_the_agent_platform

MILLION, SHARD = 1_008_000, 12_000
_LATENCY_SECONDS = 14_400.0
_STAGES = ("prepare", "send", "collect", "assemble", "index")
_SIZE = re.compile(r"<Key>([^<]+)</Key><Size>(\d+)</Size>")


@dataclass(slots=True)
class _Stage:
    """What the processes of one stage cost."""

    cpu: float = 0.0
    wall: float = 0.0
    peak_mb: float = 0.0
    children_mb: float = 0.0
    processes: int = 0


@dataclass(slots=True)
class _Seen:
    stages: dict[str, _Stage] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    sent_bytes: int = 0
    received_bytes: int = 0
    landed: float = 0.0


def measure(count: int = MILLION) -> list[Row]:
    """Measure `count` articles in shards of 12,000."""
    folder, seen = WORK / "platform", _Seen()
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder, count)
    began = time.monotonic()
    with started(folder / "emulator", latency_seconds=_LATENCY_SECONDS) as emulator:
        environ = _environ(folder, emulator.url)
        for stage in _STAGES:
            if stage == "collect":
                _collect(folder, environ, emulator, seen)
            else:
                _run(stage, folder, environ, seen)
        _run("paid", folder, environ, seen)
        return _rows(count, seen, emulator, time.monotonic() - began)


def _write(folder: Path, count: int) -> None:
    """Write the datasets: each a file of 12,000 articles, and the last of what is left."""
    source = articles(folder / "corpus", min(count, SHARD))
    held = pq.read_table(source)
    project = folder / "sources" / "bench"
    for number, first in enumerate(range(0, count, SHARD)):
        copy = _marked(held.slice(0, min(SHARD, count - first)), 1_000 + number)
        target = project / f"shelf-{number:03d}" / "articles.parquet"
        target.parent.mkdir(parents=True)
        pq.write_table(copy, target, compression="zstd")


def _marked(held: pa.Table, number: int) -> pa.Table:
    """Return articles with a number behind each sentence, and in their titles and ids."""
    texts = [text.replace(". ", f". {number} ") for text in held["text"].to_pylist()]
    titles = [f"{title} {number}" for title in held["title"].to_pylist()]
    ids = [f"{number}-{one}" for one in held["id"].to_pylist()]
    for name, values in (("text", texts), ("title", titles), ("id", ids)):
        at = held.column_names.index(name)
        held = held.set_column(at, name, pa.array(values, pa.string()))
    return held


def _environ(folder: Path, url: str) -> dict[str, str]:
    return {
        **on_the_agent_platform(url),
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY": "10000",
        "GOOGLE_APPLICATION_CREDENTIALS": str(write_account(folder / "account.json", url)),
    }


def _run(stage: str, folder: Path, environ: dict[str, str], seen: _Seen) -> dict[str, Any]:
    """Run a stage and add up what it cost."""
    told = child.run("platform_stage", stage, folder / "lake", json.dumps(environ), also=environ)
    cost, held = told.pop("all"), seen.stages.setdefault(stage, _Stage())
    held.cpu += cost["cpu_seconds"]
    held.wall += cost["wall_seconds"]
    held.peak_mb = max(held.peak_mb, cost["peak_mb"])
    held.children_mb = max(held.children_mb, told.pop("children_mb"))
    held.processes += 1
    seen.told |= told
    return told


def _collect(folder: Path, environ: dict[str, str], emulator: Running, seen: _Seen) -> None:
    """End one job after the other, and collect each in a process of its own."""
    # Frozen, it ends no job while another is collected.
    httpx2.post(f"{emulator.url}/emulator/clock", json={"freeze": True}, timeout=60)
    seen.sent_bytes = _staged(emulator, "/input.jsonl")
    is_open = True
    while is_open:
        _end_next(emulator)
        seen.received_bytes += _staged(emulator, "predictions")
        told = _run("collect", folder, environ, seen)
        seen.landed += told["landed"]
        is_open = bool(told["open"])
    shutil.rmtree(folder / "emulator" / "blobs")  # its copies of inputs: no job needs one now


def _end_next(emulator: Running) -> None:
    """Move the emulator's clock to the end of the next job."""
    state = httpx2.get(f"{emulator.url}/emulator/state", timeout=60).json()
    created = [one["created"] for one in state["jobs"] if "SUCCEEDED" not in one["state"]]
    due = datetime.fromisoformat(min(created)) + timedelta(seconds=_LATENCY_SECONDS + 1)
    left = (due - datetime.fromisoformat(state["now"])).total_seconds()
    step = {"advance_seconds": max(left, 1.0)}
    httpx2.post(f"{emulator.url}/emulator/clock", json=step, timeout=60)


def _staged(emulator: Running, part: str) -> int:
    """Return the bytes of the staged objects with this in their names; ended jobs write theirs now."""
    token = httpx2.post(f"{emulator.url}/token", data={"grant_type": "refresh_token"}, timeout=60)
    found = httpx2.get(
        f"{emulator.url}/storage/bucket",
        params={"prefix": "staging/"},
        headers={"authorization": f"Bearer {token.json()['access_token']}"},
        timeout=None,
    )
    return sum(
        int(size) for key, size in _SIZE.findall(found.raise_for_status().text) if part in key
    )


def _rows(count: int, seen: _Seen, emulator: Running, wall: float) -> list[Row]:
    name = f"{count:,} articles through the Agent Platform"
    client = sum(stage.cpu for stage in seen.stages.values())
    cpu, peak = emulator.used()
    return [
        Row(f"{name}: jobs", seen.told["jobs"], None, "jobs", goal=15),
        Row(f"{name}: texts sent", seen.told["texts"], None, "texts"),
        Row(f"{name}: vectors landed, of those", seen.landed, seen.told["texts"], "texts"),
        Row(f"{name}: tokens", seen.told["tokens"], None, "tokens"),
        Row(f"{name}: sent", seen.sent_bytes / 1e6, None, "MB"),
        Row(f"{name}: received", seen.received_bytes / 1e6, None, "MB"),
        Row(f"{name}: CPU of ours", client, None, "CPU s", goal=3_600),
        *(row for one, stage in seen.stages.items() for row in _of_stage(name, one, stage)),
        Row(f"{name}: CPU of the emulator", cpu, None, "CPU s"),
        Row(f"{name}: peak memory of the emulator", peak, None, "MB"),
        Row(f"{name}: from the first stage to the last", wall, None, "s"),
    ]


def _of_stage(name: str, stage: str, cost: _Stage) -> Iterator[Row]:
    if stage not in _STAGES:
        return
    yield Row(f"{name}: {stage}, {cost.processes} processes", cost.cpu, None, "CPU s")
    peak = max(cost.peak_mb, cost.children_mb)
    yield Row(f"{name}: {stage}, peak memory", peak, None, "MB", goal=300)
