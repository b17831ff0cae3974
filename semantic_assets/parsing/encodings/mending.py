"""Text with damage, or with lines in two encodings: what can be read of it, and what was not.

A byte that stands for nothing becomes U+FFFD. More than a few of them are no damage: the text is in
an encoding that cannot be told, and refused.
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from semantic_assets.parsing.encodings.guessing import guess_encodings
from semantic_assets.parsing.records import Unreadable

_LOST = "\ufffd"
#: Of so many bytes one may be damaged where no other character tells that the rest is read right.
_SOUND = 100
#: Of so many characters beyond ASCII one may be lost.
_WHOLE = 4
_NAMED_LINES = 5
_NO_LETTER = re.compile(r"[\x80-\x84\x86-\x9f]")
_HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
#: Encodings in which a character of two bytes may pass for UTF-8.
_OF_PAIRS = frozenset(("gb18030", "big5", "cp949", "euc_kr", "cp932", "euc_jp"))
_SAMPLE_BYTES = 64 << 10
#: Bytes that begin most letters of UTF-8 beyond ASCII, and as letters of a page end no word.
_FIRST_HALVES = b"\xc3\xc4\xc5\xd0\xd1"


class Decoded(NamedTuple):
    """A text, and what of its bytes could not be read."""

    text: str
    remark: str | None = None


class _Lines(NamedTuple):
    """The numbers of lines beyond ASCII: in UTF-8 (with stray damage or without), and in another."""

    utf8: list[int]
    other: list[int]


def mended(data: bytes, encoding: str) -> Decoded | None:
    """Return text in a known encoding with its damage marked; None if too much is lost."""
    try:
        text = data.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return None
    lost = text.count(_LOST) - _kept_marks(data, encoding)
    if lost * _WHOLE > _foreign(text) and lost * _SOUND > len(text):
        return None
    return Decoded(text, _loss(text, lost)) if lost > 0 else Decoded(text)


def with_marks(text: str) -> Decoded:
    """Mark the control characters that a page has where it has no letter."""
    text, lost = _NO_LETTER.subn(_LOST, text)
    return Decoded(text, _loss(text, lost)) if lost else Decoded(text)


def with_whole_characters(data: bytes) -> bytes:
    """Join characters of which each half was written in UTF-8, as some databases do."""
    if not _HALVES.search(data):
        return data
    joined = _HALVES.sub(_joined, data)
    try:
        joined.decode()
    except UnicodeDecodeError:
        return data
    return joined


def _joined(found: re.Match[bytes]) -> bytes:
    halves = found[0].decode("utf-8", "surrogatepass")
    return halves.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def is_mixed(data: bytes) -> bool:
    """Return whether some lines are in UTF-8 and others in another encoding."""
    lines = _told_apart(data.splitlines())
    return bool(lines.utf8 and lines.other)


def decode_mixed(data: bytes, declared: str | None) -> Decoded | None:
    """Return text whose lines are in two encodings, one of them UTF-8; None if it is not so.

    Raises:
        Unreadable: the other encoding cannot be told.
    """
    parts = data.splitlines(keepends=True)
    lines = _told_apart(parts)
    if not lines.utf8 or not lines.other:
        return None
    names = _names_of([parts[number] for number in lines.other], declared)
    if names and names[0] in _OF_PAIRS and _are_pairs(parts[number] for number in lines.utf8):
        return None
    if not names:
        return _marked(data, lines)
    others = frozenset(lines.other)
    texts = [
        part.decode(names[0] if number in others else "utf-8", "replace")
        for number, part in enumerate(parts)
    ]
    where = _numbers([number + 1 for number in lines.other])
    remark = f"{where} in {names[0]} and not in UTF-8 as the rest: save all of it as UTF-8"
    text = "".join(texts)
    lost = text.count(_LOST) - _kept_marks(data, "utf-8")
    return Decoded(text, f"{_loss(text, lost)}; {remark}" if lost > 0 else remark)


def damaged_encoding(data: bytes) -> str | None:
    """Return the legacy encoding of text of which stray bytes do not decode; None: none fits."""
    sample = data[:_SAMPLE_BYTES]
    for name in ("cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1252", "cp1251", "cp1250"):
        text = sample.decode(name, "replace")
        lost = text.count(_LOST)
        if 0 < lost * 20 <= _foreign(text) and name in guess_encodings(
            text.replace(_LOST, "").encode(name, "ignore")
        ):
            return name
    return None


def _told_apart(lines: list[bytes]) -> _Lines:
    told = _Lines([], [])
    for number, line in enumerate(lines):
        if not line.isascii():
            is_cut = number == len(lines) - 1 and line[-1] in _FIRST_HALVES
            (told.utf8 if is_cut or _is_utf8(line) else told.other).append(number)
    if len(told.utf8) * 20 < len(told.other):  # a line of another encoding may pass for UTF-8
        return _Lines([], told.other)
    return told


def _is_utf8(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    lost = text.count(_LOST) - _kept_marks(line, "utf-8")
    return lost * 3 <= _foreign(text)


def _foreign(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _names_of(lines: list[bytes], declared: str | None) -> list[str]:
    joined = b"".join(lines)[:_SAMPLE_BYTES]
    names = [*([declared] if declared else []), *guess_encodings(joined)]
    return [name for name in names if _decodes(joined, name)]


def _decodes(data: bytes, name: str) -> bool:
    try:
        codecs.decode(data, name)
    except (UnicodeError, LookupError):
        return False
    return name != "utf-8"


def _are_pairs(lines: Iterator[bytes]) -> bool:
    """Return whether lines pass for UTF-8 with characters of two bytes only."""
    return all(max(line.decode("utf-8", "replace")) < "\u0800" for line in lines)


def _marked(data: bytes, lines: _Lines) -> Decoded:
    text = data.decode("utf-8", "replace")
    lost = text.count(_LOST) - _kept_marks(data, "utf-8")
    if lost * _SOUND > len(data):
        where = _numbers([number + 1 for number in lines.other])
        raise Unreadable(
            f"{where} not in UTF-8 as the rest, nor in an encoding that can be told: save it as UTF-8"
        )
    return Decoded(text, _loss(text, lost))


def _kept_marks(data: bytes, encoding: str) -> int:
    """Return how often U+FFFD was there before: an earlier conversion left it."""
    return data.count(_LOST.encode()) if encoding in ("utf-8", "utf-8-sig") else 0


def _loss(text: str, lost: int) -> str:
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _LOST in line]
    what = "1 character" if lost == 1 else f"{lost} characters"
    place = _numbers(lines, "in ").removesuffix(" is").removesuffix(" are")
    return f"{what} {place} could not be decoded, U+FFFD in the place: mend the file, or save it as UTF-8"


def _numbers(numbers: list[int], before: str = "") -> str:
    """Return `line 3 is`, or `lines 3, 4 and 12 more are`."""
    named = ", ".join(map(str, numbers[:_NAMED_LINES]))
    more = len(numbers) - _NAMED_LINES
    named += f" and {more} more" if more > 0 else ""
    return f"{before}line{'s' * (len(numbers) > 1)} {named} {'are' if len(numbers) > 1 else 'is'}"
