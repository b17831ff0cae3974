"""Texts that cost a splitter, a counter, a reader of patterns or a terminal more than their length."""

import base64
import random

from tests.interfaces.nasty import NASTY

_MB = 1 << 20


def _blob(size: int) -> str:
    return base64.b64encode(random.Random(0).randbytes(size)).decode()


#: By name; each is the text of one document.
TEXTS: dict[str, str] = {
    "nasty": NASTY.replace("\0", ""),
    "one word of a megabyte": "x" * _MB,
    "line ends": "a" + "\n" * _MB + "b",
    "spaces": "a" + " " * _MB + "b",
    "fences": "```\n" * 200_000 + "a",
    "headings": "#" * _MB + " a",
    "nested quotes": ">" * 500_000 + " a\n" * 50_000,
    "nested lists": "\n".join(" " * min(n, 400) + "- a" for n in range(5_000)),
    "brackets": "[" * 300_000 + "a" + "]" * 300_000,
    "emphasis": "*a" * 300_000,
    "links": "[a](" * 200_000,
    "table": "|a" * 300_000 + "\n" + "|-" * 300_000,
    "full stops": ". " * 500_000,
    "combining marks": "e" + "\u0301" * 400_000,
    "hangul jamo": "\u1100\u1161\u11a8" * 150_000,
    "ligatures that grow": "\ufdfa" * 100_000,
    "emoji families": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40_000,
    "right to left": ("\u202e" + "abc " + "\u202c") * 100_000,
    "tags": "a" + "\U000e0041" * 100_000,
    "zero widths": "a\u200bb" * 150_000,
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf" * 50_000,
    "escape sequences": "\x1b[2J\x1b]52;c;cm0gLXJm\x07" * 40_000 + "a",
    "base64": _blob(700_000),
    "unassigned": "".join(map(chr, range(0x30000, 0x3F000))) + "a",
}
