"""An office file is read by its content, whatever its name says; what is none says why."""

import pytest

from tests.parsing.conftest import Read
from tests.parsing.office.build import docx, opendocument, package, para, pptx, shape, slide, xlsx

_PAGE = "<html><body><p>Exported page</p></body></html>"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.doc", docx(para("Word")), "Word"),
        ("a.docx", opendocument("text", "<text:p>Open</text:p>"), "Open"),
        ("a.odt", docx(para("Word")), "Word"),
        ("a.ppt", pptx({"s": slide(shape("Slide"))}), "## Slide 1\n\nSlide"),
        ("a.doc", r"{\rtf1 Rich}", "Rich"),
        ("a.xls", _PAGE, "Exported page"),
        ("a.xls", "\ufeff<table><tr><td>a</td></tr></table>", "a"),
        ("a.xls", "Part\tLimit\nPump\t9 A\n", "| Part | Limit |\n| --- | --- |\n| Pump | 9 A |"),
        (
            "a.xlsx",
            'Part;Limit\nPump;"9; 10"\n',
            "| Part | Limit |\n| --- | --- |\n| Pump | 9; 10 |",
        ),
        ("a.doc", "Plain text, one line\nand more", "Plain text, one line\nand more"),
        ("a.docx", "# no heading", "\\# no heading"),
        (
            "a.doc",
            "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
            f"Content-Type: text/html\n\n{_PAGE}\n--b--\n",
            "Exported page",
        ),
        (
            "a.xls",
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
            ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>'
            "<Row><Cell><Data>Part</Data></Cell><Cell><Data>Limit</Data></Cell></Row><Row>"
            '<Cell ss:Index="2"><Data>9</Data></Cell></Row></Table></Worksheet></Workbook>',
            "## S\n\n| Part | Limit |\n| --- | --- |\n|  | 9 |",
        ),
    ],
)
def test_file_is_read_by_what_it_is(read: Read, name: str, content: bytes | str, expected: str):
    [record] = read(name, content)
    assert (record.text, record.parse_error) == (expected, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            docx(para("x"))[:-30],
            "it is cut short or damaged, its list of parts is missing: copy it",
        ),
        (docx(para("x" * 9000))[:200], "it is cut short or damaged"),
        (package({"a.txt": "x"}), "content does not match the file name, it is no office document"),
        (package({"Index/Document.iwa": "x"}), "it is of Pages, Numbers or Keynote: export it"),
        (bytes(range(256)) * 9, "content does not match the file name"),
        (b"%PDF-1.7 x", "a PDF: name it .pdf"),
        ("<?xml version='1.0'?><note/>", "it is XML of no office format that is read"),
    ],
)
def test_what_is_no_office_file_says_so(read: Read, content: bytes | str, reason: str):
    [record] = read("a.docx", content)
    assert record.parse_status == "failed"
    assert reason in record.parse_error


def test_damaged_byte_in_a_part_says_copy_it_again(read: Read):
    whole = bytearray(docx(para("".join(map(chr, range(0x4E00, 0x5E00))))))
    at = whole.index(b"word/document.xml") + 2000
    whole[at] ^= 0xFF
    [record] = read("a.docx", bytes(whole))
    assert record.parse_error == "its part word/document.xml is damaged: copy the file again"


def test_entities_of_a_part_that_grow_are_refused(read: Read):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE d [<!ENTITY e0 "aaaaaaaaaa">{entities}]><d>&e9;</d>'
    good = docx(para("x"), parts={"footnotes.xml": ""})
    assert read("a.docx", good)[0].text == "x"
    [record] = read("a.docx", package({"word/document.xml": bomb}))
    assert "amplification" in record.parse_error


def test_entities_never_open_a_file(read: Read):
    leak = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>'
    [record] = read("a.docx", package({"word/document.xml": leak}))
    assert record.parse_status == "failed"
    assert "root:" not in record.text


def test_macros_are_not_part_of_the_text(read: Read):
    [record] = read("a.xlsm", xlsx({"S": "<sheetData/>"}, parts={"xl/vbaProject.bin": "Sub x"}))
    assert record.text == ""
