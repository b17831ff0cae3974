"""Fixtures of the interfaces."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.interfaces.dagster_world import World, opened_world


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, background: ThreadPoolExecutor
) -> Iterator[World]:
    with opened_world(tmp_path, monkeypatch, background) as opened:
        yield opened
