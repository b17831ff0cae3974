"""How far an export is, told as it goes on, and what it did in the end."""

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass

import pyarrow as pa

from semantic_assets.model.wording import ProgressLine

_ROWS_A_LINE = 20_000


@dataclass(frozen=True, slots=True)
class Written:
    """What an export did to the shards of its target."""

    written: int
    kept: int
    removed: int


@dataclass(slots=True)
class Telling:
    """Passes blocks of rows through and tells how many have passed."""

    report: Callable[[str], None]
    shown: str
    total: int = 0
    done: int = 0

    def expect(self, shards: Iterable[Sized]) -> None:
        self.total = sum(map(len, shards))

    def __call__(self, block: pa.Table) -> pa.Table:
        before, self.done = self.done, self.done + len(block)
        if self.done // _ROWS_A_LINE > before // _ROWS_A_LINE:
            self.report(ProgressLine(f"rows written to {self.shown}", self.done, self.total))
        return block
