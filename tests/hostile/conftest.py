"""Processes and files of the tests of children that read."""

import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from semantic_assets.parsing.records import Columns, KnownRecord, SourceRecord
from semantic_assets.sandbox.isolated import read_records
from semantic_assets.sandbox.pool import POOL

ReadApart = Callable[[Path], list[SourceRecord | KnownRecord]]


@pytest.fixture(autouse=True)
def pool() -> Iterator[None]:
    """No child is left for the next test to find."""
    POOL.close()
    yield
    POOL.close()


@pytest.fixture
def read_apart() -> ReadApart:
    """Read a file as the product does: in a child."""

    def read(path: Path) -> list[SourceRecord | KnownRecord]:
        with path.open("rb") as stream:
            return list(read_records(path.name, stream, columns=Columns()))

    return read


def ends_within(pid: int, seconds: float) -> bool:
    """Wait for the end of a process that need not be a child of this one."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], seconds)[0])
    finally:
        os.close(process)
