"""The units of documents: where a chunk may begin, each unit's weight, and the rank of its break.

Found for many documents at once, laid end to end: one pass of numpy over a million characters
instead of a hundred small ones for each document.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from semantic_assets.text.headings import NO_HEADING, level_at
from semantic_assets.text.kinds import TextKind
from semantic_assets.text.tokens import character_codes, token_weights

Places = npt.NDArray[np.int64]
_Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint32]

_SENTENCE = re.compile(r"[.!?][\"')\]]*\s+|[\u3002\uff01\uff1f]|\n")
_WORD = re.compile(r"\s+")
_BLANKS = re.compile(r"[ \t]*")
#: Blanks at the start of a line that are skipped in bulk.
_INDENTATION = 16

#: A paragraph is known by its first characters, hashed with fixed odd multipliers.
_HASHED_CHARS = 24
_MULTIPLIERS = np.asarray(
    [pow(0x9E3779B97F4A7C15, i + 1, 1 << 64) | 1 for i in range(_HASHED_CHARS)], dtype=np.uint64
)
_MIX = np.uint64(0xD6E8FEB86659FD93)
#: Separates documents, so that no paragraph's hash includes the next document's text.
_GAP = "\0" * _HASHED_CHARS


@dataclass(frozen=True, slots=True)
class Units:
    """Units of several documents; places count from the start of the first document.

    The units of document d are `starts[edges[d]:edges[d + 1]]`, none if the document fits in one
    chunk.
    """

    #: Start and end of each document.
    firsts: list[int]
    lasts: list[int]
    #: Weight, in hundredths of a token, of the text before each place.
    cumulative: Places
    starts: Places
    ranks: Places
    edges: Places


def find_units(texts: Sequence[str], max_tokens: int, kinds: Sequence[TextKind]) -> Units:
    firsts = list(accumulate((len(text) + len(_GAP) for text in texts), initial=0))[:-1]
    lasts = [first + len(text) for first, text in zip(firsts, texts, strict=True)]
    joined = _GAP.join([*texts, ""])
    codes = character_codes(joined)
    cumulative = np.zeros(len(codes) + 1, dtype=np.int64)
    np.cumsum(token_weights(codes), out=cumulative[1:])
    is_heavy = cumulative[lasts] - cumulative[firsts] > max_tokens * 100
    starts, of_document = _paragraphs(joined, codes, np.asarray(firsts), np.asarray(lasts))
    starts = starts[is_heavy[of_document]]
    starts = _with_oversized_split(joined, starts, np.asarray(lasts), cumulative, max_tokens)
    of_document = np.searchsorted(firsts, starts, side="right") - 1
    is_markup = np.asarray([kind is TextKind.MARKUP for kind in kinds])
    return Units(
        firsts=firsts,
        lasts=lasts,
        cumulative=cumulative,
        starts=starts,
        ranks=_ranks(
            joined, codes, starts, np.asarray(firsts)[of_document], is_markup[of_document]
        ),
        edges=np.searchsorted(of_document, np.arange(len(texts) + 1)),
    )


def _paragraphs(text: str, codes: _Codes, firsts: Places, lasts: Places) -> tuple[Places, Places]:
    """Return the starts of paragraphs and their documents; a document begins with a paragraph."""
    starts = np.sort(np.concatenate((firsts, _break_ends(text, codes))))
    of_document = np.searchsorted(firsts, starts, side="right") - 1
    is_inside = (starts < lasts[of_document]) | (starts == firsts[of_document])
    return starts[is_inside], of_document[is_inside]


def _break_ends(text: str, codes: _Codes) -> Places:
    """Return the place behind each run of two or more line ends with only blanks between."""
    line_ends = np.flatnonzero(codes == ord("\n"))
    behind = _past_blanks(text, codes, line_ends + 1)
    is_blank_line = behind[:-1] == line_ends[1:]
    follows = np.concatenate(([False], is_blank_line)) if len(line_ends) else is_blank_line
    goes_on = np.concatenate((is_blank_line, [False])) if len(line_ends) else is_blank_line
    return behind[follows & ~goes_on]


def _past_blanks(text: str, codes: _Codes, places: Places) -> Places:
    """Move each place forward to the first character that is neither a space nor a tab."""
    left = np.arange(len(places))
    for _ in range(_INDENTATION):
        here = codes[places[left]]
        left = left[(here == ord(" ")) | (here == ord("\t"))]
        places[left] += 1
    for index in left.tolist():
        found = _BLANKS.match(text, int(places[index]))
        assert found is not None
        places[index] = found.end()
    return places


def _with_oversized_split(
    text: str, starts: Places, lasts: Places, cumulative: Places, max_tokens: int
) -> Places:
    """Split units over the limit at sentences, then at words, or else into equal runs."""
    if not len(starts):
        return starts
    document_ends = lasts[np.searchsorted(lasts, starts, side="right")]
    ends = np.minimum(np.append(starts[1:], lasts[-1]), document_ends)
    heavy = np.flatnonzero(cumulative[ends] - cumulative[starts] > max_tokens * 100)
    added: list[int] = []
    for start, end in zip(starts[heavy].tolist(), ends[heavy].tolist(), strict=True):
        pieces = [start]
        for pattern in (_SENTENCE, _WORD, None):
            pieces = _split(text, pieces, end, cumulative, max_tokens, pattern)
        added += pieces[1:]
    return np.sort(np.concatenate((starts, np.asarray(added, dtype=np.int64))))


def _split(
    text: str,
    starts: list[int],
    last: int,
    cumulative: Places,
    max_tokens: int,
    pattern: re.Pattern[str] | None,
) -> list[int]:
    edges = [*starts, last]
    heavy = np.flatnonzero(np.diff(cumulative[edges]) > max_tokens * 100)
    added: list[int] = []
    for index in heavy:
        start, end = edges[index], edges[index + 1]
        if pattern is None:
            added.extend(range(start + max_tokens // 2, end, max_tokens // 2))
        else:
            ends = (match.end() for match in pattern.finditer(text, start, end))
            added.extend(position for position in ends if start < position < end)
    return sorted([*starts, *added]) if added else starts


def _ranks(
    text: str, codes: _Codes, starts: Places, firsts: Places, is_markup: npt.NDArray[np.bool_]
) -> Places:
    """Rank breaks, lowest first: headings by level, then paragraphs by a hash of their start."""
    hashes = np.zeros(len(starts), dtype=np.uint64)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        hashes += codes[starts + offset].astype(np.uint64) * multiplier
    hashes = (hashes * _MIX) >> np.uint64(32)
    levels = np.full(len(starts), NO_HEADING, dtype=np.int64)
    for index in np.flatnonzero((codes[starts] == ord("#")) & is_markup).tolist():
        levels[index] = level_at(text, int(starts[index]), int(firsts[index]))
    ranks: Places = levels << 32 | hashes.astype(np.int64)
    return ranks
