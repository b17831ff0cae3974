"""Each message of the package that prints a cure is followed by a test, or is told apart here."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.remedies.messages import Message, printed_cures

TESTS = Path(__file__).parent.parent
#: What is printed and is no cure: a value, a hint beside one, or a setting's own name.
TOLD_APART = (
    "{}  (export SEMANTIC_ASSETS_EMULATOR_URL={})",
    'eval "$(_SEMANTIC_ASSETS_COMPLETE=',
    "_SEMANTIC_ASSETS_COMPLETE=fish_source",
)
#: Cures of what cannot be brought about on one machine, each with the reason.
NOT_TRIED: dict[str, str] = {}


@cache
def followed() -> tuple[str, ...]:
    """List the pieces of messages that tests say they follow, from their marks."""
    found = []
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.cures":
                found += [str(ast.literal_eval(one)) for one in node.args]
    return tuple(found)


@pytest.mark.parametrize("message", printed_cures(), ids=lambda one: f"{one.place}:{one.text[:40]}")
def test_every_message_that_prints_a_cure_is_followed(message: Message) -> None:
    known = (*followed(), *TOLD_APART, *NOT_TRIED)
    assert "pip install" in message.text or any(piece in message.text for piece in known)


@pytest.mark.parametrize("piece", sorted({*followed(), *TOLD_APART, *NOT_TRIED}))
def test_every_piece_is_of_a_message(piece: str) -> None:
    assert any(piece in message.text for message in printed_cures())
