"""What other processes do in these tests."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.lake import Lake
from semantic_assets.lake.outcomes import OutcomeCode

SCHEMA = pa.schema([pa.field("number", pa.int64())])


def rewrite_for_ever(acknowledge: Callable[[int], None], root: Path, relative: str) -> None:
    """Replace a file again and again; each version holds one number, many times."""
    lake = Lake(root)
    for version in range(1, 1_000_000):
        with lake.writing(relative, SCHEMA, {"version": str(version)}) as file:
            for _ in range(5):
                file.write(pa.table([[version] * 1_000], schema=SCHEMA))
        acknowledge(version)


def stop_in_the_middle(acknowledge: Callable[[str], None], root: Path, relative: str) -> None:
    """Write half of a file, say so, and hang."""
    with Lake(root).writing(relative, SCHEMA, {}) as file:
        file.write(pa.table([[1] * 1_000], schema=SCHEMA))
        acknowledge("half written")
        while True:
            pass


def cover_files(number: int, path: Path, files: int, keys: list[str]) -> int:
    """Cover `files` results files; all processes are given the same ones."""
    index = KeyIndex(path)
    for file in range(files):
        index.add(f"job{file:03d}.parquet", keys, [OutcomeCode.OK] * len(keys))
    return len(index.etags())


def cover_own_files(number: int, path: Path, files: int, keys: list[str]) -> list[str]:
    """Cover `files` results files that no other process covers."""
    index = KeyIndex(path)
    names = [f"job{number}-{file:03d}.parquet" for file in range(files)]
    for name in names:
        index.add(name, keys, [OutcomeCode.TRANSIENT] * len(keys))
        assert set(index.look_up(keys)) == set(keys)
    return names
