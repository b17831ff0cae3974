"""A measured process: a module of ours, or of another interpreter's, that ends with a line of JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]


def run(module: str, *arguments: object, python: str = sys.executable) -> dict[str, Any]:
    """Run it and return what it told.

    Raises:
        RuntimeError: it failed; the end of what it said.
    """
    command = [python, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2_000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"{module} {' '.join(map(str, arguments[:1]))}: {told}", flush=True)
    return told
