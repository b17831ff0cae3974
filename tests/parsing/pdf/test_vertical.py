"""Vertical writing in a font that is not in the file, as East Asian PDFs have it."""

import pytest

_FONTS = "/F2 4 0 R"
_OTHERS = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /KozMinPro-Regular /Encoding /UniJIS-UCS2-V"
    " /DescendantFonts [5 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /KozMinPro-Regular /DW 1000 /CIDSystemInfo"
    " << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor 6 0 R >>",
    "<< /Type /FontDescriptor /FontName /KozMinPro-Regular /Flags 6 /ItalicAngle 0 /Ascent 880"
    " /Descent -120 /CapHeight 700 /StemV 80 /FontBBox [0 -120 1000 880] >>",
)


def _columns(*columns: str, top: float = 740) -> str:
    return " ".join(
        f"BT /F2 16 Tf {500 - 30 * number} {top} Td <{text.encode('utf-16-be').hex()}> Tj ET"
        for number, text in enumerate(columns)
    )


_STORY = (
    "\u6625\u306e\u671d\u306b\u8239\u306f\u6e2f\u3092\u51fa\u305f",
    "\u6ce2\u306f\u9ad8\u304f\u3001\u98a8\u306f\u51b7\u305f\u3044\u3002",
    "\u5cf6\u306e\u706f\u304c\u9060\u304f\u306b\u898b\u3048\u308b",
    "\u591c\u306e\u6d77\u306f\u9759\u304b",
)


def test_columns_are_read_from_right_to_left(drawn):
    document = drawn(_columns(*_STORY), fonts=_FONTS, others=_OTHERS)
    assert document.text == "\n".join(_STORY)


@pytest.mark.parametrize("text", _STORY)
def test_no_column_is_lost_for_its_font_is_not_there(drawn, text):
    assert drawn(_columns(text), fonts=_FONTS, others=_OTHERS).text == text


def test_tiers_are_read_from_the_top(drawn):
    page = f"{_columns(*_STORY[:2])} {_columns(*_STORY[2:], top=400)}"
    document = drawn(page, fonts=_FONTS, others=_OTHERS)
    assert document.text == "\n".join(_STORY)


def test_lines_from_left_to_right_stay(drawn):
    others = (_OTHERS[0].replace("UCS2-V", "UCS2-H"), *_OTHERS[1:])
    lines = " ".join(
        f"BT /F2 16 Tf 72 {700 - 20 * number} Td <{text.encode('utf-16-be').hex()}> Tj ET"
        for number, text in enumerate(_STORY)
    )
    assert drawn(lines, fonts=_FONTS, others=others).text == "\n".join(_STORY)
