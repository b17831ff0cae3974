"""python -m benchmarks [NAME ...]: measure, print, and put the rows in RESULTS.md."""

import argparse
import shutil
import sys
from collections.abc import Callable

from benchmarks import (
    backfill,
    collecting,
    documents,
    footprint,
    generation,
    growth,
    ingest,
    million,
    moving,
    paths,
    questions,
    reading,
    recall,
    retrieval,
    sensor,
    stages,
    update,
    window,
)
from benchmarks.corpora import WORK, corpora_folder
from benchmarks.emulator import running
from benchmarks.peers import comparison
from benchmarks.rows import Row, table, write_results


def _on_corpora(module: str) -> list[Row]:
    corpora = corpora_folder()
    if corpora is None:
        print(f"{module}: left out; set CORPORA to a folder with manuals.parquet and xquad_*")
        return []
    with running(WORK / f"{module}-emulator") as url:
        return _ON_CORPORA[module](corpora, url)


_ON_CORPORA = {
    "retrieval": retrieval.measure,
    "stages": stages.measure,
    "update": update.measure,
}


BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "retrieval": lambda: _on_corpora("retrieval"),
    "stages": lambda: _on_corpora("stages"),
    "update": lambda: _on_corpora("update"),
    "paths": paths.measure,
    "reading": reading.measure,
    "documents": documents.measure,
    "growth": growth.measure,
    "recall": recall.measure,
    "lance": recall.measure_lance,
    "ingest": ingest.measure,
    "backfill": backfill.measure,
    "window": window.measure,
    "generation": generation.measure,
    "sensor": sensor.measure,
    "collecting": collecting.measure,
    "footprint": footprint.measure,
    "million": million.measure,
    "moving": moving.measure,
    "questions": questions.measure,
    "peers": comparison.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], default=[])
    names = parser.parse_args().names or list(BENCHMARKS)
    shutil.rmtree(WORK, ignore_errors=True)
    rows = [row for name in names for row in BENCHMARKS[name]()]
    write_results(rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
