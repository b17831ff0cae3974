"""A measured process: a module of ours, or of another interpreter's, that ends with a line of JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

_ROOT = Path(__file__).parents[1]


def run(
    module: str,
    *arguments: object,
    python: str = sys.executable,
    also: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Run it and return what it told; its environment has `also` too.

    Raises:
        RuntimeError: it failed; the end of what it said.
    """
    command = [python, "-m", f"benchmarks.{module}", *map(str, arguments)]
    environ = {**os.environ, **also}
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, env=environ)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2_000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"{module} {' '.join(map(str, arguments[:1]))}: {told}", flush=True)
    return told
