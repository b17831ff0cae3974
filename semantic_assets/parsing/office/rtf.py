"""RTF: its text with headings, tables, list items and notes, but no pictures, headers and footers.

What is hidden or deleted in tracked changes is left out.
"""

import re
from dataclasses import dataclass, replace

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.rtf_text import Text
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,40})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])"
    rb"|([^\\{}\r\n]{1,10000})"
)
_SIGNS = {
    **{"tab": " ", "line": "\n", "emdash": "\u2014", "endash": "\u2013", "lquote": "\u2018"},
    **{"rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022"},
    **{"emspace": " ", "enspace": " ", "qmspace": " ", "nestcell": "; ", "nestrow": "\n"},
}
_SYMBOLS = {b"~": "\xa0", b"_": "\N{NON-BREAKING HYPHEN}"}
#: Groups that are no part of the text; those behind \* are none either, but for the kept ones.
_LEFT_OUT = frozenset(
    (
        *("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "headerl"),
        *("headerr", "headerf", "footer", "footerl", "footerr", "footerf", "listtable", "revtbl"),
        *("listoverridetable", "rsidtbl", "generator", "xmlnstbl", "themedata", "fldinst"),
        *("bkmkstart", "bkmkend", "datafield", "filetbl", "pnseclvl", "nonshppict", "tc", "xe"),
        *("ftnsep", "ftnsepc", "aftnsep", "aftnsepc", "shprslt", "sp", "nonesttables"),
    )
)
_KEPT = frozenset(("shpinst", "shptxt", "annotation", "nesttableprops", "moMath"))
#: Groups whose text goes to a place of its own.
_ASIDE = frozenset(("footnote", "annotation", "shptxt", "listtext", "pntext", "title", "author"))
_CHARSETS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "cp950"},
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257"},
    **{204: "cp1251", 222: "cp874", 238: "cp1250"},
}
_CODEPAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_MAX_DEPTH = 10_000
_MAX_SKIPPED = 8
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _State:
    """What holds until its group ends."""

    encoding: str = "cp1252"
    fallbacks: int = 1
    is_left_out: bool = False
    is_hidden: bool = False
    is_raised: bool = False
    #: The table that this group is in: of fonts or of styles.
    table: str = ""
    aside: str = ""


