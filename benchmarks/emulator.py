"""The emulator in a process of its own, so that its CPU is not counted as ours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    """A running emulator."""

    url: str
    process_id: int

    def used(self) -> tuple[float, float]:
        """Return its CPU seconds so far, and its peak memory in MB."""
        folder = Path("/proc") / str(self.process_id)
        times = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = int(times[11]) + int(times[12])
        lines = (folder / "status").read_text().splitlines()
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return ticks / os.sysconf("SC_CLK_TCK"), peak / 1024


@contextmanager
def started(
    state_dir: Path, *, tier: int = 3, latency_seconds: float = 1.0, vectors: str = "hashed"
) -> Iterator[Running]:
    """Start it, yield it, stop it by its process id."""
    command = [
        *(sys.executable, "-m", "semantic_assets.emulator", "--port", "0"),
        *("--state-dir", str(state_dir)),
        *("--latency", str(latency_seconds), "--tier", str(tier), "--vectors", vectors),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Running(process.stdout.readline().strip(), process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def running(
    state_dir: Path, *, tier: int = 3, latency_seconds: float = 1.0, vectors: str = "hashed"
) -> Iterator[str]:
    """Start it, yield its URL, stop it by its process id."""
    with started(
        state_dir, tier=tier, latency_seconds=latency_seconds, vectors=vectors
    ) as emulator:
        yield emulator.url
