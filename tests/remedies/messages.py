"""Every message of the package that prints a cure: a command, or a setting to change."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import semantic_assets

PACKAGE = Path(semantic_assets.__file__).parent
#: What stands where a value is filled in.
HOLE = "{}"
#: The emulator speaks as the service does. These parse; their patterns hold backticks.
_NOT_OURS = ("emulator", "parsing/markup", "text", "parsing/titles.py")
_CURE = re.compile(
    r"`semantic-assets [^`]+`|`--[a-z-]+|`refresh`|`transcribe = true`|SEMANTIC_ASSETS_[A-Z_]+|pip install |"
    r"\{\}(?:BACKEND|AGENT_[A-Z]+)=|GOOGLE_APPLICATION_CREDENTIALS"
)
#: Help of an option, and values that are no messages: of click.option, of Field, of a constant.
_NOT_SAID = ("option", "Field", "argument")


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A message as it stands in the source, with HOLE for each value, and where."""

    place: str
    text: str


@cache
def printed_cures() -> tuple[Message, ...]:
    """List the messages that print a cure, in the order of their places."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(_NOT_OURS):
            tree = ast.parse(path.read_text())
            found += [Message(place, text) for text in _said(tree) if _CURE.search(text)]
    return tuple(found)


def _said(tree: ast.Module) -> Iterator[str]:
    nodes = list(ast.walk(tree))
    passed = {id(node) for node in _passed_over(nodes)}
    for node in nodes:
        text = None if id(node) in passed else _text(node)
        if text is not None and " " in text:
            yield text


def _passed_over(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield docstrings, pieces of an f-string, and what is said of an option."""
    for node in nodes:
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from node.values
        elif isinstance(node, ast.Call) and _name(node.func) in _NOT_SAID:
            for one in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from ast.walk(one)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value) if isinstance(one, ast.Constant) else HOLE for one in node.values
        )
    return None
