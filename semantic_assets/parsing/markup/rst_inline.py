"""The marks within a paragraph of reStructuredText: roles, links, literals and substitutions."""

import re
from collections.abc import Mapping

#: One pattern, so that nothing inside a literal is taken for another mark.
_MARK = re.compile(
    r"``(?=[^`\s])(?P<literal>[^`]{1,2000}|[\s\S]{1,300}?)``(?!`)"
    r"|(?::(?P<role>[a-zA-Z][\w.+-]{0,30}(?::[\w.+-]{1,30})?):)?`(?P<text>[^`]{1,2000})`(?P<link>__?)?"
    r"|\|(?P<name>\w[^|\n]{0,100})\|_{0,2}"
    r"|\\(?P<escaped>[ \n])"
    r"|(?<![\w`])(?P<reference>[A-Za-z0-9]++(?:[_.:+-][A-Za-z0-9]++){0,6}+)__?(?!\w)"
    r"|(?P<note>\[[^\[\]\n]{1,60}\])_(?!\w)"
    r"|_`(?P<target>[^`]{1,200})`"
)
_TARGET = re.compile(r"(.{0,2000}?)\s{0,9}<[^<>]{0,2000}>", re.DOTALL)
_SYNTAX = re.compile(r"^[!~.]+")
_NUMBERED = {"pep": "PEP ", "rfc": "RFC ", "pep-reference": "PEP ", "rfc-reference": "RFC "}
_RAISED = {"sup": "^", "superscript": "^", "sub": "_", "subscript": "_"}
_CODE_ROLES = frozenset(("code", "samp", "command", "file", "option", "envvar", "kbd", "literal"))


def inline(text: str, names: Mapping[str, str]) -> str:
    """Return a paragraph without the marks that are no text; `names` are its substitutions."""
    return _MARK.sub(lambda found: _replaced(found, names), text)


def substitution(directive: str, argument: str, name: str) -> str:
    """Return what a substitution stands for, if that can be told from its first line."""
    return argument.strip() if directive == "replace" else "" if directive == "image" else name


def _replaced(found: re.Match[str], names: Mapping[str, str]) -> str:
    if found["literal"] is not None:
        ticks = "``" if "`" in found["literal"] else "`"
        return f"{ticks}{found['literal']}{ticks}"
    if found["text"] is not None:
        return _role(found["role"], found["text"])
    if found["name"] is not None:
        return names.get(found["name"], found[0])
    if found["reference"] is not None:
        return found["reference"]
    return found["target"] or found["note"] or ""


def _role(role: str | None, text: str) -> str:
    name = (role or "").rsplit(":", 1)[-1]
    if name in ("math", "eq"):
        return f"${text}$"
    if name in _RAISED:
        return f"{_RAISED[name]}{text}" if len(text) == 1 else f"{_RAISED[name]}({text})"
    if name in _CODE_ROLES:
        return f"`{text}`"
    titled = _TARGET.fullmatch(text)
    shown = titled[1] if titled and titled[1] else text.strip("<>")
    if name in _NUMBERED:
        return shown if titled else _NUMBERED[name] + shown
    if not name or titled:
        return shown
    last = shown.rsplit(".", 1)[-1] if shown.startswith("~") else shown
    return _SYNTAX.sub("", last)
