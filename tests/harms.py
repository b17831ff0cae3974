"""What can happen to a file that lies on a disk for a year."""

import shutil
from collections.abc import Callable
from pathlib import Path

Harm = Callable[[Path], None]


def cut_off(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    """One bit in each of 32 numbers among the first pages, as a bad controller does."""
    _flip(path, 4)


def flipped_behind(path: Path) -> None:
    """The same further on; in a small file that is its footer."""
    _flip(path, 2)


def _flip(path: Path, part: int) -> None:
    content = bytearray(path.read_bytes())
    for place in range(len(content) // part, min(len(content), len(content) // part + 128), 4):
        content[place] ^= 1
    path.write_bytes(content)


def missing(path: Path) -> None:
    path.unlink()


def copied_over(path: Path) -> None:
    """The file of another job or shard, copied over it."""
    near = path.parent.parent.parent if "shard=" in path.name else path.parent
    others = [other for other in near.rglob("*.parquet") if other != path]
    shutil.copy(others[0], path)


#: By name, so that a test's id says what happened.
HARMS: dict[str, Harm] = {
    harm.__name__: harm
    for harm in (cut_off, emptied, flipped, flipped_behind, missing, copied_over)
}
