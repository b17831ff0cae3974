"""Every pattern of ours takes time in proportion to a text, whatever the text."""

import ast
import importlib
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

import semantic_assets
from semantic_assets.rest import names

_PACKAGE = Path(semantic_assets.__file__).parent
_CHARS, _SECONDS = 1_000_000, 3.0
#: Patterns and modules of patterns that are given no more than so many, by the code beside them.
_BOUNDED = {
    "parsing.html.page._META_CHARSET": 4096,
    "parsing.markdown.front_matter": 64 << 10,
    "parsing.markdown.naming._HTML_HEADING": 32 << 10,
    "parsing.titles": 3000,
    "pipeline.search.overview.example_questions._SENTENCE": 140,
}
_METHODS = {"match", "fullmatch", "search", "findall", "finditer", "sub", "split"}


@cache
def _trees() -> dict[str, ast.Module]:
    """Return every module that compiles a pattern."""
    return {
        ".".join(path.relative_to(_PACKAGE).with_suffix("").parts): ast.parse(source)
        for path in sorted(_PACKAGE.rglob("*.py"))
        if path.stem not in ("__init__", "__main__")
        and "re.compile" in (source := path.read_text())
    }


def _uses() -> Iterator[tuple[str, str]]:
    """Every pattern with a name, and how its module uses it."""
    for module, tree in _trees().items():
        named = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and "re.compile" in ast.unparse(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        used = {
            (node.value.id, node.attr)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in named
            and node.attr in _METHODS
        }
        # One that is handed to a function may be used in any way there: all of a text is the most.
        handed = named - {name for name, _ in used}
        yield from ((f"{module}.{name}", method) for name, method in used)
        yield from ((f"{module}.{name}", "finditer") for name in handed)


_USES = sorted(set(_uses()))


def _hostile(pattern: str) -> Iterator[str]:
    """Texts of a MB of each sign of the pattern, of its words, and of what is often repeated."""
    signs = {sign for sign in pattern if not sign.isalnum()} | set("aA0.é \t\n\r\v字ー")
    words = set(re.findall(r"[\w:<-]{2,}", pattern)) | {
        " \n",
        "a ",
        "```\n",
        "a: b\n",
        "-\n",
        "<a ",
    }
    words |= {"#" * 3 + " ", "\\x4", "[a", "a[", '."', "metadata[a", "<div"}
    for piece in sorted(signs | words):
        yield piece * (_CHARS // len(piece))
        yield "\n" + piece * (_CHARS // len(piece)) + "\0"
    # What begins as the pattern does and never ends: the worst case of each repetition in it.
    for start in ("---\na: ", "---\n", "# ", "```json\n", "<meta ", "metadata[", "a:", "\\x", "."):
        for piece in (" ", "\n", "\t", "a", ")", "a: b\n", '"'):
            yield start + piece * (_CHARS // len(piece)) + "\0"


@contextmanager
def _ended_after(seconds: float, what: str) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"over {seconds} CPU s: {what}")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.sample(8)
@pytest.mark.parametrize(("name", "method"), _USES, ids=map(".".join, _USES))
def test_pattern_takes_time_in_proportion(name: str, method: str) -> None:
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(f"semantic_assets.{module}"), attribute)
    for pattern in _patterns_in(found):
        _time(name, method, pattern)


def _patterns_in(value: object) -> Iterator[re.Pattern]:
    """The pattern, or those in a table of patterns."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _patterns_in(item)


def _time(name: str, method: str, pattern: re.Pattern) -> None:
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    for text in _hostile(source):
        given = text[: _BOUNDED.get(name, _BOUNDED.get(name.rpartition(".")[0]))]
        subject = given if isinstance(pattern.pattern, str) else given.encode()
        with _ended_after(_SECONDS, repr(text[:40])):
            _run(pattern, method, subject)


def _run(pattern: re.Pattern, method: str, subject: str | bytes) -> None:
    if method == "sub":
        pattern.sub(subject[:0], subject)
    elif method == "finditer":
        for _ in pattern.finditer(subject):
            pass
    else:
        getattr(pattern, method)(subject)


def test_names_in_requests_take_time_in_proportion() -> None:
    found = [
        like
        for alias in vars(names).values()
        for like in getattr(alias, "__metadata__", ())
        if isinstance(like, names._Like) and like.fits is None
    ]
    assert len(found) > 5
    for like in found:
        _time("rest.names", "fullmatch", re.compile(like.pattern))


def test_no_pattern_is_without_a_name() -> None:
    """Patterns are compiled at the top of a module, so that the test above sees them all."""
    nameless = [
        f"{module}: {ast.unparse(node)}"
        for module, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and re.match(r"re\.\w+$", ast.unparse(node.func))
        and ast.unparse(node.func) not in ("re.escape", "re.compile")
        and "re.escape(" not in ast.unparse(node.args[0])  # one fixed word
    ]
    assert nameless == []


def test_a_cubic_pattern_is_found() -> None:
    cubic = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
    with pytest.raises(TimeoutError), _ended_after(0.5, "cubic"):
        cubic.match("```json\n" + "\n" * 1_000_000)
