"""Subtitles: what is said, as paragraphs, under a heading of the time every two minutes.

Rolling captions show each line twice or more: a line that goes on from cue to cue stands once.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.markup.marked import document, one_line, prose
from semantic_assets.parsing.records import Unreadable, normal_text
from semantic_assets.parsing.text import ReadDocument, also_said

_TIMES = re.compile(
    r"[ \t]*((?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,6})?)"
    r"(?:[ \t]*-->[ \t]*|,)((?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,6})?)(?:[ \t].*)?"
)
_SPEAKER = re.compile(r"<v(?:\.[\w.-]{1,50})?[ \t]{1,9}([^>\n]{1,100})>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|<[\d:.]{1,20}>")
_OVERRIDE = re.compile(r"\{\\[^{}\n]{0,300}\}")
_LINE_BREAK = re.compile(r"\\[Nnh]")
_HEADER = frozenset(("NOTE", "STYLE", "REGION"))
_HEADING_EVERY, _PARAGRAPH_GAP = 120, 3.0
#: Cues that follow each other so closely may be one caption that rolls.
_ROLLING_GAP = 0.2


class Cue(NamedTuple):
    """What is shown from one second to another."""

    start: float
    end: float
    lines: list[str]


def read_subtitles(data: bytes) -> ReadDocument:
    """Return the text of SubRip, WebVTT or SubViewer cues."""
    source, remark = decode(data)
    return also_said(_document(_cues(normal_text(source).split("\n"))), remark)


def read_substation(data: bytes) -> ReadDocument:
    """Return the text of the dialogue of a SubStation file (.ass, .ssa)."""
    source, remark = decode(data)
    return also_said(_document(sorted(_dialogue(normal_text(source).split("\n")))), remark)


def _document(cues: Iterable[Cue]) -> ReadDocument:
    text = "\n".join(_written(_once(cues)))
    if not text:
        raise Unreadable("no cues with times are in it: save it again as .srt or .vtt")
    return document(text, named=None, heading=None)


def _cues(lines: list[str]) -> Iterator[Cue]:
    """Yield the cues; what stands before a line of times, as a number, is no text."""
    held: list[str] = []
    times: tuple[float, float] | None = None
    for line in [*lines, ""]:
        if found := _TIMES.fullmatch(line):
            if times and held:  # no blank line between two cues: the last was a number
                yield Cue(*times, held[:-1] if held[-1].strip().isdigit() else held)
            times, held = (_seconds(found[1]), _seconds(found[2])), []
        elif line.strip():
            held.append(line)
        else:
            if times and held:
                yield Cue(*times, held)
                times = None
            held = []


def _dialogue(lines: list[str]) -> Iterator[Cue]:
    count = 10
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "Format":
            count = value.count(",") + 1
        fields = value.split(",", count - 1)
        if name.strip() == "Dialogue" and len(fields) > 3:
            text = _LINE_BREAK.sub("\n", _OVERRIDE.sub("", fields[-1]))
            yield Cue(_seconds(fields[1]), _seconds(fields[2]), text.split("\n"))


def _seconds(time: str) -> float:
    seconds = 0.0
    try:
        for part in time.strip().replace(",", ".").split(":"):
            seconds = seconds * 60 + float(part)
    except ValueError:
        return 0.0
    return seconds


def _once(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield the cues without lines that the cue before has shown, if they follow closely."""
    shown: list[str] = []
    until = -1.0
    for cue in cues:
        lines = [text for line in cue.lines if (text := _plain(line))]
        fresh = lines
        if shown and cue.start - until < _ROLLING_GAP:
            fresh = _not_shown(shown, lines)
        if fresh:
            yield Cue(cue.start, cue.end, fresh)
        shown, until = lines or shown, cue.end


def _not_shown(shown: list[str], lines: list[str]) -> list[str]:
    """Return the lines behind those with which the cue before has ended."""
    for count in range(min(len(shown), len(lines)), 0, -1):
        if shown[-count:] == lines[:count]:
            return lines[count:]
    if len(lines) == 1 and lines[0].startswith(shown[-1] + " "):
        return [lines[0][len(shown[-1]) + 1 :]]  # a line that grows word by word
    return lines


def _plain(line: str) -> str:
    text = _OVERRIDE.sub("", _TAG.sub("", _SPEAKER.sub(r"\1: ", line)))
    return one_line(html.unescape(text))


def _written(cues: Iterable[Cue]) -> Iterator[str]:
    """Yield lines: a paragraph goes on until a pause, a heading stands where two minutes are over."""
    until, headed = 0.0, -1
    for cue in cues:
        part = int(cue.start) // _HEADING_EVERY
        if part > headed:
            yield from ("", f"## {_clock(part * _HEADING_EVERY)}", "")
            headed = part
        elif cue.start - until > _PARAGRAPH_GAP:
            yield ""
        yield prose(" ".join(cue.lines))
        until = max(until, cue.end)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
