"""Word 97 to 2003 (.doc): the characters by the piece table, without styles.

Formats are not read: headings are paragraphs, and text deleted in tracked changes cannot be told.
"""

import re
import struct
from collections.abc import Iterator

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.binary.compound import Compound
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

_SAVE_AGAIN = "save it as .docx"
_FIRST_97 = 0x00C1
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_COMPRESSED = 0x40000000
#: Code of a field up to its result; a field may have no result.
_FIELD = re.compile("\x13[^\x13\x14\x15]{0,2000}(?:\x14|(?=\x15))")
_SIGNS = str.maketrans(
    {"\x0b": "\n", "\x0c": "\r", "\x0e": "\r", "\x1e": "\N{NON-BREAKING HYPHEN}", "\x1f": None}
    | dict.fromkeys("\x00\x01\x02\x03\x04\x05\x06\x08\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d")
)
_MAX_FIELDS = 10
_MAX_COLUMNS = 64


def read_word_binary(compound: Compound) -> ReadDocument:
    """Return the text, its notes and its comments at the end; headers and footers are left out."""
    document = compound.read("WordDocument") or b""
    try:
        text, counts = _text(compound, document)
    except (struct.error, IndexError) as error:
        raise Unreadable(
            f"it is damaged as a Word file: open it in Word and {_SAVE_AGAIN}"
        ) from error
    main, notes, headers, macros, comments, ends, boxes = counts
    place = main + notes
    parts = [text[:place]]
    place += headers + macros
    parts.append(text[place : place + comments + ends + boxes])
    title, metadata = compound.title()
    blocks = [block for part in parts for block in _blocks(part)]
    return ReadDocument("\n\n".join(blocks), title, metadata)


def _text(compound: Compound, document: bytes) -> tuple[str, tuple[int, ...]]:
    """Return all characters, and how many of them belong to each part."""
    magic, version = struct.unpack_from("<HH", document, 0)
    flags = struct.unpack_from("<H", document, 0x0A)[0]
    if flags & _ENCRYPTED:
        raise Unreadable("it has a password: remove it, then put it back")
    if magic != 0xA5EC or version < _FIRST_97:
        raise Unreadable(f"it is of Word 95 or older: open it in Word and {_SAVE_AGAIN}")
    counts = struct.unpack_from("<7i", document, 0x4C)
    start, size = struct.unpack_from("<II", document, 0x01A2)
    table = compound.read("1Table" if flags & _TABLE_1 else "0Table") or b""
    return "".join(_pieces(document, table[start : start + size])), counts


def _pieces(document: bytes, clx: bytes) -> Iterator[str]:
    """Yield the pieces of text in their order, each in one of two encodings."""
    place = 0
    while clx[place] == 1:  # changes of format, which do not matter
        place += 3 + struct.unpack_from("<H", clx, place + 1)[0]
    size = struct.unpack_from("<I", clx, place + 1)[0]
    pieces = (size - 4) // 12
    ends = struct.unpack_from(f"<{pieces + 1}I", clx, place + 5)
    for number in range(pieces):
        at = place + 5 + 4 * (pieces + 1) + 8 * number
        position = struct.unpack_from("<I", clx, at + 2)[0]
        length = ends[number + 1] - ends[number]
        if position & _COMPRESSED:
            start = (position & ~_COMPRESSED) // 2
            yield document[start : start + length].decode("cp1252", "replace")
        else:
            yield document[position : position + 2 * length].decode("utf-16-le", "replace")


def _blocks(text: str) -> Iterator[str]:
    """Yield paragraphs, and the rows between them as tables: \\x07 ends a cell and a row."""
    for _ in range(_MAX_FIELDS):  # fields nest: the inner ones go first
        shorter = _FIELD.sub("", text)
        if shorter == text:
            break
        text = shorter
    rows: list[list[str]] = []
    for line in text.translate(_SIGNS).split("\r"):
        *cells, rest = line.split("\x07")
        if cells:
            rows += _rows(cells)
        if rest.strip():
            if rows:
                yield marks.table(rows)
                rows = []
            yield marks.paragraph(rest)
    if rows:
        yield marks.table(rows)


def _rows(cells: list[str]) -> list[list[str]]:
    """Return rows: each has an empty cell behind its last, and all have as many columns."""
    for width in range(1, min(len(cells), _MAX_COLUMNS)):
        step = width + 1
        is_even = len(cells) % step == 0
        if is_even and not any(cell.strip() for cell in cells[width::step]):
            return [cells[at : at + width] for at in range(0, len(cells), step)]
    return [[cell for cell in cells if cell.strip()]]
