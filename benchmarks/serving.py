"""A question over REST: CPU of the server's processes for a request, beside the library's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.corpora import WORK, articles
from benchmarks.emulator import running
from benchmarks.ours import OurLake
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

_ARTICLES, _WARM, _AT_ONCE = 1_200, 20, 8
_GOAL_MS = 2.5


def measure(scale: Scale) -> list[Row]:
    folder = WORK / "serving"
    shutil.rmtree(folder, ignore_errors=True)
    articles(folder / "sources", min(_ARTICLES, scale.articles))
    with running(folder / "emulator", tier=3) as url:
        OurLake(folder, folder / "sources", url, 3).refresh()
        return [
            row
            for tier in TIERS
            for row in _asked(OurLake(folder, folder / "sources", url, tier), scale.requests)
        ]


def _asked(lake: OurLake, count: int) -> list[Row]:
    with _server(lake) as (url, pid):
        alone = _cpu_ms(url, pid, count, at_once=1)
        together = _cpu_ms(url, pid, count, at_once=_AT_ONCE)
    name, tier = "REST search: CPU of a request", lake.tier
    return [
        Row(f"{name}, one after the other", alone, None, "ms", tier=tier, goal=_GOAL_MS),
        Row(f"{name}, {_AT_ONCE} at a time", together, None, "ms", tier=tier, goal=_GOAL_MS),
    ]


@contextmanager
def _server(lake: OurLake) -> Iterator[tuple[str, int]]:
    """Serve the lake on a free port; yield the URL and the process id."""
    command = [sys.executable, "-m", "semantic_assets", "serve", "--port", "0"]
    environ = os.environ | lake.environ | {"SEMANTIC_ASSETS_ROOT": str(lake.folder / "lake")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environ, **pipes) as process:  # type: ignore[call-overload]
        try:
            line = next(line for line in process.stdout if "http://" in line)
            yield "http://" + line.split("http://")[1].split()[0].rstrip("/."), process.pid
        finally:
            process.terminate()
            process.wait(timeout=30)


def _cpu_ms(url: str, pid: int, count: int, *, at_once: int) -> float:
    """Ask different questions, so that none is answered from the last one's vector."""
    with httpx2.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(at_once) as pool:

        def ask(number: int) -> None:
            question = f"What does the manual number {number}-{at_once} say about the valve?"
            client.post("/v1/search", json={"query": question, "k": 5}).raise_for_status()

        list(pool.map(ask, range(-_WARM, 0)))
        began = _cpu_seconds(pid)
        list(pool.map(ask, range(count)))
        return (_cpu_seconds(pid) - began) / count * 1_000


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and of the children it has now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu_seconds(int(child)) for child in children)
