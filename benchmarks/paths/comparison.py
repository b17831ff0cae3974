"""Runs of both in turn, and their medians as rows."""

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.corpora import WORK, articles
from benchmarks.rows import Row

_RUNS = 3
_ROOT = Path(__file__).parents[2]


def measure() -> list[Row]:
    file = articles(WORK / "paths" / "sources", 12_000)
    ours: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    for _ in range(_RUNS):
        folder = WORK / "paths" / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        ours.append(_run("pipeline", file, folder))
        bare.append(_run("bare", file, folder))

    def middle(runs: list[dict[str, float]], name: str) -> float:
        return statistics.median(run[name] for run in runs)

    return [
        Row("path A against bare libraries", middle(ours, "a_cpu"), middle(bare, "a_cpu"), "CPU s"),
        Row("path A: peak memory, against 250 MB", middle(ours, "a_mb"), 250, "MB"),
        Row("path B against bare libraries", middle(ours, "b_cpu"), middle(bare, "b_cpu"), "CPU s"),
        Row("path B: peak memory, against 300 MB", middle(ours, "b_mb"), 300, "MB"),
        Row("assembly of the shard, against 1.5", middle(ours, "assembly_cpu"), 1.5, "CPU s"),
        Row("assembly of the shard: peak memory", middle(ours, "assembly_mb"), None, "MB"),
        Row("index of the shard", middle(ours, "index_cpu"), None, "CPU s"),
        Row("index of the shard: peak memory", middle(ours, "index_mb"), None, "MB"),
    ]


def _run(module: str, file: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", f"benchmarks.paths.{module}", str(file), str(folder)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2_000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"paths, {module}: {found}", flush=True)
    return found
