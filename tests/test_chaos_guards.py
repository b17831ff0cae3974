"""A safeguard that is switched off is one that is there: a name that moved switches nothing off."""

import ast
import builtins
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

CHAOS = Path(__file__).resolve().parent / "chaos"
GUARDS = sorted(
    path for folder in (".", "outside", "platform") for path in (CHAOS / folder).glob("*_guards.py")
)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (name, attribute) of each assignment to an attribute of a plain name."""
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                yield target.value.id, target.attr


@pytest.mark.parametrize("path", GUARDS, ids=lambda path: path.stem)
def test_what_a_safeguard_replaces_is_there(path: Path) -> None:
    name = ".".join(path.relative_to(CHAOS.parent.parent).with_suffix("").parts)
    module = importlib.import_module(name)
    found = [
        (owner, attribute)
        for owner, attribute in _assigned(ast.parse(path.read_text()))
        if hasattr(module, owner)
    ]
    assert found
    lacking = [
        f"{owner}.{attribute}"
        for owner, attribute in found
        # A module's own name in place of a built-in one is set on purpose.
        if not hasattr(getattr(module, owner), attribute) and not hasattr(builtins, attribute)
    ]
    assert lacking == []
