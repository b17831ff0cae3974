"""The binary formats of Office 97 to 2003, and Outlook's messages."""

import struct

import pytest

from semantic_assets.parsing.mail.rtf_compression import unpacked
from semantic_assets.parsing.records import Unreadable
from tests.parsing.conftest import Read
from tests.parsing.office.compound import compound, doc, msg, ppt, xls


def test_old_word_file_is_read_without_the_code_of_its_fields(read: Read):
    text = "Das Öl\rSee \x13 HYPERLINK x \x13 y \x15\x14the page\x15 for more.\r"
    [record] = read("a.doc", doc(text))
    assert record.text == "Das Öl\n\nSee the page for more."


def test_old_word_table_is_rows(read: Read):
    [record] = read("a.doc", doc("Before\rPart\x07Limit\x07\x07Motor\x07\x07\x07After\r"))
    rows = "| Part | Limit |\n| --- | --- |\n| Motor |  |"
    assert record.text == f"Before\n\n{rows}\n\nAfter"


def test_old_word_notes_are_kept_and_headers_left_out(read: Read):
    [record] = read("a.doc", doc("Body\r", notes="A note\r", headers="Page header\r"))
    assert record.text == "Body\n\nA note"


def test_old_word_with_a_password_says_so(read: Read):
    [record] = read("a.doc", doc("x", flags=0x0100))
    assert record.parse_error == "it has a password: remove it, then put it back"


def test_old_workbook_is_tables(read: Read):
    [record] = read("a.xls", xls([["Part", "Limit"], ["Motör", 9.0], ["Pump", 0.5]], "Limits"))
    table = "| Part | Limit |\n| --- | --- |\n| Motör | 9 |\n| Pump | 0.5 |"
    assert record.text == f"## Limits\n\n{table}"


def test_old_presentation_has_a_heading_and_a_page_a_slide(read: Read):
    [record] = read("a.ppt", ppt([("Überblick", "first text"), ("End", "last text")]))
    assert record.text == "## Überblick\n\nfirst text\n\n## End\n\nlast text"
    assert [record.text[page:][:6] for page in record.pages] == ["## Übe", "## End"]


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx"])
def test_new_office_file_with_a_password_says_so(read: Read, name: str):
    [record] = read(name, compound({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"x"}))
    assert record.parse_error == "it has a password: remove it, then put it back"


def test_unknown_compound_file_names_the_remedy(read: Read):
    [record] = read("a.doc", compound({"Contents": b"x" * 5000}))
    assert "save it as .docx" in record.parse_error


def test_cut_compound_file_is_a_failed_record(read: Read):
    for whole in (doc("word " * 3000), xls([["a", "b"]] * 300), ppt([("a", "b")] * 90)):
        for length in (9, 300, 600, len(whole) // 2):
            [record] = read("a.doc", whole[:length])
            assert record.parse_status == "ok" or ": " in record.parse_error
            assert "please report" not in (record.parse_error or "")


def test_outlook_message_is_its_body_under_its_subject(read: Read):
    people = {"0C1A": "Ann Ödman", "5D01": "ann@example.org", "0E04": "Bo"}
    content = {"0037": "The valve", "1000": "It leaks.\r\n\r\nAnn", "1035": "<1@x>", **people}
    [record] = read("a.msg", msg(content, attached=("plan.pdf", "photo.png")))
    assert (record.title, record.text) == ("The valve", "It leaks.\n\nAnn")
    assert record.metadata == {
        "from": "Ann Ödman <ann@example.org>",
        "to": "Bo",
        "message_id": "<1@x>",
        "date": "2024-05-06T07:08:09+00:00",
    }
    assert record.parse_error == (
        "attachments were not read: plan.pdf, photo.png; save them as files of their own"
    )


def test_outlook_message_of_html_is_read_as_html(read: Read):
    [record] = read(
        "a.msg", msg({"0037": "x", "1013": b"<html><body><p>The pump.</p></body></html>"})
    )
    assert record.text == "The pump."


def _packed(*pieces: bytes | tuple[int, int]) -> bytes:
    """Compressed RTF of letters and of references (place, length)."""
    body = b""
    for piece in pieces:
        if isinstance(piece, tuple):
            body += b"\x01" + struct.pack(">H", piece[0] << 4 | piece[1] - 2)
        else:
            for at in range(0, len(piece), 8):
                body += b"\0" + piece[at : at + 8]
    return struct.pack("<II4sI", len(body) + 12, 99, b"LZFu", 0) + body


def test_compressed_rtf_refers_to_what_was_written_before():
    assert unpacked(_packed(b"abcdefgh", (207, 4))) == b"abcdefghabcd"


def test_a_reference_may_reach_into_itself():
    assert unpacked(_packed(b"abababab", (213, 6))) == b"ababababababab"


def test_plain_rtf_is_taken_as_it_is():
    assert unpacked(struct.pack("<II4sI", 15, 3, b"MELA", 0) + b"abc") == b"abc"


def test_damaged_compression_says_so():
    with pytest.raises(Unreadable, match="open it in Outlook"):
        unpacked(b"x" * 20)


def test_outlook_message_of_rtf_is_read_as_rtf(read: Read):
    packed = struct.pack("<II4sI", 0, 27, b"MELA", 0) + b"{\\rtf1 It \\b leaks\\b0 .\\par}"
    [record] = read("a.msg", msg({"0037": "x", "1009": packed}))
    assert record.text == "It leaks."
