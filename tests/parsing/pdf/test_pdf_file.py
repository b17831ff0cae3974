"""Whole files: passwords, offsets of pages, and what PDFium does for fonts and turned pages."""

from hashlib import md5

import pytest

_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def _rc4(key: bytes, data: bytes) -> bytes:
    state, place = list(range(256)), 0
    for n in range(256):
        place = (place + state[n] + key[n % len(key)]) % 256
        state[n], state[place] = state[place], state[n]
    first = second = 0
    out = bytearray()
    for byte in data:
        first = (first + 1) % 256
        second = (second + state[first]) % 256
        state[first], state[second] = state[second], state[first]
        out.append(byte ^ state[(state[first] + state[second]) % 256])
    return bytes(out)


def _encrypted(draw, text: str) -> bytes:
    """Encrypt a page with an empty password, as files are that may only not be printed."""
    owner = bytes(32)
    key = md5(_PADDING + owner + (-4).to_bytes(4, "little", signed=True) + b"id").digest()[:5]
    lock = (
        f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{owner.hex()}>"
        f" /U <{_rc4(key, _PADDING).hex()}> >>"
    )
    content = f"BT /F1 11 Tf 72 700 Td ({text}) Tj ET".encode()
    its_key = md5(key + (6).to_bytes(3, "little") + bytes(2)).digest()[:10]  # object 6, below
    body = _rc4(its_key, content).decode("latin-1")
    return draw(body, others=(lock,), trailer="/Encrypt 4 0 R /ID [<6964><6964>]")


def test_a_file_with_an_empty_password_is_read(draw, read):
    [record] = read("a.pdf", _encrypted(draw, "Nobody may print this."))
    assert record.text == "Nobody may print this."


def test_offsets_of_pages_hold_behind_all_that_is_left_out(drawn, lines):
    words = ("one", "two", "three", "four", "five")
    pages = [
        lines(
            "The house book", f"Of {word} rooms and their win-", f"dows, {word}.", f"Page {n} of 5"
        )
        for n, word in enumerate(words, 1)
    ]
    document = drawn(*pages)
    assert document.metadata == {"repeated_lines_left_out": "9"}
    starts = [document.text[start:] for start in document.pages]
    assert starts[0].startswith("The house book\nOf one rooms and their windows,\none.\n")
    assert [start[:7] for start in starts[1:]] == ["Of two ", "Of thre", "Of four", "Of five"]
    assert document.remark is None


@pytest.mark.parametrize(
    ("angle", "matrix", "step"),
    [(90, "0 1 -1 0", (14, 0)), (180, "-1 0 0 -1", (0, 14)), (270, "0 -1 1 0", (-14, 0))],
)
def test_pages_that_are_drawn_sideways_and_turned_are_read(drawn, angle, matrix, step):
    drawings = [
        f"BT /F1 11 Tf {matrix} {300 + step[0] * n} {400 + step[1] * n} Tm ({line}) Tj ET"
        for n, line in enumerate(("The lid is up", "and the box is down."))
    ]
    text = drawn(" ".join(drawings), page=f"/Rotate {angle}").text
    assert text == "The lid is up\nand the box is down."


def test_letters_drawn_twice_for_bold_are_read_once(drawn):
    twice = " ".join(f"BT /F1 11 Tf {72 + n * 0.3} 700 Td (Danger of fire) Tj ET" for n in range(2))
    assert drawn(twice).text == "Danger of fire"


def test_ligatures_are_their_letters(drawn):
    fonts = "/F2 << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding << /Differences [1 /fi /fl] >> >>"
    assert (
        drawn("BT /F2 11 Tf 72 700 Td (\\001re and \\002oor) Tj ET", fonts=fonts).text
        == "fire and floor"
    )
