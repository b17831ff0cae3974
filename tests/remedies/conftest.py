"""A desk for each test, which must follow the messages that it says it follows."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_assets.emulator.server import RunningServer
from tests.remedies.desk import Desk
from tests.remedies.messages import HOLE


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    emulator: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """A desk with one document, which nobody has read yet."""
    made = Desk(tmp_path, monkeypatch, emulator.base_url)
    made.set("ROOT", str(made.root))
    made.set("SOURCES", str(made.sources))
    made.set("EMULATOR_URL", emulator.base_url)
    made.set("DIMENSIONS", "128")
    monkeypatch.setenv("COLUMNS", "200")  # no message is wrapped in a table
    made.write()
    yield made
    logging.getLogger("semantic_assets").setLevel(logging.NOTSET)
    for mark in request.node.iter_markers("cures"):
        for piece in mark.args:
            assert any(fits(piece, said) for said in made.followed), f"not followed: {piece}"


def fits(piece: str, said: str) -> bool:
    """Say whether a piece of a message, with HOLE for any value, stands in what was printed."""
    pattern = ".+?".join(map(re.escape, " ".join(piece.split()).split(HOLE)))
    return re.search(pattern, " ".join(said.split())) is not None
