"""OpenDocument text and presentations."""

import pytest

from tests.parsing.conftest import Read
from tests.parsing.office.build import ODF, opendocument, package


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<text:h text:outline-level="2">Two</text:h><text:p>x</text:p>', "## Two\n\nx"),
        ("<text:p>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d</text:p>", "a   b c\nd"),
        ("<text:p>a\n   b<text:span> <text:a>link</text:a></text:span></text:p>", "a b link"),
        (
            "<text:p>a<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>foot</text:p></text:note-body></text:note> b</text:p>",
            "a[^1] b\n\n[^1]: foot",
        ),
        (
            "<text:p>a<office:annotation><dc:creator>Ann</dc:creator><dc:date>2024</dc:date>"
            "<text:p>Is it so?</text:p></office:annotation></text:p>",
            "a\n\n> Comment (Ann): Is it so?",
        ),
        (
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p>"
            "</text:deletion></text:changed-region></text:tracked-changes><text:p>kept</text:p>",
            "kept",
        ),
        (
            "<text:table-of-content><text:index-body><text:p>One 3</text:p></text:index-body>"
            "</text:table-of-content><text:p>kept</text:p>",
            "kept",
        ),
        (
            "<text:p>a<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame></text:p>",
            "a\n\nbox",
        ),
        (
            "<text:p>a<draw:frame><draw:image/><svg:title>t</svg:title><svg:desc>The dome</svg:desc>"
            "</draw:frame></text:p>",
            "a\n\nThe dome",
        ),
        (
            "<text:section><text:p>in a section</text:p></text:section>",
            "in a section",
        ),
    ],
)
def test_text_is_read_as_it_is_shown(read: Read, body: str, expected: str):
    [record] = read("a.odt", opendocument("text", body))
    assert record.text == expected


def test_lists_keep_their_depth_and_numbers(read: Read):
    style = (
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1"'
        ' style:num-format="1"/><text:list-level-style-bullet text:level="2"/></text:list-style>'
    )
    inner = "<text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list>"
    body = (
        '<text:list text:style-name="L1"><text:list-item><text:p>first</text:p>'
        f"{inner}</text:list-item><text:list-item><text:p>next</text:p></text:list-item></text:list>"
    )
    [record] = read("a.odt", opendocument("text", body, styles=style))
    assert record.text == "1. first\n  - inner\n2. next"


def test_table_is_rows_under_its_head(read: Read):
    def row(*cells: str) -> str:
        inner = (f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        return f"<table:table-row>{''.join(inner)}</table:table-row>"

    head = f"<table:table-header-rows>{row('Part', 'Limit')}</table:table-header-rows>"
    table = f"<table:table>{head}{row('Pump', '9 A')}</table:table>"
    [record] = read("a.odt", opendocument("text", table))
    assert record.text == "| Part | Limit |\n| --- | --- |\n| Pump | 9 A |"


def test_formula_in_a_part_of_its_own_is_letters(read: Read):
    body = '<text:p>It is <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    content = (
        f'<office:document-content {ODF} xmlns:xlink="http://www.w3.org/1999/xlink"><office:body>'
        f"<office:text>{body}</office:text></office:body></office:document-content>"
    )
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>E</mi><mo>=</mo>'
        "<mi>m</mi><msup><mi>c</mi><mn>2</mn></msup><msub><mi>x</mi><mn>1</mn></msub></mrow><annotation>E=m c^2</annotation>"
        "</semantics></math>"
    )
    [record] = read("a.odt", package({"content.xml": content, "Object 1/content.xml": formula}))
    assert record.text == "It is\n\nE=mc^2x_1"


def test_slides_have_headings_pages_and_notes(read: Read):
    def frame(kind: str, text: str) -> str:
        box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'

    notes = f"<presentation:notes>{frame('notes', 'Say it slowly')}</presentation:notes>"
    pages = (
        f"<draw:page>{frame('title', 'One')}{frame('page-number', '7')}{frame('outline', 'x')}"
        f'{notes}</draw:page><draw:page draw:style-name="dp2">{frame("subtitle", "y")}</draw:page>'
    )
    style = (
        '<style:style style:name="dp2"><style:drawing-page-properties'
        ' presentation:visibility="hidden"/></style:style>'
    )
    [record] = read("a.odp", opendocument("presentation", pages, styles=style, title="Deck"))
    assert record.text == (
        "## One\n\nx\n\nNotes: Say it slowly\n\n## Slide 2\n\n(This slide is hidden.)\n\ny"
    )
    assert [record.text[at : at + 4] for at in record.pages] == ["## O", "## S"]
    assert record.title == "Deck"


def test_password_is_said(read: Read):
    manifest = f"<manifest:manifest {ODF}><manifest:encryption-data/></manifest:manifest>"
    data = package({"content.xml": b"\x01\x02", "META-INF/manifest.xml": manifest})
    [record] = read("a.odt", data)
    assert record.parse_error == "it has a password: remove it, then put it back"
