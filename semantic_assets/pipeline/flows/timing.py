"""Wall and CPU seconds by stage of a longer pipeline function."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stopwatch:
    wall_seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            self._add(self.wall_seconds, name, time.monotonic() - wall)
            self._add(self.cpu_seconds, name, time.process_time() - cpu)

    def _add(self, seconds: dict[str, float], name: str, spent: float) -> None:
        seconds[name] = seconds.get(name, 0.0) + spent
