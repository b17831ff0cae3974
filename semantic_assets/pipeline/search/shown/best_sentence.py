"""The sentence of a passage that answers best, as it is shown: without markup, cut between words."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from semantic_assets.pipeline.search.question_marks import Mark, MarkedWord, QuestionMarks
from semantic_assets.pipeline.search.search_hit import Sentence
from semantic_assets.text.sentences import sentence_starts

#: Characters of a sentence that are shown.
_SHOWN = 240
_ELLIPSIS = "\u2026"
#: A blank line, or a line break before or behind a line that stands by itself.
_OWN_LINE = r"[ \t]*(?:#{1,6} |[-*+\u2022] |\d{1,3}[.)] |\||>|=+ |```|~~~)"
_BLOCK = re.compile(rf"\n[ \t]*\n\s*|\n(?={_OWN_LINE})|(?<=\|)[ \t]*\n")
_HEADING_LINE = re.compile(
    r"[ \t]*(?:#{1,6}[ \t][^\n]*|={1,6} [^\n]*)(?:\n|$)|[^\n]{1,200}\n(?:={3,}|-{3,})[ \t]*(?:\n|$)"
)
#: What markup puts before and between words.
_BEFORE = re.compile(r"^\s*(?:(?:#{1,6}|[-*+\u2022>]|\d{1,3}[.)]|={1,6})\s+|\|)+")
#: With bounds: each bracket of a passage of brackets looked for its end in the rest of it.
_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^)\s]{0,300}(?:\s{1,9}\"[^\"]{0,100}\")?\)")
_RULE = re.compile(r"^[\s|:=+*_~#`-]*$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$", re.M)
_CELLS = re.compile(r"(?:\|\s*)+")
#: A run of backticks is one sign, and signs are paired within 200 characters: a passage of 16,000
#: backticks took 28 s where each of them could begin a pair of any length.
_EMPHASIS = re.compile(
    r"(\*\*|__|(?<!`)`++|~~)(?=\S)(.{1,200}?)(?<=\S)\1"
    r"|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
#: A title or a table's head says less than a sentence with the same words.
_HEADING_SHARE = 0.5
_FEWEST_CHARACTERS = 20
#: Words of the question that are looked at in a passage.
_LOOKED_AT = 100


def best_sentence(text: str, marks: QuestionMarks) -> Sentence | None:
    """Return the sentence with the weightiest words of a question, or else the first of the text."""
    found = [*islice(marks.found(text), _LOOKED_AT)]
    span = _weightiest(text, found, marks) if found else _first(text)
    if span is None:
        return None
    shown = plain(text[slice(*span)])
    shown, cut = _cut(shown, marks.marks(shown))
    return Sentence(text=shown, start=span[0], end=span[1], marks=cut)


def sentence_spans(text: str) -> Iterator[Mark]:
    """Yield where the sentences of a text are; a heading, an item and a row of a table are sentences."""
    return (span for block in _blocks(text) for span in _of_block(text, *block))


def _blocks(text: str) -> Iterator[Mark]:
    start = 0
    for edge in _BLOCK.finditer(text):
        yield start, edge.start()
        start = edge.end()
    yield start, len(text)


def _of_block(text: str, start: int, stop: int) -> Iterator[Mark]:
    heading = _HEADING_LINE.match(text, start, stop)
    if heading:
        yield from _visible(text, start, heading.end())
        start = heading.end()
    for place in (*sentence_starts(text, start, stop), stop):
        yield from _visible(text, start, place)
        start = place


def _visible(text: str, start: int, end: int) -> Iterator[Mark]:
    """Yield a span without the white space around it, if any of it is shown."""
    piece = text[start:end]
    if not _RULE.match(piece):
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _weightiest(text: str, found: Sequence[MarkedWord], marks: QuestionMarks) -> Mark | None:
    """Return the sentence whose words weigh most; blocks that cannot have it are not divided."""
    starts = [one.start for one in found]

    def weight(span: Mark) -> float:
        inside = found[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
        return sum(marks.weights[unit] for unit in {one.unit for one in inside})

    best, most = None, 0.0
    for block in sorted(_blocks(text), key=lambda block: (-weight(block), block)):
        if weight(block) <= most:
            break
        for span in _of_block(text, *block):
            own = weight(span) * (_HEADING_SHARE if _is_heading(text, span[0]) else 1)
            if own > most:
                best, most = span, own
    return best


def _first(text: str) -> Mark | None:
    spans = [*sentence_spans(text)]
    prose = [one for one in spans if not _is_heading(text, one[0])]
    long = (one for one in prose if one[1] - one[0] >= _FEWEST_CHARACTERS)
    return next(long, next(iter(prose or spans), None))


def _is_heading(text: str, start: int) -> bool:
    return _HEADING_LINE.match(text, start) is not None


def plain(text: str) -> str:
    """Return a sentence as it is read: signs of Markdown are left out, cells of a row parted by dots."""
    text = _BEFORE.sub("", _FENCE.sub("", text))
    text = _TAG.sub("", _LINK.sub(r"\1", text))
    text = _EMPHASIS.sub(lambda found: found[2] or found[3], text)
    if "|" in text:
        text = _CELLS.sub(" \u00b7 ", text).strip(" \u00b7")
    lines = (line for line in text.split("\n") if not _RULE.match(line))
    return " ".join(" ".join(lines).split())


def _cut(text: str, marks: Sequence[Mark]) -> tuple[str, tuple[Mark, ...]]:
    """Cut a long sentence between words, to where most of its marks are."""
    if len(text) <= _SHOWN:
        return text, tuple(marks)
    start = _start(text, marks)
    end = min(len(text), start + _SHOWN)
    if end < len(text):
        end = _between_words(text, end, start + _SHOWN // 2)
    shown = text[start:end].rstrip()
    before = _ELLIPSIS if start else ""
    behind = _ELLIPSIS if end < len(text) else ""
    inside = [one for one in marks if start <= one[0] and one[1] <= start + len(shown)]
    shift = len(before) - start
    return before + shown + behind, tuple((low + shift, high + shift) for low, high in inside)


def _start(text: str, marks: Sequence[Mark]) -> int:
    """Return where to begin, so that most marks are shown, with some words before the first."""
    counts = [sum(low <= one[0] and one[1] <= low + _SHOWN for one in marks) for low, _ in marks]
    first = marks[counts.index(max(counts))][0] if marks else 0
    last = max((end for low, end in marks if low >= first and end <= first + _SHOWN), default=0)
    wanted = max(0, min(first - 40, len(text) - _SHOWN), last - _SHOWN if marks else 0)
    if wanted == 0 or first < 60:
        return 0 if last <= _SHOWN else wanted
    space = text.find(" ", wanted, first)
    return space + 1 if space >= 0 else first


def _between_words(text: str, end: int, least: int) -> int:
    space = text.rfind(" ", least, end + 1)
    return space if space >= 0 else end
