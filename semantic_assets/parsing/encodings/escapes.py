"""Encodings that write every character in ASCII: ISO-2022, HZ and UTF-7, told by their escapes."""

import re
from collections.abc import Iterator

from semantic_assets.parsing.records import Unreadable

_ISO_2022 = re.compile(rb"\x1b\$(?:[@AB]|[()*+][@A-D G-Q])|\x1b\([IJ]|\x1b\.[AF]")
_KOREAN, _CHINESE = b"\x1b$)C", (b"\x1b$)A", b"\x1b$)G", b"\x1b$*H", b"\x1b$)E")
_JAPANESE = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004")
_HZ = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){1,500}~\}")
#: The pairs of everyday Chinese: the signs, and the first of the two planes of characters.
_COMMON_HZ = re.compile(rb"[\x21-\x23\x30-\x57][\x21-\x7e]")
_UTF_7 = re.compile(rb"\+(?:-|[A-Za-z0-9+/]{3,}+-?)")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_EAST_ASIAN = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_FEWEST_RUNS = 2
#: One run of so many may be a whole text.
_SENTENCE = 24


def is_escaped(encoding: str) -> bool:
    """Return whether a codec writes every character in ASCII."""
    return encoding in (*_JAPANESE, "iso2022_kr", "hz", "utf-7")


def may_be_escaped(data: bytes) -> bool:
    """Return whether ASCII holds what these encodings begin their escapes with."""
    return b"\x1b" in data or b"~{" in data or b"+" in data


def escaped_encodings(data: bytes) -> Iterator[str]:
    """Yield the codecs whose escapes ASCII text holds, likeliest first.

    Raises:
        Unreadable: they are escapes that no codec here reads.
    """
    if _ISO_2022.search(data):
        if any(mark in data for mark in _CHINESE):
            raise Unreadable("it is in ISO-2022-CN, which no reader takes: save it as UTF-8")
        yield from ("iso2022_kr",) if _KOREAN in data else _JAPANESE
        raise Unreadable("it is in ISO-2022, and damaged: save it as UTF-8")
    if _is_hz(data):
        yield "hz"
    if _is_utf_7(data):
        yield "utf-7"


def _is_hz(data: bytes) -> bool:
    """Return whether the text between braces is everyday Chinese, and not code."""
    runs = [found[0][2:-2] for found in _HZ.finditer(data)]
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run), 2)]
    common = sum(_COMMON_HZ.fullmatch(pair) is not None for pair in pairs)
    return len(pairs) >= _FEWEST_RUNS and common >= 0.9 * len(pairs)


def _begins_letters(runs: list[re.Match[bytes]]) -> bool:
    return len(runs) >= _FEWEST_RUNS or (bool(runs) and len(runs[0][0]) > _SENTENCE)


def _is_utf_7(data: bytes) -> bool:
    """Return whether each + begins letters: a word behind a + may be base64 by chance."""
    runs = [found for found in _UTF_7.finditer(data) if found[0] != b"+-"]
    if not _begins_letters(runs) or len(_UTF_7.sub(b"", data).split(b"+")) > 1:
        return False
    try:
        text = data.decode("utf-7")
    except UnicodeDecodeError:
        return False
    foreign = _FOREIGN.findall(text)
    letters = sum(one.isalpha() and one < "\u0600" for one in foreign)
    is_east_asian = len(_EAST_ASIAN.findall(text)) * 2 > len("".join(text.split()))
    return bool(foreign) and (is_east_asian or letters >= 0.7 * len(foreign))
