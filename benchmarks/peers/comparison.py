"""Three phases of everyone's ingest, each in a process of its own, as rows."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.peers import articles
from benchmarks.peers.environments import python_of
from benchmarks.rows import Row

_OURS = "ours"
_PEERS = {
    "llamaindex": "LlamaIndex",
    "langchain": "LangChain",
    "plain": "a plain script that sends everything each time",
}
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one phase cost one of them."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    stored: int
    #: what the emulator was asked to embed; of ours 1 % again, to prove the answers of batches
    sent: int


Costs = dict[tuple[str, str], Cost]


def measure() -> list[Row]:
    """Ours first in each phase; a peer that fails is left out with its reason printed."""
    file, count = articles.write(WORK / "peers" / "sources")
    first = f"first ingest of {count:,} articles"
    costs: Costs = {}
    with running(WORK / "peers" / "emulator") as url:
        names = _phase(first, [_OURS, *_PEERS], file, url, costs)
        names = _phase(f"no-op rerun of {count:,} articles", names, file, url, costs)
        changed = f"rerun of {count:,} articles, {articles.change(file):,} of them changed"
        _phase(changed, names, file, url, costs)
    return _rows(costs, first)


def _phase(phase: str, names: list[str], file: Path, url: str, costs: Costs) -> list[str]:
    """Run it for each; returns those that came through."""
    through = []
    for name in names:
        try:
            cost = _run(name, file, url)
        except subprocess.CalledProcessError as error:
            reason = [str(error), *(error.stderr or "").strip().splitlines()][-1]
            print(f"{phase}, {name}: left out: {reason}", flush=True)
            continue
        print(f"{phase}, {name}: {cost}", flush=True)
        costs[phase, name] = cost
        through.append(name)
    return through


def _run(name: str, file: Path, url: str) -> Cost:
    folder = WORK / "peers" / name
    folder.mkdir(exist_ok=True)
    python = sys.executable if name == _OURS else str(python_of(name))
    before = _texts(url)
    command = [python, "-m", f"benchmarks.peers.{name}", str(file), str(folder), url]
    done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Cost(**told, sent=_texts(url) - before)


def _texts(url: str) -> int:
    """Texts the emulator was asked to embed, in batches and at once."""
    bill = httpx2.get(f"{url}/emulator/bill", timeout=120).json()
    return int(bill["sent"] + bill["realtime_texts"])


def _rows(costs: Costs, first: str) -> list[Row]:
    rows = []
    for (phase, name), theirs in costs.items():
        ours = costs.get((phase, _OURS))
        if name == _OURS or ours is None:
            continue
        rows += _compared(f"{phase}, against {_PEERS[name]}", ours, theirs, has_peak=phase == first)
    return rows


def _compared(name: str, ours: Cost, theirs: Cost, *, has_peak: bool) -> list[Row]:
    figures: list[tuple[str, Callable[[Cost], float], str]] = [
        (name, lambda cost: cost.cpu_seconds, "CPU s"),
        (f"{name}: sent to be embedded", lambda cost: cost.sent, "chunks"),
    ]
    if has_peak:
        figures.append((f"{name}: peak memory", lambda cost: cost.peak_mb, "MB"))
    return [Row(title, of(ours), of(theirs), unit) for title, of, unit in figures]
