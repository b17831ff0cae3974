"""CPU of a question: in an open process over 1,000 datasets, and as a request to the served API."""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.corpora import WORK, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.gemini.client import Gemini
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.search import search
from semantic_assets.store import Store

#: (datasets, documents of each): the many for a search over all, the one for what a request costs.
MANY, ONE = (1_000, 10), (1, 1_000)
_ASKED, _REQUESTS, _CALLERS, _WORKERS = 9, 500, 8, 2
_WORDS = [f"{a}{b}" for a in ("brine", "quay", "sluice", "kiln") for b in "abcdefghijklm"]
_LINKS = {"SEMANTIC_ASSETS_FOLLOW_LINKS": "true"}
_TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> list[Row]:
    with running(WORK / "questions-emulator") as url:
        return [*_over_many(url), *_served(url)]


def _over_many(url: str) -> list[Row]:
    with scratch("questions-many", sources(*MANY), url, environ=_LINKS) as bench:
        refresh(bench.store, bench.gemini, wait_minutes=30)
        seconds = warm_question(bench.store, bench.gemini)
    return [Row(f"CPU seconds of a warm question over {MANY[0]} datasets", seconds, 0.05, "s")]


def _served(url: str) -> list[Row]:
    with scratch("questions-one", sources(*ONE), url, environ=_LINKS) as bench:
        refresh(bench.store, bench.gemini, wait_minutes=30)
    lake, rows, rates = WORK / "questions-one" / "lake", list[Row](), dict[int, float]()
    for workers in (1, _WORKERS):
        with served(lake, url, workers) as (address, pid):
            for callers in (1, _CALLERS):
                cpu, rates[workers] = requests(address, pid, callers)
                name = f"CPU ms of a search request, {workers} workers, {callers} callers"
                rows.append(Row(name, cpu * 1e3, 2.5, "ms"))
    gain = rates[_WORKERS] / rates[1]
    return [*rows, Row(f"requests a second, {_WORKERS} workers against one", gain, 1.8, "x")]


def sources(datasets: int, documents: int) -> dict[str, Path]:
    """Write a file of documents for each dataset; map its place to it."""
    draw, folder = random.Random(11), WORK / f"questions-{datasets}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = {}
    for number in range(datasets):
        file = folder / f"{number}.jsonl"
        lines = (json.dumps({"id": f"{n}", "text": sentence(draw)}) for n in range(documents))
        file.write_text("\n".join(lines) + "\n")
        found[f"bench/d{number:04}/docs.jsonl"] = file
    return found


def sentence(draw: random.Random) -> str:
    return " ".join(draw.choices(_WORDS, k=40)) + f" {draw.random()}."


def warm_question(store: Store, gemini: Gemini) -> float:
    """Return the median CPU seconds of a question after the first two, none asked twice."""
    taken = []
    for number in range(_ASKED):
        began = time.process_time()
        hits = search(store, gemini, f"where is the {_WORDS[number]} of {number}?", k=10)
        taken.append(time.process_time() - began)
        assert len(hits) == 10
    return statistics.median(taken[2:])


@contextmanager
def served(lake: Path, url: str, workers: int, *more: str) -> Iterator[tuple[str, int]]:
    """Serve a lake in a process of its own; yield its address and process id."""
    command = [sys.executable, "-m", "semantic_assets", "serve", "--port", "0", "--root", str(lake)]
    if workers > 1:
        command += ["--workers", str(workers)]
    environ = {**os.environ, "SEMANTIC_ASSETS_EMULATOR_URL": url}
    with subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[0], process.pid
        finally:
            process.terminate()
            process.wait(timeout=30)


def requests(address: str, pid: int, callers: int) -> tuple[float, float]:
    """Return (CPU seconds of the server for a request, requests a second), each for a new question."""
    _ask(address, 40, 0)
    before, began = cpu_seconds(pid), time.monotonic()
    threads = [
        threading.Thread(target=_ask, args=(address, _REQUESTS // callers, n + 1))
        for n in range(callers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken, asked = time.monotonic() - began, _REQUESTS // callers * callers
    return (cpu_seconds(pid) - before) / asked, asked / taken


def _ask(address: str, times: int, caller: int) -> None:
    with httpx2.Client(base_url=address, timeout=60) as client:
        for number in range(times):
            query = f"where is the {_WORDS[number % len(_WORDS)]} of {caller} {number}?"
            answer = client.post("/v1/search", json={"query": query, "k": 10})
            assert len(answer.raise_for_status().json()["data"]) == 10


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and of those it started, as far as they still run."""
    return sum(_own(one) for one in [pid, *_children(pid)])


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_children(child)]
    return found


def _own(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
