"""A million short articles in 84 shards: whether a tick, a plan and the ledger stay as they were.

The emulator's clock is sped up; every call goes over HTTP, every row into the ledger, which is in
Postgres where one can be started here. Articles are a line each: planning, polling and the ledger
are what is measured, and they count texts, jobs and shards.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import sqlalchemy as sa

from benchmarks.clock import MovableClock
from benchmarks.corpora import WORK, Bench, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.ledger.database.schema import metadata
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.scheduling.batch_runs import (
    EMBEDDINGS,
    RunDue,
    embeddings_request,
    watch,
)
from tests.services.postgres import missing_for_postgres, postgres_server

_SHARDS, _ARTICLES = 84, 12_000
_LATENCY_SECONDS, _TICK_SECONDS = 600.0, 60.0
_NAME = "1,008,000 articles, 84 shards"


@dataclass(slots=True)
class _Tick:
    """One tick of the sensor: when, how dear, and what it asked for."""

    cpu: float
    lists: int
    gets: int
    active: int


@dataclass(slots=True)
class _Seen:
    ticks: list[_Tick] = field(default_factory=list)
    advance_cpu: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)


def measure() -> list[Row]:
    corpus = WORK / "million"
    _write(corpus)
    clock, seen = MovableClock(), _Seen()
    files = {f"bench/million/{path.name}": path for path in sorted(corpus.glob("*.jsonl"))}
    with (
        _ledger() as ledger_url,
        running(WORK / "million-emulator", tier=1, latency_seconds=_LATENCY_SECONDS) as url,
        scratch(
            "million-lake",
            {},
            url,
            tier=1,
            clock=clock,
            environ={
                "SEMANTIC_ASSETS_DIMENSIONS": "128",
                "SEMANTIC_ASSETS_LEDGER_URL": ledger_url,
            },
        ) as bench,
    ):
        for uri, file in files.items():
            target = bench.store.settings.sources / uri
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file)
        _prepare(bench, seen)
        _drain(bench, seen, url, clock)
        return _rows(bench, seen, "Postgres" if ledger_url else "SQLite")


@contextmanager
def _ledger() -> Iterator[str]:
    if missing_for_postgres():
        yield ""
        return
    with postgres_server() as server:
        yield server.new_database()


def _write(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    for shard in range(_SHARDS):
        with (folder / f"{shard:02d}.jsonl").open("w") as file:
            for number in range(_ARTICLES):
                text = f"Article {number} of shelf {shard} tells of valve {number * 7919 % 10007}."
                file.write(json.dumps({"id": f"{shard}-{number}", "text": text}) + "\n")


def _prepare(bench: Bench, seen: _Seen) -> None:
    began = time.process_time()
    found = discover(bench.store)
    seen.stages["discover"] = time.process_time() - began
    began = time.process_time()
    prepare_shards(bench.store, found)
    assert len(bench.store.ledger.sources.shards()) == _SHARDS
    seen.stages["read and cut"] = time.process_time() - began


def _drain(bench: Bench, seen: _Seen, url: str, clock: MovableClock) -> None:
    is_done = False
    with httpx2.Client(base_url=url, timeout=120) as emulator:
        before = _calls(emulator)
        while not is_done:
            began = time.process_time()
            found = watch(bench.store, bench.gemini)
            cpu = time.process_time() - began
            after = _calls(emulator)
            lists, gets = (after[name] - before[name] for name in ("batches.list", "batches.get"))
            seen.ticks.append(_Tick(cpu, lists, gets, found.active_jobs))
            _run(bench, seen, found.due)
            began = time.process_time()
            is_done = advance(bench.store, bench.gemini).is_done
            seen.advance_cpu += time.process_time() - began
            clock.advance(_TICK_SECONDS)
            emulator.post("/emulator/clock", json={"advance_seconds": _TICK_SECONDS})
            before = _calls(emulator)
        _run(bench, seen, watch(bench.store, bench.gemini).due)


def _run(bench: Bench, seen: _Seen, due: Sequence[RunDue]) -> None:
    """What Dagster would: the runs of settled shards."""
    began = time.process_time()
    for run in due:
        if run.kind == EMBEDDINGS and run.partition is not None:
            shard = ShardKey.parse(run.partition)
            assert assemble(bench.store, shard).is_settled
            bench.store.ledger.requests.done(*embeddings_request(bench.store, shard))
    spent = time.process_time() - began
    seen.stages["assemble"] = seen.stages.get("assemble", 0.0) + spent


def _calls(emulator: httpx2.Client) -> dict[str, int]:
    found: dict[str, int] = emulator.get("/emulator/state").json()["calls"]
    return {name: found.get(name, 0) for name in ("batches.list", "batches.get")}


def _rows(bench: Bench, seen: _Seen, engine: str) -> list[Row]:
    jobs = bench.store.ledger.jobs.list()
    collected = [job for job in jobs if job.state == JobState.COLLECTED]
    first, last = _parts(seen.ticks)
    rows, size = _ledger_size(bench)
    return [
        Row(
            f"{_NAME}, ledger in {engine}: texts READY",
            _ready(collected),
            _SHARDS * _ARTICLES,
            "texts",
        ),
        Row(f"{_NAME}: jobs", len(jobs), None, "jobs"),
        Row(f"{_NAME}: ticks of the sensor", len(seen.ticks), None, "ticks"),
        Row(f"{_NAME}: a tick, last fifth against first", _mean(last), _mean(first), "CPU s"),
        Row(f"{_NAME}: the dearest tick", max(tick.cpu for tick in seen.ticks), None, "CPU s"),
        Row(
            f"{_NAME}: list calls of a tick, last fifth against first",
            _lists(last),
            _lists(first),
            "calls",
        ),
        Row(f"{_NAME}: most list calls of a tick", max(t.lists for t in seen.ticks), 3, "calls"),
        Row(f"{_NAME}: most get calls of a tick", max(t.gets for t in seen.ticks), 20, "calls"),
        Row(f"{_NAME}: most active jobs", max(t.active for t in seen.ticks), None, "jobs"),
        *(Row(f"{_NAME}: {name}", cpu, None, "CPU s") for name, cpu in seen.stages.items()),
        Row(f"{_NAME}: planning, sending and collecting", seen.advance_cpu, None, "CPU s"),
        Row(f"{_NAME}: the same, a job", seen.advance_cpu / len(jobs), None, "CPU s"),
        Row(f"{_NAME}: ledger", rows, None, "rows"),
        Row(f"{_NAME}: ledger in bytes", size / 1e6, None, "MB"),
    ]


def _parts(ticks: list[_Tick]) -> tuple[list[_Tick], list[_Tick]]:
    """The first and the last fifth while there were jobs; imports are in the very first tick."""
    busy = [tick for tick in ticks[1:] if tick.active]
    fifth = max(1, len(busy) // 5)
    return busy[:fifth], busy[-fifth:]


def _mean(ticks: list[_Tick]) -> float:
    return sum(tick.cpu for tick in ticks) / len(ticks)


def _lists(ticks: list[_Tick]) -> float:
    return sum(tick.lists for tick in ticks) / len(ticks)


def _ready(jobs: Sequence[BatchJob]) -> int:
    return sum(job.succeeded or 0 for job in jobs)


def _ledger_size(bench: Bench) -> tuple[int, int]:
    """(rows, bytes)"""
    database = bench.store.ledger.database
    with database.read() as connection:
        rows = sum(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        )
        if database.engine.dialect.name == "sqlite":
            return rows, (bench.store.lake.root / "ledger.sqlite3").stat().st_size
        sizes = [
            connection.execute(sa.select(sa.func.pg_total_relation_size(table.name))).scalar_one()
            for table in metadata.sorted_tables
        ]
        return rows, sum(sizes)
