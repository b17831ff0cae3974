"""CPU seconds, peak memory and bytes written by the parts of one process; standard library only.

Bytes written are `write_bytes` of /proc/self/io: the pages that this process and its ended children
made dirty in the page cache of a block device, by write(2) or by mmap, 4 KiB each. Sockets are not in
it; what is removed again before it reaches the disk is. A file system without a block device (tmpfs)
reports 0, which `written_mb` gives as not a number.
"""

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Cost:
    """What one part cost; peaks are of the whole process, interpreter and imports included."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_mb: float = 0.0
    written_mb: float = 0.0


class Meter:
    """The costs of named parts; parts of one name are added up."""

    def __init__(self, folder: Path) -> None:
        self.costs: dict[str, Cost] = {}
        self._counts_writes = _counts_writes(folder)

    @contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        cost = self.costs.setdefault(name, Cost())
        Path("/proc/self/clear_refs").write_text("5")
        wall, cpu, written = time.perf_counter(), _cpu(), _written()
        yield
        cost.cpu_seconds += _cpu() - cpu
        cost.wall_seconds += time.perf_counter() - wall
        cost.peak_mb = max(cost.peak_mb, _peak_mb())
        cost.written_mb += (_written() - written) / 1e6 if self._counts_writes else float("nan")

    def tell(self, **more: float) -> None:
        """Print everything as one line of JSON, the last of a child's output."""
        print(json.dumps({name: asdict(cost) for name, cost in self.costs.items()} | more))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_mb() -> float:
    # Not ru_maxrss: a child starts with the peak of the process that forked it.
    return _number("/proc/self/status", "VmHWM:") / 1024


def _written() -> int:
    return _number("/proc/self/io", "write_bytes:")


def _number(file: str, name: str) -> int:
    lines = Path(file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _counts_writes(folder: Path) -> bool:
    """Try it: a tmpfs does not report what is written to it."""
    folder.mkdir(parents=True, exist_ok=True)
    before, probe = _written(), folder / f".probe-{os.getpid()}"
    probe.write_bytes(bytes(1 << 16))
    probe.unlink()
    return _written() - before >= 1 << 16
