"""PowerPoint (.pptx and its kin): a heading and a page for each slide, in the order of the show."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office import marks
from semantic_assets.parsing.office.drawings import alternative_text, diagram_lines
from semantic_assets.parsing.office.formula_letters import formula_text
from semantic_assets.parsing.office.package import Package
from semantic_assets.parsing.office.xml import texts_of
from semantic_assets.parsing.text import ReadDocument, first_heading
from semantic_assets.parsing.titles import own_title

_Block = tuple[bool, str]
_TITLES = frozenset(("title", "ctrTitle"))
#: What a layout puts on each slide: number, date, footer, header.
_FURNITURE = frozenset(("sldNum", "dt", "ftr", "hdr", "sldImg"))
#: Placeholders whose paragraphs have bullets unless they say otherwise.
_LISTS = frozenset(("body", "obj", ""))


def read_slides(package: Package) -> ReadDocument:
    """Return the text of all slides, hidden ones too, each with its notes and comments."""
    mains = package.related("", "officeDocument")
    name = mains[0] if mains else "ppt/presentation.xml"
    title, metadata = package.properties()
    relations = package.relations(name)
    shown = [one.get("r.id", "") for one in package.xml(name).iter("p.sldId")]
    parts = [relations[number].target for number in shown if number in relations]
    texts = [_slide(package, part, number) for number, part in enumerate(parts, 1)]
    title = own_title(title or "") or own_title(first_heading(texts[0] if texts else "") or "")
    return marks.join_pages(texts, title, metadata, package.remark)


def _slide(package: Package, part: str, number: int) -> str:
    root = package.optional_xml(part)
    if root is None:
        if part not in package:
            package.remark_that(f"slide {number} is missing: save it again where it was made")
        return ""
    shapes = list(_shapes(root))
    titles = [shape for shape in shapes if _place(shape) in _TITLES]
    named = marks.one_line(" ".join(text for one in titles for _, text in _lines(one)))
    blocks = [(False, marks.heading(2, named or f"Slide {number}"))]
    if root.get("show") in ("0", "false"):
        blocks.append((False, "(This slide is hidden.)"))
    for shape in shapes:
        if _place(shape) not in _TITLES:
            blocks += _content(package, part, shape)
    blocks += _notes(package, part)
    return marks.join_blocks(blocks)


def _shapes(parent: Element) -> Iterator[Element]:
    """Yield shapes, tables and pictures in their order, those in groups too."""
    for element in parent:
        if element.tag in ("p.sp", "p.graphicFrame", "p.pic", "p.cxnSp"):
            yield element
        elif element.tag == "mc.AlternateContent":
            yield from _shapes(element[0] if len(element) else element)
        else:
            yield from _shapes(element)


def _place(shape: Element) -> str | None:
    """Return the kind of a shape's placeholder; None: it is in none."""
    place = shape.find("*/p.nvPr/p.ph")
    return None if place is None else place.get("type", "")


def _content(package: Package, part: str, shape: Element) -> Iterator[_Block]:
    place = _place(shape)
    if place in _FURNITURE:
        return
    properties = shape.find("*/p.cNvPr")
    if properties is not None and (described := alternative_text(properties)):
        yield False, marks.paragraph(described)
    for table in shape.iter("a.tbl"):
        yield False, marks.table(_rows(table))
    for text in diagram_lines(package, part, shape):
        yield False, marks.paragraph(text)
    if shape.tag == "p.sp":
        yield from _paragraphs(shape, place)


def _paragraphs(shape: Element, place: str | None) -> Iterator[_Block]:
    lines = list(_lines(shape))
    is_list = place in _LISTS and len(lines) > 1
    for properties, text in lines:
        level = "0" if properties is None else properties.get("lvl", "0")
        has_none = properties is not None and properties.find("a.buNone") is not None
        has_own = properties is not None and _has_bullet(properties)
        if has_own or (is_list and not has_none) or level != "0":
            yield True, marks.item(int(level) if level.isdecimal() else 0, text)
        else:
            yield False, marks.paragraph(text)


def _has_bullet(properties: Element) -> bool:
    return any(properties.find(f"a.{name}") is not None for name in ("buChar", "buAutoNum"))


def _lines(shape: Element) -> Iterator[tuple[Element | None, str]]:
    """Yield the paragraphs of a shape that have text, with their properties."""
    for paragraph in shape.iter("a.p"):
        text = "".join(_pieces(paragraph)).strip()
        if text:
            yield paragraph.find("a.pPr"), text


def _pieces(paragraph: Element) -> Iterator[str]:
    for element in paragraph:
        if element.tag in ("a.r", "a.fld"):
            yield _run(element)
        elif element.tag == "a.br":
            yield "\n"
        elif element.tag == "mc.AlternateContent":
            yield from _pieces(element[0] if len(element) else element)
        elif any(one.tag == "m.oMath" for one in element.iter()):
            yield formula_text(element)


def _run(run: Element) -> str:
    text = "".join(texts_of(run, "a.t"))
    properties = run.find("a.rPr")
    raised = "0" if properties is None else properties.get("baseline", "0")
    is_power = raised.lstrip("+").isdecimal() and int(raised) > 0 and text.strip().isdecimal()
    return f"^{text.strip()}" if is_power else text


def _rows(table: Element) -> Iterator[list[str]]:
    """Yield the cells of each row; one that spans rows stands in each of them."""
    above: list[str] = []
    for row in table.iter("a.tr"):
        cells: list[str] = []
        for place, cell in enumerate(row.findall("a.tc")):
            is_merged = cell.get("vMerge") in ("1", "true")
            text = " ".join(text for _, text in _lines(cell))
            cells.append(above[place] if is_merged and place < len(above) else text)
        above = cells
        yield cells


def _notes(package: Package, part: str) -> Iterator[_Block]:
    """Yield the speaker's notes and the comments of a slide, marked as such."""
    for relation in package.relations(part).values():
        if relation.kind not in ("notesSlide", "comments"):
            continue
        root = package.optional_xml(relation.target)
        if root is None:
            continue
        if relation.kind == "comments":
            yield from ((False, f"> Comment: {text}") for text in _comments(root))
            continue
        shapes = [one for one in _shapes(root) if _place(one) not in _FURNITURE]
        lines = [text for shape in shapes for _, text in _lines(shape)]
        if lines:
            yield False, marks.paragraph("Notes: " + "\n".join(lines))


def _comments(root: Element) -> Iterator[str]:
    for one in root.iter():
        if one.tag == "p.text" or one.tag.endswith(".txBody"):
            pieces = [one.text or ""] if one.tag == "p.text" else texts_of(one, "a.t")
            if text := marks.one_line(" ".join(pieces)):
                yield text
