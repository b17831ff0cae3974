"""The marks within a line of AsciiDoc: macros, links, references and attributes."""

import re
from collections.abc import Mapping

_MARK = re.compile(
    r"(?<![\w\\])(?P<macro>[a-z][a-z0-9]{1,20}):(?P<target>[^\s\[\]:`][^\s\[\]`]{0,300})?+\[(?P<text>[^\]\n]{0,500})\]"
    r"|<<(?P<place>[^<>,\n]{1,200})(?:,(?P<label>[^<>\n]{1,300}))?>>"
    r"|\{(?P<name>[\w-]{1,80})\}"
    r"|\[\[(?P<anchor>[^\[\]\n]{1,200})\]\]"
    r"|\(\(\((?P<index>[^()\n]{1,200})\)\)\)"
    r"|\(\((?P<term>[^()\n]{1,200})\)\)"
    r"|(?<!\w)`\+(?P<plain>[^`\n]{1,500}?)\+`"
)
_SIGNS = {
    **{"nbsp": " ", "sp": " ", "empty": "", "zwsp": "", "plus": "+", "asterisk": "*"},
    **{"lt": "<", "gt": ">", "amp": "&", "vbar": "|", "tilde": "~", "caret": "^", "apos": "'"},
    **{"startsb": "[", "endsb": "]", "backslash": "\\", "backtick": "`", "cpp": "C++"},
    **{"litdd": "--", "two-colons": "::", "two-semicolons": ";;", "quot": '"'},
}
_LINKS = frozenset(("http", "https", "ftp", "irc", "mailto", "link", "xref"))
_KEYS = frozenset(("kbd", "btn"))


def inline(text: str, attributes: Mapping[str, str]) -> str:
    """Return a line without the marks that are no text, attributes replaced by their values."""
    return _MARK.sub(lambda found: _replaced(found, attributes), text)


def target_of(macro: str, target: str, text: str) -> str:
    """Return what a macro shows."""
    shown = _label_of(text)
    if macro in ("image", "video", "audio", "icon"):
        return shown if "=" not in shown.split(" ")[0] else ""
    if macro in ("stem", "latexmath", "asciimath"):
        return f"${text}$"
    if macro in ("footnote", "footnoteref"):
        return f" ({text})"
    if macro == "menu":
        return f"{target} > {text}" if text else target
    if macro in _KEYS or macro in ("pass", "indexterm2"):
        return text
    if macro in ("indexterm", "anchor"):
        return ""
    if macro in _LINKS:
        named = f"{macro}:{target}" if macro in ("http", "https", "ftp", "irc") else target
        return shown or named.lstrip("#")
    return f"{target}({text})" if text.isdigit() else shown or target


def _label_of(text: str) -> str:
    quoted = text.startswith('"') and text.find('"', 1)
    return text[1:quoted] if quoted and quoted > 0 else text.split(",")[0].removesuffix("^")


def _replaced(found: re.Match[str], attributes: Mapping[str, str]) -> str:
    if found["macro"] is not None:
        return target_of(found["macro"], found["target"] or "", found["text"])
    if found["place"] is not None:
        return (found["label"] or found["place"].lstrip("#")).strip()
    if found["name"] is not None:
        name = found["name"].lower()
        return _SIGNS.get(name, attributes.get(name) or found[0])
    if found["plain"] is not None:
        return f"`{found['plain']}`"
    return found["term"] or ""
