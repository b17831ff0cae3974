"""A ledger clock that a benchmark moves along with the emulator's."""

import time


class MovableClock:
    def __init__(self) -> None:
        self._offset = 0.0

    def advance(self, seconds: float) -> None:
        self._offset += seconds

    def __call__(self) -> float:
        return time.time() + self._offset
