"""Word documents: what a reader sees when all changes are accepted, as Markdown."""

import pytest

from tests.parsing.conftest import Read
from tests.parsing.office.build import docx, grid, listed, para, relations

_STYLES = (
    '<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Kapitel"/>'
    '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Child"><w:name w:val="Child"/>'
    '<w:basedOn w:val="Own"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>'
)


def _level(place: int, form: str, pattern: str) -> str:
    return (
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{pattern}"/></w:lvl>'
    )


_NUMBERS = (
    '<w:abstractNum w:abstractNumId="5">'
    + _level(0, "decimal", "%1.")
    + _level(1, "lowerLetter", "%2)")
    + _level(2, "bullet", "")
    + '</w:abstractNum><w:abstractNum w:abstractNumId="6">'
    + _level(0, "upperRoman", "%1")
    + _level(1, "decimal", "%1.%2")
    + '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="6"/></w:num>'
)


def _run(inner: str) -> str:
    return f"<w:p><w:r>{inner}</w:r></w:p>"


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        (para("One", "berschrift1"), "# One"),
        (para("Two", "Own"), "## Two"),
        (para("Two", "Child"), "## Two"),
        (para("Three", properties='<w:outlineLvl w:val="2"/>'), "### Three"),
        (para("None", "Own", '<w:outlineLvl w:val="9"/>'), "None"),
        (para("No style of ours", "Heading2"), "## No style of ours"),
        (para("x" * 400, "berschrift1"), "x" * 400),
        (para("# 3 is a number", ""), "\\# 3 is a number"),
    ],
)
def test_headings_are_told_by_style_and_level(read: Read, paragraph: str, expected: str):
    [record] = read("a.docx", docx(paragraph, parts={"styles.xml": _STYLES}))
    assert record.text == expected


def test_lists_keep_their_depth_and_numbers(read: Read):
    body = "".join(
        [listed("first"), listed("inner", 1), listed("inner", 1), listed("dot", 2), listed("next")]
    )
    [record] = read("a.docx", docx(body, parts={"numbering.xml": _NUMBERS}))
    assert record.text == "1. first\n  a) inner\n  b) inner\n    - dot\n2. next"


def test_numbers_of_headings_are_as_shown(read: Read):
    body = "".join(
        para(
            name,
            f"Heading{level}",
            f'<w:numPr><w:ilvl w:val="{level - 1}"/><w:numId w:val="2"/></w:numPr>',
        )
        for name, level in (("Start", 1), ("Scope", 2), ("Terms", 2), ("End", 1), ("Notes", 2))
    )
    [record] = read("a.docx", docx(body, parts={"numbering.xml": _NUMBERS}))
    lines = ["# I Start", "## I.1 Scope", "## I.2 Terms", "# II End", "## II.1 Notes"]
    # A number is counted in the form of its own level.
    assert record.text.split("\n\n") == lines


def test_table_has_its_first_row_as_head(read: Read):
    [record] = read("a.docx", docx(grid(("Part", "Limit"), ("Motor | 2", ""), ("Pump", "9 A"))))
    assert record.text == ("| Part | Limit |\n| --- | --- |\n| Motor \\| 2 |  |\n| Pump | 9 A |")


def test_cell_over_rows_stands_in_each_of_them(read: Read):
    def cell(text: str, merged: str) -> str:
        return f"<w:tc><w:tcPr>{merged}</w:tcPr>{para(text)}</w:tc>"

    rows = (
        cell("Kind", "") + cell("Part", "") + cell("A", ""),
        cell("Pumps", '<w:vMerge w:val="restart"/>') + cell("P1", "") + cell("1", ""),
        cell("", "<w:vMerge/>") + cell("both", '<w:gridSpan w:val="2"/>'),
    )
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    [record] = read("a.docx", docx(table))
    assert record.text.split("\n")[2:] == ["| Pumps | P1 | 1 |", "| Pumps | both |  |"]


def test_deleted_text_is_out_and_inserted_text_is_in(read: Read):
    body = (
        "<w:p><w:r><w:t>The limit is </w:t></w:r>"
        "<w:del><w:r><w:delText>seven</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>nine</w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t> gone</w:t></w:r></w:moveFrom>"
        "<w:moveTo><w:r><w:t> amperes</w:t></w:r></w:moveTo></w:p>"
    )
    [record] = read("a.docx", docx(body))
    assert record.text == "The limit is nine amperes"


def test_notes_are_marked_and_stand_at_the_end(read: Read):
    body = (
        '<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:footnoteReference w:id="7"/></w:r>'
        '<w:r><w:t> more</w:t></w:r><w:r><w:endnoteReference w:id="7"/></w:r></w:p>' + para("Last")
    )
    separator = '<w:footnote w:type="separator" w:id="7">' + para("----") + "</w:footnote>"
    parts = {
        "footnotes.xml": separator + f'<w:footnote w:id="7">{para("foot")}</w:footnote>',
        "endnotes.xml": f'<w:endnote w:id="7">{para("end")}</w:endnote>',
    }
    [record] = read("a.docx", docx(body, parts=parts))
    assert record.text == "Text[^1] more[^2]\n\nLast\n\n[^1]: foot\n\n[^2]: end"


def test_comment_stands_behind_its_paragraph(read: Read):
    body = '<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:commentReference w:id="1"/></w:r></w:p>'
    comments = f'<w:comment w:id="1" w:author="Ann">{para("Is it so?")}</w:comment>'
    [record] = read("a.docx", docx(body + para("Next"), parts={"comments.xml": comments}))
    assert record.text == "Text\n\n> Comment (Ann): Is it so?\n\nNext"


