"""What one ingest cost its process: run in every peer's environment, so no library is needed."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.meter import Meter


def report(ingest: Callable[[Path, Path, str], int]) -> None:
    """Call ingest(articles, folder, emulator URL), which returns the vectors stored; print JSON.

    Called when everything is imported, so that imports are not counted.
    """
    articles, folder, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    meter = Meter(folder)
    with meter.measuring("all"):
        stored = ingest(articles, folder, url)
    meter.tell(stored=stored)