def read_rtf(data: bytes) -> ReadDocument:
    """Return the text of a file, titled by its properties."""
    reader = _Reader(data.lstrip())
    reader.read()
    text = reader.text.whole()
    notes = [f"[^{number}]: {note}" for number, note in enumerate(reader.notes, 1)]
    title, author = reader.properties.get("title"), reader.properties.get("author")
    whole = "\n\n".join(filter(None, [text, *reader.aside, *notes]))
    return ReadDocument(whole, title or None, {"author": author} if author else None)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._state = data, _State()
        self._stack: list[tuple[_State, Text]] = []
        self._raw = bytearray()
        self._skipped = 0
        self._is_optional = False
        self._encoding = "cp1252"
        self._font = self._style = 0
        self._fonts: dict[int, str] = {}
        self._levels: dict[int, int] = {}
        self.text = Text()
        self.notes: list[str] = []
        self.aside: list[str] = []
        self.properties: dict[str, str] = {}

    def read(self) -> None:
        place, size = 0, len(self._data)
        while place < size:
            token = _TOKEN.match(self._data, place)
            if token is None:
                place += 1  # a line end, which means nothing
                continue
            place = token.end()
            word, number, byte, symbol, brace, plain = token.groups()
            if word:
                place += self._word(word.decode(), int(number) if number else None)
            elif byte:
                self._bytes(bytes.fromhex(byte.decode()))
            elif symbol:
                self._symbol(symbol)
            elif brace:
                self._open() if brace == b"{" else self._close()
            else:
                self._bytes(plain)
        while self._stack:
            self._close()
        self._flush()

    def _open(self) -> None:
        self._flush()
        if len(self._stack) >= _MAX_DEPTH:
            raise Unreadable("its groups are nested too deeply: save it in another format")
        self._stack.append((self._state, self.text))
        self._skipped, self._is_optional = 0, False

    def _close(self) -> None:
        self._flush()
        self._skipped, self._is_optional = 0, False
        if not self._stack:
            return
        ended, inner = self._state, self.text
        self._state, self.text = self._stack.pop()
        if ended.aside != self._state.aside and inner is not self.text:
            self._put_aside(ended.aside, inner.whole())

    def _put_aside(self, kind: str, text: str) -> None:
        line = marks.one_line(text)
        if kind in ("title", "author"):
            self.properties[kind] = line
        elif kind in ("listtext", "pntext"):
            self.text.label = line or "-"
        elif kind == "footnote" and line:
            self.notes.append(line)
            self.text.write(f"[^{len(self.notes)}]")
        elif line:
            self.aside.append(f"> Comment: {line}" if kind == "annotation" else text)

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._is_optional = True
        elif symbol in b"\r\n":
            self._end_paragraph()
        elif symbol in _SYMBOLS:
            self._write(_SYMBOLS[symbol])
        elif symbol in b"\\{}":
            self._bytes(symbol)

    def _bytes(self, data: bytes) -> None:
        """Hold bytes until they can be decoded: a character may be two, written differently."""
        skipped = min(self._skipped, len(data))
        self._skipped -= skipped
        self._raw += data[skipped:]
        self._is_optional = False

    def _flush(self) -> None:
        if self._raw:
            text = self._raw.decode(self._state.encoding, "replace")
            self._raw.clear()
            self._write(text)

    def _write(self, text: str) -> None:
        state = self._state
        self._flush()
        if not (state.is_left_out or state.is_hidden):
            is_power = state.is_raised and text.strip().isdecimal() and not state.aside
            self.text.write(f"^{text.strip()}" if is_power else text)

    def _word(self, word: str, number: int | None) -> int:
        """Take a control word; return how many bytes of binary data follow it."""
        self._flush()
        if self._is_optional or word in _LEFT_OUT or word in _ASIDE:
            self._destination(word)
        if word == "bin":
            return max(number or 0, 0)
        if word == "u" and number is not None:
            self._write(chr(number & 0xFFFF))
            self._skipped = min(self._state.fallbacks, _MAX_SKIPPED)
        elif word in _SIGNS:
            self._write(_SIGNS[word])
        elif not self._state.is_left_out:
            self._layout(word, number)
        self._formatting(word, number)
        return 0

    def _destination(self, word: str) -> None:
        is_optional, self._is_optional = self._is_optional, False
        is_left_out = word in _LEFT_OUT or (is_optional and word not in _KEPT)
        table = word if word in ("fonttbl", "stylesheet") else self._state.table
        in_info = word in ("title", "author")
        if word in _ASIDE and self._stack and (in_info or not self._state.is_left_out):
            self.text = Text()
            self._state = replace(self._state, aside=f"{word}", is_left_out=False)
        elif is_left_out:
            self._state = replace(self._state, is_left_out=True, table=table)

    def _layout(self, word: str, number: int | None) -> None:
        text = self.text
        if word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word == "pard":
            text.reset()
        elif word == "intbl":
            text.is_in_table = True
        elif word == "cell":
            text.end_cell()
        elif word == "row":
            text.end_row()
        elif word == "outlinelevel":
            text.level = number if number in range(_LEVELS) else None
        elif word == "s":
            text.level = self._levels.get(number or 0)
        elif word == "ls":
            text.is_item = bool(number)
        elif word == "ilvl":
            text.indent = min(max(number or 0, 0), 8)

    def _end_paragraph(self) -> None:
        self._flush()
        if not self._state.is_left_out:
            self.text.end_paragraph()

    def _formatting(self, word: str, number: int | None) -> None:
        state = self._state
        if word in ("v", "deleted"):
            self._state = replace(state, is_hidden=number != 0)
        elif word in ("super", "nosupersub"):
            self._state = replace(state, is_raised=word == "super" and number != 0)
        elif word == "plain":
            self._state = replace(state, is_hidden=False, is_raised=False)
        elif word == "uc" and number is not None:
            self._state = replace(state, fallbacks=min(max(number, 0), _MAX_SKIPPED))
        else:
            self._encode(word, number)

    def _encode(self, word: str, number: int | None) -> None:
        """Take a control word that says in which encoding bytes are."""
        state = self._state
        if word == "ansicpg" and number:
            self._encoding = _known(f"cp{number}" if number != 65001 else "utf-8")
            self._state = replace(state, encoding=self._encoding)
        elif word in _CODEPAGES:
            self._encoding = _CODEPAGES[word]
            self._state = replace(state, encoding=self._encoding)
        elif state.table:
            self._define(word, number or 0)
        elif word == "f":
            self._state = replace(state, encoding=self._fonts.get(number or 0, self._encoding))

    def _define(self, word: str, number: int) -> None:
        """Take a control word in a table of fonts or of styles."""
        if self._state.table == "stylesheet":
            if word == "s":
                self._style = number
            elif word == "outlinelevel" and 0 <= number < _LEVELS:
                self._levels[self._style] = number
        elif word == "f":
            self._font = number
        elif word == "fcharset" and number in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[number]


def _known(encoding: str) -> str:
    try:
        b"".decode(encoding)
    except LookupError:
        return "cp1252"
    return encoding
