"""SECURITY.md stays short, and each threat in it names a test that is there."""

import ast
import re
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MAX_LINES = 120
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _lines() -> list[str]:
    return (PROJECT / "SECURITY.md").read_text().splitlines()


def _threats() -> list[str]:
    """The rows of its tables, without their heads."""
    rows = [line for line in _lines() if line.startswith("|")]
    return [row for row in rows if not row.startswith(("| threat |", "|---"))]


@cache
def _tests_of(path: str) -> set[str]:
    """The functions of a module; nothing is run."""
    file = PROJECT / path
    tree = ast.parse(file.read_text() if file.exists() else "")
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_threat_names_a_test_that_exists() -> None:
    threats = _threats()
    assert len(threats) > 20
    for row in threats:
        named = _NAMED.findall(row)
        assert named, row
        for path, name in named:
            assert name in _tests_of(path), f"{path}::{name}"


def test_no_test_is_named_in_another_way() -> None:
    text = "\n".join(_lines())
    assert text.count("::test_") == len(_NAMED.findall(text))


def test_it_is_short_and_says_how_to_report_without_an_address() -> None:
    assert len(_lines()) <= MAX_LINES
    text = "\n".join(_lines())
    assert "## How to report" in text
    assert "## What is not defended" in text
    assert not re.search(r"[\w.]+@[\w.]+|https?://", text)
