"""Paragraphs, and which breaks between them are none for a reader.

None is inside a sentence that goes on, or behind a short line: it goes with what follows. Told for
many documents at once by numpy, from the characters on both sides of each break.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from semantic_assets.text.tokens import Codes, Places

_Marks = npt.NDArray[np.bool_]

_BLANKS = re.compile(r"[ \t\f]*")
#: Blanks at the start of a line that are skipped in bulk.
_INDENTATION = 16
#: A line that is longer is a paragraph without a full stop.
_SHORT_LINE = 80
#: An underlined heading of plain text: its name, perhaps a line above it, and the underline.
_UNDERLINED_LINES, _UNDERLINED_CHARS = 2, 200
_UNDERLINES = '=-~^*#+_"'
_BULLETS = "-*+>|`\u2022\u25e6\u25aa\u2023\u00b7"
_ENDS = (
    ".!?\u2026\u2048\u2049\u3002\uff01\uff1f\uff61\uff0e\u0964\u0965\u06d4\u061f\u0589\u1362\u1367"
    "\u1368\u0f0d\u0f0e\u104a\u104b\u17d4\u17d5\u1803\u1809"
)
#: Ends of a line of code.
_ENDS_OF_CODE = ";}"
_CLOSERS = "\"')]}*_`\u2019\u201d\u00bb\u203a\u300d\u300f\u3011\uff09"
_SPACES = " \t\n\r\f\v\u00a0\u2028\u2029\u3000"
_CODES = 0x10000


class Lines(NamedTuple):
    """Where the lines of a text end, and its breaks: runs of two or more line ends, with blanks."""

    ends: Places
    #: First and last line end of each break, as indices into `ends`, and the place behind it.
    first: Places
    last: Places
    behind: Places


class Paragraphs(NamedTuple):
    """Paragraphs of several documents."""

    starts: Places
    #: The start of each one's document.
    firsts: Places
    #: Index of the line end that the break before a paragraph begins with.
    above: Places
    #: Index of the first line end that is not before a paragraph.
    line: Places


def lines_of(text: str, codes: Codes) -> Lines:
    """Return the ends of lines, and each run of two or more with only blanks between."""
    ends = np.flatnonzero(codes == ord("\n"))
    behind = _past_blanks(text, codes, ends + 1)
    is_blank_line = behind[:-1] == ends[1:]
    none = np.zeros(min(len(ends), 1), dtype=np.bool_)
    follows, goes_on = np.concatenate((none, is_blank_line)), np.concatenate((is_blank_line, none))
    last = np.flatnonzero(follows & ~goes_on)
    return Lines(ends, np.flatnonzero(goes_on & ~follows), last, behind[last])


def _past_blanks(text: str, codes: Codes, places: Places) -> Places:
    """Move each place forward to the first character that is neither a space nor a tab."""
    left = np.flatnonzero(_is_blank(codes[places]))
    for _ in range(_INDENTATION):
        if not len(left):
            return places
        places[left] += 1
        left = left[_is_blank(codes[places[left]])]
    for index in left.tolist():
        found = _BLANKS.match(text, int(places[index]))
        assert found is not None
        places[index] = found.end()
    return places


def _is_blank(codes: Codes) -> _Marks:
    return np.asarray((codes == ord(" ")) | (codes == ord("\t")) | (codes == ord("\f")))


def paragraphs_of(lines: Lines, firsts: Places, lasts: Places, is_wanted: _Marks) -> Paragraphs:
    """Return the paragraphs of the wanted documents; each document begins with one."""
    # A paragraph goes before the first document that begins behind it.
    at = np.searchsorted(lines.behind, firsts)
    starts = np.insert(lines.behind, at, firsts)
    line = np.searchsorted(lines.ends, firsts)
    above, line = np.insert(lines.first, at, line), np.insert(lines.last + 1, at, line)
    of_document = np.repeat(
        np.arange(len(firsts)), np.diff(np.append(at + np.arange(len(at)), len(starts)))
    )
    its_first = firsts[of_document]
    is_inside = (starts < lasts[of_document]) | (starts == its_first)
    is_inside &= is_wanted[of_document]
    return Paragraphs(starts[is_inside], its_first[is_inside], above[is_inside], line[is_inside])


def joined(text: str, codes: Codes, lines: Lines, units: Paragraphs) -> _Marks:
    """Return which units go with the one before them: behind a short line, or inside a sentence."""
    starts, firsts, _, line = units
    if not len(lines.behind):
        return np.zeros(len(starts), dtype=np.bool_)
    previous = _shifted(starts)
    before, line_before = _last_before(text, codes, lines, units, previous)
    line_starts = np.concatenate((np.zeros(1, dtype=np.int64), lines.ends + 1))
    end, start = _kinds_at(codes, before), _kinds_at(codes, starts)
    is_end = end & _END != 0
    closed = np.flatnonzero(end & _CLOSER)
    is_end[closed] |= _kinds_at(codes, np.maximum(before[closed] - 1, 0)) & _SENTENCE_END != 0
    lines_inside = line_before - _shifted(line)
    leads = (lines_inside == 0) & ~is_end & (before - previous < _SHORT_LINE)
    leads &= ~_shifted((start & _BULLET != 0) & _is_blank(codes[starts + 1]))
    rows = np.flatnonzero((end & _UNDERLINE != 0) & (lines_inside <= _UNDERLINED_LINES))
    leads[rows] |= _is_row_of_one_sign(codes, previous[rows], before[rows])
    indents = starts - np.maximum(line_starts[line], firsts)
    leads &= _shifted(indents) <= indents
    goes_on = (end & _GOES_ON != 0) & (start & _SMALL != 0)
    some = np.flatnonzero(goes_on)
    last_lines = np.maximum(line_starts[line_before[some]], firsts[some])
    goes_on[some] = _past_blanks(text, codes, last_lines.copy()) - last_lines == indents[some]
    return np.asarray((leads | goes_on) & (starts > firsts))


def _shifted(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the value of the unit before each one."""
    return np.concatenate((values[:1], values[:-1]))


