"""Word (.docx and its kin): the text as it reads when all changes are accepted.

Left out are headers, footers, tables of contents, hidden and deleted text. Notes stand at the end,
comments behind the paragraph they are on.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.package import Package
from semantic_assets.parsing.office.word_runs import Line, Runs
from semantic_assets.parsing.office.word_styles import (
    Numbering,
    Styles,
    numbering_of,
    outline_level,
)
from semantic_assets.parsing.text import ReadDocument

_Block = tuple[bool, str]
_BODY_LEVEL = 9
_TRANSPARENT = frozenset(
    ("w.sdt", "w.sdtContent", "w.customXml", "w.ins", "w.moveTo", "mc.Choice", "w.smartTag")
)


def read_word(package: Package) -> ReadDocument:
    """Return the document's text, titled by its properties."""
    mains = package.related("", "officeDocument")
    name = mains[0] if mains else "word/document.xml"
    title, metadata = package.properties()
    text = _Document(package, name).text()
    return ReadDocument(text, title, metadata, (), package.remark)


class _Document:
    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._body = package.xml(name)
        parts = {one.kind: one.target for one in package.relations(name).values()}

        def part(kind: str) -> Element | None:
            return package.optional_xml(parts[kind]) if kind in parts else None

        self._styles, self._numbering = Styles(part("styles")), Numbering(part("numbering"))
        self._notes = {kind: _by_id(part(f"{kind}s")) for kind in ("footnote", "endnote")}
        self._comments = _by_id(part("comments"))
        self._runs = Runs(package, name)

    def text(self) -> str:
        body = self._body.find("w.body")
        blocks = list(self._blocks(self._body if body is None else body))
        blocks += ((False, text) for text in self._notes_text())
        return marks.join_blocks(blocks)

    def _notes_text(self) -> Iterator[str]:
        """Yield the notes that were referred to; a note may refer to another one."""
        number = 0
        while number < len(self._runs.notes):
            for kind, name in list(self._runs.notes)[number:]:
                number += 1
                note = self._notes[kind].get(name)
                if note is not None and (text := self._flat(note)):
                    yield f"[^{number}]: {text}"

    def _blocks(self, parent: Element) -> Iterator[_Block]:
        for element in parent:
            tag = element.tag
            if tag == "w.p":
                yield from self._paragraph(element)
            elif tag == "w.tbl":
                yield False, marks.table(self._rows(element))
            elif tag == "mc.AlternateContent":
                yield from self._blocks(element[0] if len(element) else element)
            elif tag == "w.altChunk":
                self._package.remark_that(
                    "a document inserted into it was not read: open it in Word and save it again"
                )
            elif tag in _TRANSPARENT and not _is_contents(element):
                yield from self._blocks(element)

    def _paragraph(self, element: Element) -> Iterator[_Block]:
        style_name = element.find("w.pPr/w.pStyle")
        style = self._styles.named("" if style_name is None else style_name.get("w.val", ""))
        if style.is_contents:
            return
        line = self._runs.line(element)
        own = outline_level(element)
        level = own if own and own <= _BODY_LEVEL else None if own else style.level
        number, indent = numbering_of(element)
        if number is None:
            number, indent = style.numbering, style.indent if level is None else level - 1
        if line.text.strip():
            label = self._numbering.label(number, indent) if number not in (None, "0") else ""
            yield _written(line.text, level, label, indent)
        yield from self._extras(line)

    def _extras(self, line: Line) -> Iterator[_Block]:
        """Yield what hangs on a paragraph: its text boxes, its pictures' texts, its comments."""
        for box in line.boxes:
            yield from self._blocks(box)
        for text in line.described:
            yield False, marks.paragraph(text)
        for name in line.comments:
            comment = self._comments.get(name)
            if comment is not None and (text := self._flat(comment)):
                author = comment.get("w.author", "").strip()
                yield False, f"> Comment{f' ({author})' if author else ''}: {text}"

    def _rows(self, table: Element) -> Iterator[list[str]]:
        """Yield the cells of each row; one that spans rows stands in each of them."""
        above: dict[int, str] = {}
        for row in _inside(table, "w.tr"):
            cells: list[str] = []
            for cell in _inside(row, "w.tc"):
                width, is_merged, is_first = _span(cell)
                text = above.get(len(cells), "") if is_merged and not is_first else self._flat(cell)
                if is_merged:
                    above[len(cells)] = text
                else:
                    above.pop(len(cells), None)
                cells += [text, *[""] * (width - 1)]
            if row.find("w.trPr/w.del") is None:
                yield cells

    def _flat(self, parent: Element) -> str:
        """Return the content of a cell, note or comment on one line."""
        parts = (text for _, text in self._blocks(parent))
        return marks.one_line("\n".join(parts))


def _written(text: str, level: int | None, label: str, indent: int) -> _Block:
    numbered = f"{label} " if label not in ("", "-") else ""
    if level:
        return False, marks.heading(level, numbered + text)
    if label:
        return True, marks.item(indent, text, label)
    return False, marks.paragraph(text)


def _by_id(root: Element | None) -> dict[str, Element]:
    """Return notes or comments by id, without the lines that separate notes from the text."""
    return {
        one.get("w.id", ""): one
        for one in (() if root is None else root)
        if one.get("w.type", "normal") == "normal"
    }


def _inside(parent: Element, tag: str) -> Iterator[Element]:
    """Yield rows or cells, also those inside content controls."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in _TRANSPARENT:
            yield from _inside(element, tag)


def _span(cell: Element) -> tuple[int, bool, bool]:
    """Return over how many columns a cell spans, whether over rows, and whether it is the first."""
    span, merged = cell.find("w.tcPr/w.gridSpan"), cell.find("w.tcPr/w.vMerge")
    value = "1" if span is None else span.get("w.val", "1")
    width = min(max(int(value), 1), 100) if value.isdecimal() else 1
    return width, merged is not None, merged is not None and merged.get("w.val") == "restart"


def _is_contents(element: Element) -> bool:
    gallery = element.find("w.sdtPr/w.docPartObj/w.docPartGallery")
    return gallery is not None and gallery.get("w.val") == "Table of Contents"
