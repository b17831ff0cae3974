"""The emulator in a process of its own, so that its CPU is not counted as ours."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(
    state_dir: Path, *, tier: int = 3, latency_seconds: float = 1.0, vectors: str = "hashed"
) -> Iterator[str]:
    """Start it, yield its URL, stop it by its process id."""
    command = [
        *(sys.executable, "-m", "semantic_assets.emulator", "--port", "0"),
        *("--state-dir", str(state_dir)),
        *("--latency", str(latency_seconds), "--tier", str(tier), "--vectors", vectors),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(timeout=30)
