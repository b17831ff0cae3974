"""python -m benchmarks [NAME ...] [--runs N]: measure, print, and put the rows in RESULTS.md.

`platform` takes `--articles N`, of which less than the million is a trial that writes nothing.

`quick` measures the costs of a small corpus once and writes nothing: some minutes, for developers.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks import (
    backfill,
    cold,
    collecting,
    datasets,
    documents,
    filtered,
    footprint,
    generation,
    growth,
    ingest,
    million,
    moving,
    paths,
    platform,
    reading,
    recall,
    records,
    refreshes,
    retrieval,
    sensor,
    serving,
    speed,
    window,
)
from benchmarks.corpora import WORK
from benchmarks.peers import comparison
from benchmarks.quality import measure as quality
from benchmarks.rows import Row, machine, medians, table, write_results
from benchmarks.scale import FULL, QUICK, Scale

#: Costs, each at both tiers, of which the median of some runs counts. `peers` is not among the quick.
COSTS: dict[str, Callable[[Scale], list[Row]]] = {
    "refreshes": refreshes.measure,
    "datasets": datasets.measure,
    "growth": growth.measure,
    "paths": paths.measure,
    "cold": cold.measure,
    "serving": serving.measure,
    "records": records.measure,
    "peers": comparison.measure,
}


@dataclass(frozen=True, slots=True)
class Once:
    """What is counted, or takes an hour: one run, at one tier or without a service."""

    measure: Callable[[], list[Row]]
    tier: int | None = None


ONCE = {
    "retrieval": Once(retrieval.measure, 3),
    "quality": Once(quality.measure, 3),
    "reading": Once(reading.measure),
    "documents": Once(documents.measure),
    "recall": Once(recall.measure),
    "speed": Once(speed.measure),
    "lance": Once(recall.measure_lance),
    "filters": Once(filtered.measure),
    "ingest": Once(ingest.measure),
    "backfill": Once(backfill.measure, 3),
    "window": Once(window.measure, 1),
    "generation": Once(generation.measure, 1),
    "sensor": Once(sensor.measure, 3),
    "collecting": Once(collecting.measure, 3),
    "footprint": Once(footprint.measure, 1),
    "million": Once(million.measure, 1),
    "moving": Once(moving.measure, 3),
    "platform": Once(platform.measure),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*COSTS, *ONCE]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"quick, or: {', '.join(names)}")
    parser.add_argument("--runs", type=int, default=FULL.runs, help="of what costs CPU [3]")
    parser.add_argument("--articles", type=int, default=platform.MILLION, help="of `platform`")
    given = parser.parse_args()
    if unknown := set(given.names) - {"quick", *names}:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    shutil.rmtree(WORK, ignore_errors=True)
    print(f"{machine()}", flush=True)
    if given.articles != platform.MILLION:
        print(table(platform.measure(given.articles)), flush=True)
        return 0
    if "quick" in given.names:
        _quick([name for name in COSTS if name in given.names])
        return 0
    for name in given.names or names:
        rows = _in_full(name, given.runs)
        write_results({name: rows})
        print(table(rows), flush=True)
    return 0


def _quick(names: list[str]) -> None:
    for name in names or [name for name in COSTS if name != "peers"]:
        began = time.monotonic()
        rows = COSTS[name](QUICK)
        print(f"\n{name}, {time.monotonic() - began:.0f} s\n\n{table(rows)}", flush=True)


def _in_full(name: str, runs: int) -> list[Row]:
    if name in COSTS:
        return medians([COSTS[name](FULL) for _ in range(runs)])
    once = ONCE[name]
    return [replace(row, tier=once.tier) for row in once.measure()]


if __name__ == "__main__":
    sys.exit(main())
