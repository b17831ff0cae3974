"""Peak memory of reading, cutting, sending and indexing one record of 63 MB."""

import json
import random
import shutil
from pathlib import Path

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.ours import OurLake
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

_GOAL_MB = 500


def measure(scale: Scale) -> list[Row]:
    return [row for tier in TIERS for row in _at_tier(tier, scale.record_mb)]


def _at_tier(tier: int, size: int) -> list[Row]:
    folder = WORK / "records"
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder / "sources" / "bench" / "record" / "record.jsonl", size * 1_000_000)
    with running(folder / "emulator", tier=tier) as url:
        cost = OurLake(folder, folder / "sources", url, tier).refresh()["all"]
    name = f"one record of {size} MB"
    seconds, peak, written = cost["cpu_seconds"], cost["peak_mb"], cost["written_mb"]
    return [
        Row(f"{name}: peak memory", peak, None, "MB", tier=tier, goal=_GOAL_MB),
        Row(f"{name}: CPU", seconds, None, "CPU s", tier=tier),
        Row(f"{name}: written", written, None, "MB", tier=tier),
    ]


def _write(path: Path, size: int) -> None:
    """Paragraphs of words that are drawn, so that hardly two chunks are alike."""
    path.parent.mkdir(parents=True)
    rng = random.Random(7)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(3, 9))) for _ in range(4_000)]
    paragraphs: list[str] = []
    while size > 0:
        paragraphs.append(" ".join(rng.choices(words, k=80)).capitalize() + ".")
        size -= len(paragraphs[-1]) + 2
    record = {"id": "1", "title": "The whole log", "text": "\n\n".join(paragraphs)}
    path.write_text(json.dumps(record) + "\n")
