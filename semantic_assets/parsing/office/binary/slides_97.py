"""PowerPoint 97 to 2003 (.ppt): the texts of each slide by the last saved directory of its records."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.binary.compound import Compound
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

_USER_EDIT, _DIRECTORY, _DOCUMENT = 0x0FF5, 0x1772, 0x03E8
_SLIDE_LIST, _SLIDE_PLACE, _SLIDE_ATOM = 0x0FF0, 0x03F3, 0x03EF
_TEXT_KIND, _WIDE, _NARROW = 0x0F9F, 0x0FA0, 0x0FA8
_ENCRYPTED = 0xF3D1C4DF
_TITLES = frozenset((0, 6))
_OTHER = 4
_SLIDES, _NOTES = 0, 2
_MAX_EDITS, _MAX_DEPTH = 1000, 30
_SIGNS = str.maketrans("\x0b\r", "\n\n", "\0")


class _Record(NamedTuple):
    """A record of the stream: what it is, and where its content lies."""

    kind: int
    instance: int
    start: int
    end: int
    is_container: bool


class _Text(NamedTuple):
    kind: int
    text: str


class _Place(NamedTuple):
    """A slide or a page of notes in the list of them: its record, and the texts of its outline."""

    reference: int
    number: int
    texts: list[_Text]


def read_slides_binary(compound: Compound) -> ReadDocument:
    """Return the text of all slides in their order, each under a heading and a page."""
    user = compound.read("Current User") or b""
    try:
        mark, last_edit = struct.unpack_from("<II", user, 12)
        if mark == _ENCRYPTED:
            raise Unreadable("it has a password: remove it, then put it back")
        stream = compound.read("PowerPoint Document") or b""
        texts = list(_File(stream, last_edit).slides())
    except struct.error as error:
        raise Unreadable("it is damaged: open it in PowerPoint, save it as .pptx") from error
    title, metadata = compound.title()
    return marks.join_pages(texts, title, metadata)


class _File:
    def __init__(self, stream: bytes, last_edit: int) -> None:
        self._stream = stream
        self._places, document = self._directory(last_edit)
        self._document = self._at(self._places.get(document, 0))

    def slides(self) -> Iterator[str]:
        notes = {place.number: place for place in self._listed(_NOTES)}
        for number, place in enumerate(self._listed(_SLIDES), 1):
            texts = [*place.texts, *self._drawn(place)]
            named = marks.one_line(" ".join(one.text for one in texts if one.kind in _TITLES))
            parts = [marks.heading(2, named or f"Slide {number}")]
            parts += [marks.paragraph(one.text) for one in texts if one.kind not in _TITLES]
            page = notes.get(self._notes_of(place))
            said = [*page.texts, *self._drawn(page)] if page else []
            if any(one.text.strip(" *\n") for one in said):
                whole = "\n".join(one.text for one in said if one.text.strip(" *\n"))
                parts.append(marks.paragraph(f"Notes: {whole}"))
            yield "\n\n".join(filter(None, parts))

    def _directory(self, offset: int) -> tuple[dict[int, int], int]:
        """Return where each record lies, newest first, and which is the document."""
        places: dict[int, int] = {}
        document = 0
        for _ in range(_MAX_EDITS):
            edit = self._at(offset)
            if edit.kind != _USER_EDIT:
                break
            offset, directory, found = struct.unpack_from("<III", self._stream, edit.start + 8)
            document = document or found
            for name, place in self._entries(self._at(directory)):
                places.setdefault(name, place)
            if not offset:
                break
        return places, document

    def _entries(self, record: _Record) -> Iterator[tuple[int, int]]:
        at = record.start
        while at + 4 <= record.end:
            head = struct.unpack_from("<I", self._stream, at)[0]
            first, count = head & 0xFFFFF, head >> 20
            count = min(count, (record.end - at - 4) // 4)
            offsets = struct.unpack_from(f"<{count}I", self._stream, at + 4)
            yield from enumerate(offsets, first)
            at += 4 + 4 * count

    def _at(self, offset: int) -> _Record:
        head, kind, size = struct.unpack_from("<HHI", self._stream, offset)
        end = min(offset + 8 + size, len(self._stream))
        return _Record(kind, head >> 4, offset + 8, end, head & 15 == 15)

    def _inside(self, parent: _Record) -> Iterator[_Record]:
        at = parent.start
        while at + 8 <= parent.end:
            record = self._at(at)
            yield record
            at = max(record.end, at + 8)

    def _listed(self, instance: int) -> Iterator[_Place]:
        """Yield the places in one of the document's lists."""
        for record in self._inside(self._document):
            if record.kind == _SLIDE_LIST and record.instance == instance:
                place: _Place | None = None
                held: list[_Record] = []
                for one in self._inside(record):
                    if one.kind == _SLIDE_PLACE:
                        if place:
                            yield place._replace(texts=list(self._texts(held)))
                        reference = struct.unpack_from("<I", self._stream, one.start)[0]
                        number = struct.unpack_from("<I", self._stream, one.start + 12)[0]
                        place, held = _Place(reference, number, []), []
                    held.append(one)
                if place:
                    yield place._replace(texts=list(self._texts(held)))

    def _drawn(self, place: _Place) -> Iterator[_Text]:
        """Yield the texts in a slide's drawing, which the list of outlines has not."""
        if place.reference in self._places:
            slide = self._at(self._places[place.reference])
            yield from self._texts(self._all(slide, 0))

    def _notes_of(self, place: _Place) -> int:
        """Return the number of a slide's page of notes, 0 if it has none."""
        slide = self._at(self._places.get(place.reference, 0))
        for one in self._inside(slide):
            if one.kind == _SLIDE_ATOM and one.end - one.start >= 24:
                return int(struct.unpack_from("<I", self._stream, one.start + 16)[0])
        return 0

    def _all(self, parent: _Record, depth: int) -> Iterator[_Record]:
        for record in self._inside(parent):
            yield record
            if record.is_container and depth < _MAX_DEPTH:
                yield from self._all(record, depth + 1)

    def _texts(self, records: Iterable[_Record]) -> Iterator[_Text]:
        kind = _OTHER
        for record in records:
            data = self._stream[record.start : record.end]
            if record.kind == _TEXT_KIND and len(data) >= 4:
                kind = struct.unpack_from("<I", data)[0]
            elif record.kind in (_WIDE, _NARROW):
                encoding = "utf-16-le" if record.kind == _WIDE else "latin-1"
                text = data.decode(encoding, "replace").translate(_SIGNS).strip()
                if text and text != "*":
                    yield _Text(kind, text)
