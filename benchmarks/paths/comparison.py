"""Ours at each tier and the bare libraries in turn, as rows."""

import shutil
from typing import Any

from benchmarks import child
from benchmarks.corpora import WORK, articles
from benchmarks.emulator import running
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

_GOAL_A, _GOAL_B, _ASSEMBLY = 3.0, 1.5, 1.5


def measure(scale: Scale) -> list[Row]:
    shutil.rmtree(WORK / "paths", ignore_errors=True)
    file = articles(WORK / "paths" / "sources", scale.articles)
    bare = _run("bare", file, 3)
    return [row for tier in TIERS for row in _rows(_run("pipeline", file, tier), bare, tier)]


def _run(module: str, file: Any, tier: int) -> dict[str, Any]:
    folder = WORK / "paths" / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with running(folder / "emulator", tier=tier) as url:
        return child.run(f"paths.{module}", file, folder, url, tier)


def _rows(ours: dict[str, Any], bare: dict[str, Any], tier: int) -> list[Row]:
    def row(name: str, part: str, goal: float | None) -> Row:
        figures = (ours[part]["cpu_seconds"], bare[part]["cpu_seconds"])
        return Row(f"{name} against bare libraries", *figures, "CPU s", tier=tier, goal=goal)

    def own(name: str, part: str, goal: float | None = None) -> Row:
        return Row(name, ours[part]["cpu_seconds"], None, "CPU s", tier=tier, goal=goal)

    def peak(name: str, part: str, limit: float | None = None) -> Row:
        return Row(f"{name}: peak memory", ours[part]["peak_mb"], limit, "MB", tier=tier)

    decoding = (ours["b"]["cpu_seconds"], bare["b_decoding"]["cpu_seconds"])
    return [
        row("path A", "a", _GOAL_A),
        own("path A: read and cut", "a_cut"),
        own("path A: plan, write, upload and create", "a_submit"),
        peak("path A", "a", 250),
        row("path B, download included,", "b", _GOAL_B),
        Row("path B against bare decoding alone", *decoding, "CPU s", tier=tier, goal=_GOAL_B),
        peak("path B", "b", 300),
        own("assembly of the shard", "assembly", _ASSEMBLY),
        peak("assembly of the shard", "assembly"),
        own("index of the shard", "index"),
        peak("index of the shard", "index"),
    ]
