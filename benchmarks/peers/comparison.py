"""Three phases of everyone's ingest, each in a process of its own, as rows."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyarrow.parquet as pq

from benchmarks import child
from benchmarks.changes import edit_and_remove
from benchmarks.corpora import WORK, articles
from benchmarks.emulator import running
from benchmarks.ours import OurLake
from benchmarks.peers.environments import python_of
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

#: PEERS=name,name takes some of them.
_PEERS = {
    "llamaindex": "LlamaIndex",
    "langchain": "LangChain",
    "cocoindex": "CocoIndex",
    "haystack": "Haystack",
    "plain": "a plain script that sends everything each time",
}
_OURS = {f"ours, tier {tier}": tier for tier in TIERS}
_GOAL = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """What one phase cost one of them."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    written_mb: float
    stored: int
    #: what the emulator was asked to embed; of ours 1 % again, to prove the answers of batches
    sent: int


Costs = dict[tuple[str, str], Cost]


def measure(scale: Scale) -> list[Row]:
    """Ours first in each phase; a peer that fails is left out with its reason printed.

    The peers call in real time, for which the emulator has no quota: the tier is of ours alone.
    """
    os.environ["COCOINDEX_DISABLE_USAGE_TRACKING"] = "1"  # it reads that when it is imported
    shutil.rmtree(WORK / "peers", ignore_errors=True)
    file = articles(WORK / "peers" / "sources", scale.articles)
    wanted = os.environ.get("PEERS", ",".join(_PEERS)).split(",")
    names, costs = [*_OURS, *(name for name in _PEERS if name in wanted)], Costs()
    count = f"{pq.read_metadata(file).num_rows:,}"
    first = f"first ingest of {count} articles"
    names = _phase(first, names, file, costs)
    names = _phase(f"no-op rerun of {count} articles", names, file, costs)
    changed = edit_and_remove(file)
    _phase(f"rerun of {count}, {changed} edited and {changed} removed", names, file, costs)
    return _rows(costs, first)


def _phase(phase: str, names: list[str], file: Path, costs: Costs) -> list[str]:
    """Run it for each; returns those that came through."""
    through = []
    for name in names:
        try:
            cost = _run(name, file)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            print(f"{phase}, {name}: left out: {reason.strip()[-2_000:]}", flush=True)
            continue
        print(f"{phase}, {name}: {cost}", flush=True)
        costs[phase, name] = cost
        through.append(name)
    return through


def _run(name: str, file: Path) -> Cost:
    folder, tier = WORK / "peers" / name.replace(", ", "-").replace(" ", "-"), _OURS.get(name)
    folder.mkdir(exist_ok=True)
    with running(folder / "emulator", tier=tier or 3) as url:
        before = _texts(url)
        if tier:
            told = OurLake(folder, file.parents[2], url, tier).refresh()
        else:
            python = str(python_of(name))
            told = child.run(f"peers.{name}", file, folder, url, python=python)
        if not told["stored"]:
            raise RuntimeError("it ended well and stored nothing")
        return Cost(**told["all"], stored=told["stored"], sent=_texts(url) - before)


def _texts(url: str) -> int:
    """Texts the emulator was asked to embed, in batches and at once."""
    bill = httpx2.get(f"{url}/emulator/bill", timeout=120).json()
    return int(bill["sent"] + bill["realtime_texts"])


def _rows(costs: Costs, first: str) -> list[Row]:
    return [
        row
        for (phase, name), theirs in costs.items()
        if name not in _OURS
        for our_name, tier in _OURS.items()
        if (ours := costs.get((phase, our_name)))
        for row in _compared(f"{phase}, against {_PEERS[name]}", ours, theirs, tier)
    ]


def _compared(name: str, ours: Cost, theirs: Cost, tier: int) -> list[Row]:
    figures: list[tuple[str, Callable[[Cost], float], str, float | None]] = [
        (name, lambda cost: cost.cpu_seconds, "CPU s", _GOAL),
        (f"{name}: sent to be embedded", lambda cost: cost.sent, "chunks", None),
        (f"{name}: written", lambda cost: cost.written_mb, "MB", None),
        (f"{name}: peak memory", lambda cost: cost.peak_mb, "MB", None),
    ]
    return [Row(title, of(ours), of(theirs), unit, tier, goal) for title, of, unit, goal in figures]
