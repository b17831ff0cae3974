"""Paragraphs, and which breaks between them are none for a reader.

None is inside a sentence that goes on, or behind a short line: it goes with what follows. Told for
many documents at once by numpy, from the characters on both sides of each break.
"""

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from semantic_assets.text.tokens import Codes

Places = npt.NDArray[np.int64]
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


def break_ends(text: str, codes: Codes, line_ends: Places) -> Places:
    """Return the place behind each run of two or more line ends with only blanks between."""
    behind = past_blanks(text, codes, line_ends + 1)
    is_blank_line = behind[:-1] == line_ends[1:]
    follows = np.concatenate(([False], is_blank_line)) if len(line_ends) else is_blank_line
    goes_on = np.concatenate((is_blank_line, [False])) if len(line_ends) else is_blank_line
    return behind[follows & ~goes_on]


def past_blanks(text: str, codes: Codes, places: Places) -> Places:
    """Move each place forward to the first character that is neither a space nor a tab."""
    left = np.arange(len(places))
    for _ in range(_INDENTATION):
        here = codes[places[left]]
        left = left[(here == ord(" ")) | (here == ord("\t")) | (here == ord("\f"))]
        places[left] += 1
    for index in left.tolist():
        found = _BLANKS.match(text, int(places[index]))
        assert found is not None
        places[index] = found.end()
    return places


def joined(text: str, codes: Codes, starts: Places, firsts: Places, line_ends: Places) -> _Marks:
    """Return which units go with the one before them: behind a short line, or inside a sentence.

    Args:
        firsts: the start of each unit's document.
    """
    previous = np.concatenate((starts[:1], starts[:-1]))
    before = _last_before(text, codes, starts, previous)
    is_end = _is_one(_ENDS + _ENDS_OF_CODE, codes[before])
    is_end |= _is_one(_CLOSERS, codes[before]) & _is_one(_ENDS, codes[np.maximum(before - 1, 0)])
    lines = np.searchsorted(line_ends, before) - np.searchsorted(line_ends, previous)
    indents = starts - _line_starts(starts, firsts, line_ends)
    above = np.concatenate((indents[:1], indents[:-1]))
    leads = (lines == 0) & ~is_end & (before - previous < _SHORT_LINE) & ~_is_item(codes, previous)
    leads |= (lines <= _UNDERLINED_LINES) & _is_underlined(codes, previous, before)
    goes_on = _letters().take(codes[before], mode="clip") | (codes[before] == ord(","))
    goes_on &= _small_letters().take(codes[starts], mode="clip")
    some = np.flatnonzero(goes_on)
    last_lines = _line_starts(before[some], firsts[some], line_ends)
    goes_on[some] = past_blanks(text, codes, last_lines.copy()) - last_lines == indents[some]
    leads &= above <= indents
    return np.asarray((leads | goes_on) & (starts > firsts))


def _line_starts(places: Places, firsts: Places, line_ends: Places) -> Places:
    index = np.searchsorted(line_ends, places)
    behind = np.concatenate(([0], line_ends + 1))
    return np.asarray(np.maximum(behind[index], firsts))


def _last_before(text: str, codes: Codes, starts: Places, previous: Places) -> Places:
    """Return the place of the last character before each unit that is no white space."""
    before = np.maximum(starts - 1, previous)
    left = np.arange(len(starts))
    for _ in range(_INDENTATION):
        left = left[_is_one(_SPACES, codes[before[left]]) & (before[left] > previous[left])]
        before[left] -= 1
    for index in left.tolist():
        begin = int(previous[index])
        before[index] = begin + max(len(text[begin : int(starts[index])].rstrip()) - 1, 0)
    return before


def _is_item(codes: Codes, places: Places) -> _Marks:
    behind = codes[places + 1]
    is_blank = (behind == ord(" ")) | (behind == ord("\t"))
    return np.asarray(_is_one(_BULLETS, codes[places]) & is_blank)


def _is_underlined(codes: Codes, starts: Places, ends: Places) -> _Marks:
    """Return which units are one or two lines above a row of one sign."""
    last = codes[ends]
    is_row = (last == codes[np.maximum(ends - 1, 0)]) & (last == codes[np.maximum(ends - 2, 0)])
    is_row &= ends - starts < _UNDERLINED_CHARS
    return np.asarray(is_row & _is_one(_UNDERLINES, last))


@lru_cache(maxsize=16)
def _table(characters: str) -> _Marks:
    table = np.zeros(_CODES, dtype=np.bool_)
    table[[ord(character) for character in characters]] = True
    return table


def _is_one(characters: str, codes: Codes) -> _Marks:
    marks: _Marks = _table(characters).take(codes, mode="clip")
    return marks


@lru_cache(maxsize=1)
def _letters() -> _Marks:
    return np.asarray([chr(code).isalpha() for code in range(_CODES)])


@lru_cache(maxsize=1)
def _small_letters() -> _Marks:
    return np.asarray([chr(code).islower() for code in range(_CODES)])