def _last_before(
    text: str, codes: Codes, lines: Lines, units: Paragraphs, previous: Places
) -> tuple[Places, Places]:
    """Return the last character before each unit that is no white space, and its line.

    A line is known by the index of its end.
    """
    line = np.minimum(units.above, len(lines.ends) - 1)
    begun = np.maximum(lines.ends[line] - 1, previous)
    before = begun.copy()
    left = np.arange(len(before))
    for _ in range(_INDENTATION):
        left = left[
            (_kinds_at(codes, before[left]) & _SPACE != 0) & (before[left] > previous[left])
        ]
        if not len(left):
            break
        before[left] -= 1
    is_within = units.starts > units.firsts
    far = np.flatnonzero((units.starts - 1 - before >= _INDENTATION) & is_within)
    for index in far.tolist():
        begin = int(previous[index])
        before[index] = begin + max(len(text[begin : int(units.starts[index])].rstrip()) - 1, 0)
    moved = np.flatnonzero(before != begun)
    line[moved] = np.searchsorted(lines.ends, before[moved])
    return before, line


def _is_row_of_one_sign(codes: Codes, starts: Places, ends: Places) -> _Marks:
    last = codes[ends]
    is_row = (last == codes[np.maximum(ends - 1, 0)]) & (last == codes[np.maximum(ends - 2, 0)])
    return np.asarray(is_row & (ends - starts < _UNDERLINED_CHARS))


#: What a character may be, as bits.
_END, _CLOSER, _UNDERLINE, _GOES_ON, _SENTENCE_END, _SPACE, _SMALL, _BULLET = (
    1 << bit for bit in range(8)
)


@lru_cache(maxsize=1)
def _kinds() -> npt.NDArray[np.uint8]:
    kinds = np.zeros(_CODES, dtype=np.uint8)
    for bit, characters in (
        (_END, _ENDS + _ENDS_OF_CODE),
        (_CLOSER, _CLOSERS),
        (_UNDERLINE, _UNDERLINES),
        (_GOES_ON, ","),
        (_SENTENCE_END, _ENDS),
        (_SPACE, _SPACES),
        (_BULLET, _BULLETS),
    ):
        kinds[[ord(character) for character in characters]] |= bit
    kinds[[code for code in range(_CODES) if chr(code).isalpha()]] |= _GOES_ON
    kinds[[code for code in range(_CODES) if chr(code).islower()]] |= _SMALL
    return kinds


def _kinds_at(codes: Codes, places: Places) -> npt.NDArray[np.uint8]:
    kinds: npt.NDArray[np.uint8] = _kinds().take(codes[places], mode="clip")
    return kinds
