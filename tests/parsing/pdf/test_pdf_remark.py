"""What of a PDF is no text is named, with its pages and the remedy."""

import pytest

from semantic_assets.parsing.pdf.pdf_remark import Left, remark_on
from semantic_assets.parsing.records import Unreadable, Untranscribed

_GIBBERISH = "".join(f"\\{(ord(c) - 29) % 256:03o}" for c in "The pump is oiled every four weeks.")


def test_pages_of_pictures_among_others_are_named(drawn, lines, scan):
    document = drawn(lines("Cover"), scan, lines("End"), scan, scan)
    assert document.text == "Cover\n\nEnd"
    assert document.pages == (0, 7, 7, 10, 10)
    assert document.remark.startswith("pages 2 and 4-5 are pictures without text: run OCR")


def test_a_stamp_on_a_picture_does_not_make_it_text(drawn, lines, scan):
    document = drawn(lines("Letters of the year"), f"{scan} {lines('Received 3 May')}")
    assert document.remark.startswith("page 2 is a picture without text: ")
    with pytest.raises(Untranscribed, match="is scanned"):
        drawn(*[f"{scan} {lines(f'Secret, page {number} of 5')}" for number in range(1, 6)])


def test_text_that_ocr_put_under_a_picture_is_text(drawn, scan):
    layer = " ".join(f"(and so the story of the old mill went on {n}) Tj T*" for n in range(9))
    document = drawn(f"{scan} BT 3 Tr /F1 9 Tf 72 700 Td 12 TL {layer} ET")
    assert document.text.startswith("and so the story")
    assert document.remark is None


def test_blank_pages_and_small_pictures_need_no_remark(drawn, lines):
    logo = "q 40 0 0 40 9 9 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q"
    assert drawn(lines("One"), "0 0 m 9 9 l S", logo).remark is None


def test_a_damaged_page_costs_that_page(drawn, lines):
    document = drawn(lines("One"), "", lines("Three"))
    assert document.text == "One\n\nThree"
    assert document.pages == (0, 5, 5)
    assert document.remark.startswith("page 2 is damaged: ")


def test_a_page_of_noise_costs_that_page(drawn, lines):
    document = drawn(lines("The pump is quiet."), lines(_GIBBERISH))
    assert document.text == "The pump is quiet."
    assert document.remark.startswith(
        "page 2 is mostly without readable text, as the fonts do not name"
    )
    with pytest.raises(Untranscribed, match="no readable text"):
        drawn(lines(_GIBBERISH))


def test_attached_files_are_named(drawn, lines):
    names = "/Names << /EmbeddedFiles << /Names [(parts.xlsx) 4 0 R] >> >>"
    file = "<< /Type /Filespec /F (parts.xlsx) /EF << /F 5 0 R >> >>"
    body = "<< /Type /EmbeddedFile /Length 1 >>\nstream\nx\nendstream"
    document = drawn(lines("Offer"), catalog=names, others=(file, body))
    assert document.remark == "an attached file is not read (parts.xlsx): save it beside the PDF"
    with pytest.raises(Unreadable, match=r"no text of its own: an attached .*parts\.xlsx"):
        drawn("0 0 m 9 9 l S", catalog=names, others=(file, body))


def test_long_lists_of_pages_and_files_are_cut():
    left = Left(list(range(1, 200, 2)), [], [], [f"{n}.txt" for n in range(9)])
    remark = remark_on(left)
    assert remark.startswith("100 pages (1, 3, 5")
    assert "9 attached files are not read (0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more)" in remark
    assert len(remark) < 500


def test_a_cover_with_a_picture_is_no_scan_and_one_without_words_is(drawn, lines, scan):
    text = [lines(f"Chapter about {word}.") for word in ("water", "light", "heat", "air")]
    assert drawn(f"{scan} {lines('The house book')}", *text).remark is None
    assert drawn(scan, *text).remark.startswith("page 1 is a picture")
    assert drawn(text[0], f"{scan} {lines('Plan')}", *text[1:]).remark.startswith("page 2 is")
