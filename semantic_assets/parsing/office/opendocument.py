"""OpenDocument (.odt, .odp, .ods): content.xml as Markdown.

Left out are deleted text, tables of contents and what stands on every page or slide.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.formula_letters import formula_text
from semantic_assets.parsing.office.opendocument_sheets import repeated, sheets_of
from semantic_assets.parsing.office.opendocument_text import Line, line_of, styles_of
from semantic_assets.parsing.office.package import Package, resolved
from semantic_assets.parsing.text import ReadDocument

_Block = tuple[bool, str]
_LEFT_OUT = frozenset(
    (
        "text.tracked-changes",
        "text.table-of-content",
        "text.alphabetical-index",
        "text.illustration-index",
        "text.sequence-decls",
        "office.forms",
        "presentation.notes",
        "text.hidden-paragraph",
        "svg.title",
        "svg.desc",
    )
)


def read_opendocument(package: Package) -> ReadDocument:
    """Return the text of a document, or of a presentation with a heading and a page a slide."""
    content = package.xml("content.xml")
    title, metadata = package.properties()
    reader = _Reader(package, content)
    slides = list(content.iter("draw.page"))
    if slides:
        texts = [reader.slide(one, number) for number, one in enumerate(slides, 1)]
        return marks.join_pages(texts, title, metadata, package.remark)
    spreadsheet = content.find("office.body/office.spreadsheet")
    if spreadsheet is not None:
        texts = sheets_of(spreadsheet, reader.hidden)
        return marks.join_pages(texts, title, metadata, package.remark)
    body = content.find("office.body")
    text = reader.whole(content if body is None else body)
    return ReadDocument(text, title, metadata, (), package.remark)


class _Reader:
    def __init__(self, package: Package, content: Element) -> None:
        self._package = package
        self._styles = styles_of(content, package.optional_xml("styles.xml"))
        self._notes: list[Element] = []

    @property
    def hidden(self) -> frozenset[str]:
        """The styles of slides and sheets that are not shown."""
        return self._styles.hidden

    def whole(self, body: Element) -> str:
        blocks = list(self._blocks(body))
        for number, note in enumerate(self._notes, 1):
            blocks.append((False, f"[^{number}]: {self._flat(note)}"))
        return marks.join_blocks(blocks)

    def slide(self, page: Element, number: int) -> str:
        frames = [one for one in page if one.get("presentation.class") == "title"]
        named = marks.one_line(" ".join(self._flat(one) for one in frames))
        blocks = [(False, marks.heading(2, named or f"Slide {number}"))]
        if page.get("draw.style-name") in self._styles.hidden:
            blocks.append((False, "(This slide is hidden.)"))
        for element in page:
            if element not in frames and element.tag != "presentation.notes":
                blocks += self._element(element)
        for notes in page.findall("presentation.notes"):
            if text := self._flat(notes):
                blocks.append((False, f"Notes: {text}"))
        return marks.join_blocks(blocks)

    def _blocks(self, parent: Element) -> Iterator[_Block]:
        for element in parent:
            yield from self._element(element)

    def _element(self, element: Element) -> Iterator[_Block]:
        tag = element.tag
        if tag in _LEFT_OUT or element.get("presentation.class") in _FURNITURE:
            return
        if tag in ("text.p", "text.h"):
            yield from self._paragraph(element)
        elif tag == "text.list":
            yield from self._list(element, 0, element.get("text.style-name", ""))
        elif tag == "table.table":
            yield False, marks.table(self._rows(element))
        elif tag == "draw.object":
            yield False, marks.paragraph(self._object(element))
        elif tag == "office.annotation":
            yield False, self._comment(element)
        else:
            yield from self._described(element)
            yield from self._blocks(element)

    def _described(self, element: Element) -> Iterator[_Block]:
        """Yield the alternative text of a frame, else its title."""
        for tag in ("svg.desc", "svg.title") if element.tag.startswith("draw.") else ():
            found = element.find(tag)
            if found is not None and found.text:
                yield False, marks.paragraph(found.text)
                return

    def _paragraph(self, element: Element) -> Iterator[_Block]:
        line = line_of(element, self._notes)
        style = self._styles.parents.get(element.get("text.style-name", ""), "")
        if line.text.strip():
            level = element.get("text.outline-level", "1") if element.tag == "text.h" else ""
            level = level or ("1" if style == "Title" else "")
            text = line.text
            yield (
                False,
                marks.heading(int(level), text) if level.isdecimal() else marks.paragraph(text),
            )
        yield from self._extras(line)

    def _extras(self, line: Line) -> Iterator[_Block]:
        for element in line.frames:
            yield from self._element(element)
        for comment in line.comments:
            yield False, self._comment(comment)

    def _comment(self, comment: Element) -> str:
        author = comment.findtext("dc.creator", "").strip()
        text = " ".join(line_of(one, []).text for one in comment.iter("text.p"))
        return f"> Comment{f' ({author})' if author else ''}: {marks.one_line(text)}"

    def _list(self, parent: Element, level: int, style: str) -> Iterator[_Block]:
        number = 0
        for entry in parent:
            if entry.tag not in ("text.list-item", "text.list-header"):
                continue
            number += entry.tag == "text.list-item"
            is_first = True
            for element in entry:
                if element.tag == "text.list":
                    yield from self._list(element, level + 1, style)
                elif element.tag in ("text.p", "text.h") and is_first:
                    line = line_of(element, self._notes)
                    label = f"{number}." if (style, level) in self._styles.numbered else "-"
                    if element.tag == "text.h":
                        yield from self._paragraph(element)
                    elif line.text.strip():
                        yield True, marks.item(level, line.text, label)
                    is_first = False
                    yield from self._extras(line) if element.tag == "text.p" else ()
                else:
                    yield from self._element(element)

    def _rows(self, table: Element) -> Iterator[list[str]]:
        for row in _inside(table, "table.table-row"):
            cells: list[str] = []
            for cell in _inside(row, "table.table-cell", "table.covered-table-cell"):
                cells += [self._flat(cell)] * repeated(cell, "columns")
            yield cells

    def _flat(self, parent: Element) -> str:
        return marks.one_line("\n".join(text for _, text in self._blocks(parent)))

    def _object(self, element: Element) -> str:
        """Return a formula that is a part of its own."""
        name = resolved("", element.get("xlink.href", ""))
        root = self._package.optional_xml(f"{name}/content.xml")
        return formula_text(root) if root is not None and root.tag == "math.math" else ""


_FURNITURE = frozenset(("page-number", "date-time", "footer", "header", "page"))


def _inside(parent: Element, *tags: str) -> Iterator[Element]:
    """Yield rows or cells, also those in groups and among the rows of a head."""
    for element in parent:
        if element.tag in tags:
            yield element
        elif element.tag.startswith("table.table-") and element.tag != "table.table-cell":
            yield from _inside(element, *tags)