def test_text_box_in_two_forms_is_read_once(read: Read):
    content = f"<w:txbxContent>{para('In the box')}</w:txbxContent>"
    body = _run(
        f"<mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent>"
    )
    [record] = read("a.docx", docx(para("Before") + body))
    assert record.text == "Before\n\nIn the box"


def test_alternative_text_is_kept_unless_a_program_made_it_up(read: Read):
    made_up = "A dog. Description automatically generated"
    body = "".join(
        _run(
            f'<w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{text}"/></wp:inline></w:drawing>'
        )
        for text in ("Plan of the dome", made_up)
    )
    [record] = read("a.docx", docx(body))
    assert record.text == "Plan of the dome"


@pytest.mark.parametrize("name", ["header1.xml", "footer1.xml"])
def test_headers_and_footers_are_left_out(read: Read, name: str):
    [record] = read("a.docx", docx(para("Body"), parts={name: para("On each page")}))
    assert record.text == "Body"


def test_table_of_contents_is_left_out(read: Read):
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    contents = (
        f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{para('Start 3')}</w:sdtContent></w:sdt>"
    )
    body = contents + para("Start 3", "T1") + para("Body")
    [record] = read("a.docx", docx(body, parts={"styles.xml": _STYLES}))
    assert record.text == "Body"


def test_hidden_text_and_codes_of_fields_are_left_out(read: Read):
    body = (
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown </w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "x"</w:instrText></w:r>'
        "<w:r><w:t>the result</w:t></w:r>"
        "<w:hyperlink><w:r><w:t> and a link</w:t></w:r></w:hyperlink></w:p>"
    )
    [record] = read("a.docx", docx(body))
    assert record.text == "shown the result and a link"


def test_content_controls_are_read_through(read: Read):
    inner = f"<w:sdt><w:sdtContent>{para('A block')}</w:sdtContent></w:sdt>"
    line = "<w:p><w:r><w:t>Name: </w:t></w:r><w:sdt><w:sdtContent><w:r><w:t>Ann</w:t></w:r></w:sdtContent></w:sdt></w:p>"
    [record] = read("a.docx", docx(inner + line))
    assert record.text == "A block\n\nName: Ann"


def test_powers_are_marked_and_ordinals_are_not(read: Read):
    def raised(text: str) -> str:
        return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{text}</w:t></w:r>'

    body = f"<w:p><w:r><w:t>10</w:t></w:r>{raised('-6')}<w:r><w:t> on the 1</w:t></w:r>{raised('st')}</w:p>"
    [record] = read("a.docx", docx(body))
    assert record.text == "10^-6 on the 1st"


def _math(inner: str) -> str:
    return f"<w:p><m:oMath>{inner}</m:oMath></w:p>"


def _letters(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            f"{_letters('E=m')}<m:sSup><m:e>{_letters('c')}</m:e><m:sup>{_letters('2')}</m:sup></m:sSup>",
            "E=mc^2",
        ),
        (
            f"<m:f><m:num>{_letters('a+b')}</m:num><m:den>{_letters('2')}</m:den></m:f>",
            "(a+b)/2",
        ),
        (f"<m:rad><m:deg/><m:e>{_letters('x')}</m:e></m:rad>", "√(x)"),
        (f"<m:d><m:e>{_letters('x')}</m:e></m:d>", "(x)"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{_letters("i")}</m:sub>'
            f"<m:sup>{_letters('n')}</m:sup><m:e>{_letters('x')}</m:e></m:nary>",
            "∑_i^nx",
        ),
    ],
)
def test_formulas_are_letters(read: Read, formula: str, expected: str):
    [record] = read("a.docx", docx(_math(formula)))
    assert record.text == expected


def test_breaks_tabs_and_hyphens_are_signs(read: Read):
    body = _run(
        '<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:br w:type="page"/>'
        "<w:softHyphen/><w:t>d</w:t><w:noBreakHyphen/><w:t>e</w:t>"
    )
    [record] = read("a.docx", docx(body))
    assert record.text == "a b\ncd\u2011e"


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Kiln handbook", para("Text"), ("Kiln handbook", False)),
        ("Document1", para("Firing", "Heading1") + para("x"), ("Firing", False)),
        ("", para("x") + para("Firing", "Heading1"), ("Firing", True)),
        ("", para("x"), ("a", True)),
    ],
)
def test_title_is_the_documents_own_else_its_heading(
    read: Read, title: str, body: str, expected: tuple[str, bool]
):
    [record] = read("a.docx", docx(body, title=title, creator="Ann"))
    assert (record.title, record.is_title_shown_only) == expected
    assert record.metadata == {"author": "Ann"}


def test_damaged_notes_cost_the_notes_only_and_it_is_said(read: Read):
    whole = docx(para("Body"), parts={"footnotes.xml": "<w:footnote>"})
    [record] = read("a.docx", whole)
    assert (record.parse_status, record.text) == ("ok", "Body")
    assert record.parse_error.startswith("its part word/footnotes.xml is damaged")


def test_document_without_its_main_part_says_so(read: Read):
    from tests.parsing.office.build import package

    related = relations({"rId1": ("officeDocument", "word/document.xml")})
    [record] = read("a.docx", package({"_rels/.rels": related, "word/styles.xml": "<a/>"}))
    assert record.parse_error == (
        "its part word/document.xml is missing: save it again where it was made"
    )
