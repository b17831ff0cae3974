"""Presentations: a heading and a page a slide, in the order of the show."""

from tests.parsing.conftest import Read
from tests.parsing.office.build import SLIDE, pptx, relations, shape, slide


def _notes(text: str) -> str:
    inner = shape(text, kind="body") + shape("7", kind="sldNum")
    return f"<p:notes {SLIDE}><p:cSld><p:spTree>{inner}</p:spTree></p:cSld></p:notes>"


def test_slides_are_in_the_order_of_the_show_each_a_page(read: Read):
    deck = pptx(
        {
            "slide10": slide(shape("Shown first", kind="title") + shape("one", kind="body")),
            "slide2": slide(shape("Shown second", kind="ctrTitle") + shape("two")),
        }
    )
    [record] = read("a.pptx", deck)
    assert record.text == "## Shown first\n\none\n\n## Shown second\n\ntwo"
    assert [record.text[at:].split("\n")[0] for at in record.pages] == [
        "## Shown first",
        "## Shown second",
    ]
    assert (record.title, record.is_title_shown_only) == ("Shown first", False)


def test_notes_and_comments_are_kept_and_marked(read: Read):
    comments = f"<p:cmLst {SLIDE}><p:cm><p:text>Check it</p:text></p:cm></p:cmLst>"
    parts = {
        "ppt/slides/_rels/s.xml.rels": relations(
            {"r1": ("notesSlide", "../notesSlides/n.xml"), "r2": ("comments", "../comments/c.xml")}
        ),
        "ppt/notesSlides/n.xml": _notes("Say it slowly"),
        "ppt/comments/c.xml": comments,
    }
    [record] = read("a.pptx", pptx({"s": slide(shape("T", kind="title"))}, parts=parts))
    assert record.text == "## T\n\nNotes: Say it slowly\n\n> Comment: Check it"


def test_hidden_slide_is_kept_and_said(read: Read):
    [record] = read("a.pptx", pptx({"s": slide(shape("x"), hidden=True)}))
    assert record.text == "## Slide 1\n\n(This slide is hidden.)\n\nx"


def test_number_date_and_footer_are_left_out(read: Read):
    inner = "".join(shape("each", kind=kind) for kind in ("sldNum", "dt", "ftr"))
    [record] = read("a.pptx", pptx({"s": slide(inner + shape("own"))}))
    assert record.text == "## Slide 1\n\nown"


def test_paragraphs_of_a_body_are_a_list(read: Read):
    body = shape("one", "two", kind="body").replace(
        "<a:p><a:r><a:t>two", '<a:p><a:pPr lvl="1"/><a:r><a:t>two'
    )
    [record] = read("a.pptx", pptx({"s": slide(body)}))
    assert record.text == "## Slide 1\n\n- one\n  - two"


def test_groups_tables_and_alternative_texts_are_read(read: Read):
    def cell(text: str) -> str:
        return f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    rows = (f"<a:tr>{cell(a)}{cell(b)}</a:tr>" for a, b in (("Part", "Limit"), ("Pump", "9 A")))
    table = (
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>"
        f"{''.join(rows)}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )
    picture = (
        '<p:pic><p:nvPicPr><p:cNvPr id="1" name="Picture 3" descr="The dome"/></p:nvPicPr></p:pic>'
    )
    group = f"<p:grpSp><p:grpSp>{shape('deep')}</p:grpSp></p:grpSp>"
    [record] = read("a.pptx", pptx({"s": slide(group + table + picture)}))
    rows_shown = "| Part | Limit |\n| --- | --- |\n| Pump | 9 A |"
    assert record.text == f"## Slide 1\n\ndeep\n\n{rows_shown}\n\nThe dome"


def test_missing_slide_is_said_and_keeps_its_page(read: Read):
    deck = pptx({"a": slide(shape("one")), "b": slide(shape("two"))})
    whole = deck.replace(b"ppt/slides/a.xml", b"ppt/slides/z.xml")
    [record] = read("a.pptx", whole)
    assert record.text == "## Slide 2\n\ntwo"
    assert record.pages == (0, 0)
    assert record.parse_error.startswith("slide 1 is missing")


def test_diagram_is_its_texts(read: Read):
    diagram = (
        '<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:pt><dgm:t><a:p><a:r>'
        "<a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt/></dgm:dataModel>"
    )
    frame = (
        '<p:graphicFrame><dgm:relIds xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/'
        'diagram" r:dm="r9"/></p:graphicFrame>'
    )
    parts = {
        "ppt/slides/_rels/s.xml.rels": relations({"r9": ("diagramData", "../diagrams/d.xml")}),
        "ppt/diagrams/d.xml": diagram,
    }
    [record] = read("a.pptx", pptx({"s": slide(frame)}, parts=parts))
    assert record.text == "## Slide 1\n\nPlan"
