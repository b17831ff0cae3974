"""Many small datasets: what a refresh of them costs in which nothing changed, and a question."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.ours import OurLake
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

_DOCUMENTS, _SENTENCES, _QUESTIONS = 3, 8, 20
#: By the number of datasets: CPU seconds in which a refresh finds that nothing changed.
_GOALS = {1: 0.2, 200: 0.5, 1_000: 1.5}


def measure(scale: Scale) -> list[Row]:
    return [row for count in scale.datasets for row in _measured(count, scale)]


def _measured(count: int, scale: Scale) -> list[Row]:
    folder = WORK / "datasets"
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder / "sources", count)
    name = f"{count:,} dataset{'s' if count > 1 else ''}"
    with running(folder / "emulator", tier=3) as url:
        # Filled at once, at the wide window; nothing of that depends on the tier any more.
        lake = OurLake(folder, folder / "sources", url, 3)
        first = lake.refresh()["all"]
        rows = [
            Row(f"{name}: first refresh", first["cpu_seconds"], None, "CPU s", tier=3),
            Row(f"{name}: first refresh, written", first["written_mb"], None, "MB", tier=3),
        ]
        for tier in TIERS:
            rows += _of_nothing(name, replace(lake, tier=tier), tier, _GOALS.get(count))
        if count == max(scale.datasets):
            rows += [_of_question(name, replace(lake, tier=tier), tier) for tier in TIERS]
    return rows


def _of_nothing(name: str, lake: OurLake, tier: int, goal: float | None) -> list[Row]:
    cost = lake.refresh()["all"]
    written, peak = cost["written_mb"], cost["peak_mb"]
    return [
        Row(f"{name}: nothing changed", cost["cpu_seconds"], None, "CPU s", tier=tier, goal=goal),
        Row(f"{name}: nothing changed, written", written, None, "MB", tier=tier, goal=0),
        Row(f"{name}: nothing changed, peak memory", peak, None, "MB", tier=tier),
    ]


def _of_question(name: str, lake: OurLake, tier: int) -> Row:
    seconds = lake.ask(_QUESTIONS)["all"]["cpu_seconds"] / _QUESTIONS
    return Row(f"{name}: a question over all, warm", seconds, None, "CPU s", tier=tier, goal=0.05)


def _write(sources: Path, count: int) -> None:
    for dataset in range(count):
        file = sources / "bench" / f"d{dataset:04d}" / "notes.jsonl"
        file.parent.mkdir(parents=True)
        records = (
            {"id": str(number), "title": f"Note {number}", "text": _text(dataset, number)}
            for number in range(_DOCUMENTS)
        )
        file.write_text("".join(json.dumps(record) + "\n" for record in records))


def _text(dataset: int, number: int) -> str:
    things = ("gauge", "valve", "lamp", "pump", "scale", "filter", "mirror", "door")
    return " ".join(
        f"The {thing} {dataset}-{number} is checked every {line + 2} days and its value noted."
        for line, thing in enumerate(things[:_SENTENCES])
    )
