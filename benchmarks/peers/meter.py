"""What one ingest cost its process: run in every child, so it needs the standard library only."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def report(ingest: Callable[[Path, Path, str], int]) -> None:
    """Call ingest(articles, folder, emulator URL), which returns the vectors stored; print JSON.

    Called when everything is imported, so that imports are not counted.
    """
    articles, folder, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    began, cpu_before = time.perf_counter(), _cpu()
    stored = ingest(articles, folder, url)
    cost = {
        "cpu_seconds": _cpu() - cpu_before,
        "wall_seconds": time.perf_counter() - began,
        "peak_mb": _peak_mb(),
        "stored": stored,
    }
    print(json.dumps(cost))


def _cpu() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(who) for who in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_mb() -> float:
    # ru_maxrss of a child starts at the parent's peak on Linux; VmHWM is its own.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
