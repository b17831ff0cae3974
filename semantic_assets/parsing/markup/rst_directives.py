"""The directives of reStructuredText: which are code, which are no text, how others begin."""

import re

#: A line of prose, which is no list and no other directive.
_WORDS = re.compile(r"[^\W_]|[`\"'(\[:]|\*\S")
_OPTION = re.compile(r":[\w-]{1,40}:(?:[ \t].*)?")

CODE = frozenset(
    (
        *("code", "code-block", "sourcecode", "parsed-literal", "prompt", "doctest", "testcode"),
        *("testsetup", "testoutput", "ipython", "productionlist", "literalinclude", "console"),
        *("graphviz", "digraph", "graph", "uml", "mermaid", "jupyter-execute"),
    )
)
LEFT_OUT = frozenset(
    (
        *("toctree", "contents", "index", "highlight", "default-role", "role", "meta", "sectnum"),
        *("module", "currentmodule", "py:module", "py:currentmodule", "tabularcolumns", "raw"),
        *("sectionauthor", "codeauthor", "moduleauthor", "testcleanup", "highlightlang", "class"),
        *("program", "header", "footer", "restructuredtext-test-directive", "target-notes"),
        *("automodule", "autoclass", "autofunction", "automethod", "autosummary", "default-domain"),
    )
)
_NOTES = frozenset(
    (
        *("note", "warning", "attention", "caution", "danger", "error", "hint", "important", "tip"),
        *("seealso", "todo", "versionadded", "versionchanged", "deprecated", "versionremoved"),
    )
)
_PHRASES = {
    "seealso": "See also",
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_PLAIN = frozenset(
    ("only", "ifconfig", "container", "compound", "highlights", "epigraph", "glossary")
)
_NAMED = frozenset(("rubric", "topic", "sidebar", "admonition", "figure-caption", "table"))


def without_options(block: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return a directive's options, which stand before its content, and the content."""
    options: dict[str, str] = {}
    start = 0
    for line in block:
        if not _OPTION.fullmatch(line) and not (options and line.startswith(" ")):
            break
        if line.startswith(":"):
            name, _, value = line[1:].partition(":")
            options[name] = value.strip()
        start += 1
    return options, block[start:]


def introduced(name: str, argument: str, content: list[str]) -> list[str]:
    """Return the lines of a directive with content: its kind or argument, then the content."""
    if name in _PLAIN:
        return content
    if name in _NOTES:
        phrase = _PHRASES.get(name, name.capitalize())
        is_version = "ersion" in phrase
        version, _, rest = argument.partition(" ") if is_version else ("", "", argument)
        head = f"{phrase} {version}".rstrip()
        first = [*([rest] if rest else []), *content]
        while first and not first[0]:
            first.pop(0)
        if first and _WORDS.match(first[0]):
            return [f"{head}: {first[0]}", *first[1:]]
        return [f"{head}:", "", *first] if first else [f"{head}."]
    if name in _NAMED:
        return [f"**{argument}**" if argument else "", "", *content]
    return [argument, "", *content]
