"""Decoding of bytes: byte order mark, then strict UTF-8, then a declared charset, then a guess.

UTF-8 comes before a declared charset because pages get converted and keep their old declaration,
while text in a legacy encoding is practically never valid UTF-8 by chance.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress

from semantic_assets.parsing.encodings.escapes import escaped_encodings, is_escaped, may_be_escaped
from semantic_assets.parsing.encodings.guessing import guess_encodings
from semantic_assets.parsing.encodings.mending import (
    Decoded,
    damaged_encoding,
    decode_mixed,
    is_mixed,
    mended,
    with_marks,
    with_whole_characters,
)
from semantic_assets.parsing.records import Unreadable

_SAMPLE_BYTES = 64 << 10
#: Range of a record file that is searched for a byte beyond ASCII: one late accent in an
#: English file should decide its encoding, but reading on would read the file twice.
_SCAN_BYTES = 8 << 20
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF: name it .pdf"),
    (b"PAR1", "Parquet: name it .parquet"),
    (b"\x1f\x8b", "gzip: let its name end in .gz"),
    (b"PK\x03\x04", "a zip archive or an office document: save it as text or PDF"),
    (b"\xd0\xcf\x11\xe0", "an old office document: save it as text or PDF"),
    (b"\x89PNG", "a picture, which is binary: run OCR on it"),
    (b"\xff\xd8\xff", "a picture, which is binary: run OCR on it"),
    (b"{\\rtf", "RTF: save it as text or PDF"),
)
_BINARY = "content is binary, not text: remove the file or convert it"
_UNDECODABLE = "its encoding cannot be told, or it is damaged: save it as UTF-8"
#: Backspace, ESC and SUB occur in formatted manuals, terminal logs and DOS files.
_CONTROLS = re.compile(r"[\x00-\x07\x0e-\x19\x1c-\x1f\x7f]")
#: NULs and controls that may have strayed into a text, and the NULs with which a disk fills a file.
_STRAY = 2
_PADDING = bytes(8)
_STRAY, _PLAIN_OF_STRAY = 2, 12
_HTML = re.compile(rb"\s{0,1000}<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff\x1b]")


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """Return the text without its byte order mark; `declared` is the charset a page names.

    Stray damage is marked by U+FFFD, stray NULs are left out, and the remark says so.

    Raises:
        Unreadable: the content is binary or of no known encoding; the message names the remedy.
    """
    check_signature(data)
    is_padded = data.startswith(_PADDING) or data.endswith(_PADDING)
    kept = data.strip(b"\0") if is_padded else data
    found = _decoded(kept, declared)
    text, remark = _without_nuls(found, len(data) - len(kept))
    _check_controls(text[:_SAMPLE_BYTES])
    return Decoded(text, remark)


def _decoded(data: bytes, declared: str | None) -> Decoded:
    data = with_whole_characters(data)
    names: list[str] = []
    for encoding in _likely_encodings(_sample(data), declared):
        names.append(encoding)
        try:
            text = data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if encoding.startswith("utf") or is_escaped(encoding):
            return Decoded(text)
        return decode_mixed(data, declared) or with_marks(text)
    return _mended(data, names, declared)


def _mended(data: bytes, names: list[str], declared: str | None) -> Decoded:
    """Return text that no encoding decodes whole."""
    found = None if any(map(is_wide, names)) else decode_mixed(data, declared)
    damaged = damaged_encoding(data) if not names else None
    for name in (*names, *([damaged] if damaged else []), "utf-8"):
        found = found or mended(data, name)
    if not found:
        raise Unreadable(_UNDECODABLE)
    return found


def _without_nuls(found: Decoded, padding: int) -> tuple[str, str | None]:
    count = found.text.count("\0")
    if count > max(_STRAY, len(found.text) // 1000) or (padding and not found.text):
        raise Unreadable(_BINARY)
    if not count + padding:
        return found
    remark = f"{count + padding} NUL characters in it were left out: mend what writes the file"
    return found.text.replace("\0", ""), "; ".join(filter(None, (found.remark, remark)))


def sniff_encoding(blocks: Iterable[bytes]) -> str:
    """Return the codec of a file from a sample, for files too large to hold in memory."""
    scanned = 0
    for block in _until_damage(blocks):
        if not scanned:
            check_signature(block)
            if looks_like_html(block):
                raise Unreadable("content does not match the file name, it is HTML: name it .html")
        if _BEYOND_ASCII.search(block) or (not scanned and b"\0" in block):
            return _sample_encoding(_sample(block))
        if not scanned and may_be_escaped(block):
            for encoding in escaped_encodings(_sample(block)):
                return encoding
        scanned += len(block)
        if scanned >= _SCAN_BYTES:
            break
    return "utf-8"


def _until_damage(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks before any damage, which the reader reports once it gets there."""
    try:
        yield from blocks
    except Unreadable:
        return


def is_wide(encoding: str) -> bool:
    """Return whether a line feed is more than the byte 0A, so that bytes cannot be split at it."""
    return encoding.startswith(("utf-16", "utf_16", "utf-32", "utf_32"))


def to_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the blocks in UTF-8.

    Raises:
        Unreadable: at the first bytes that do not decode.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise Unreadable(f"cannot be decoded as {encoding} from here on") from error


def check_signature(data: bytes) -> None:
    """Raise Unreadable if the first bytes are those of another format."""
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise Unreadable(f"content does not match the file name, it is {what}")


def looks_like_html(data: bytes) -> bool:
    """Return whether the content begins with an HTML doctype or <html>."""
    return _HTML.match(data.removeprefix(codecs.BOM_UTF8)) is not None


def _check_controls(text: str) -> None:
    """Raise Unreadable if decoded content is not text: one control in a hundred."""
    if (len(_CONTROLS.findall(text)) - _STRAY) * 100 > len(text):
        raise Unreadable(_BINARY)


def _sample_encoding(sample: bytes) -> str:
    for encoding in _likely_encodings(sample, None):
        # UTF-8 is settled already, and its damaged lines are for the reader to report.
        errors = "replace" if encoding == "utf-8" else "strict"
        try:
            text = codecs.getincrementaldecoder(encoding)(errors).decode(sample)
        except UnicodeDecodeError:
            continue
        _check_controls(text)
        return "utf-8" if not encoding.startswith("utf") and is_mixed(sample) else encoding
    if is_mixed(sample):
        return "utf-8"
    if found := damaged_encoding(sample):
        return found
    raise Unreadable(_UNDECODABLE)


def _likely_encodings(sample: bytes, declared: str | None) -> Iterator[str]:
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            yield encoding
            return
    if _may_be_wide(sample):
        yield from _wide_encodings(sample)
        return
    if sample.isascii():
        yield from escaped_encodings(sample)
        yield "utf-8"
        return
    if _is_mostly_utf8(sample):
        yield "utf-8"
        return  # damaged UTF-8 has to fail: as any other encoding it would be mojibake
    if declared:
        yield declared
    yield from guess_encodings(sample)


def _may_be_wide(sample: bytes) -> bool:
    """Return whether the sample has zeros as UTF-16 does, not just stray zeros in ASCII.

    A quarter of Latin text would be zeros in UTF-16, and Cyrillic has its 04 bytes. Without that
    test ASCII with a few zeros passes for Chinese.
    """
    zeros = sample.count(0)
    rest = sample.replace(b"\0", b"")
    is_ascii = rest.isascii() and not _CONTROLS.search(rest.decode("ascii"))
    is_stray = zeros <= _STRAY and zeros * 50 < len(sample)
    return not is_stray and zeros * 500 > len(sample) and (zeros * 4 > len(sample) or not is_ascii)


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether it is UTF-8 but for stray damage."""
    foreign = [character for character in sample.decode(errors="replace") if character > "\x7f"]
    genuine = sample.count(b"\xef\xbf\xbd")  # U+FFFD left by an earlier conversion
    bad = foreign.count("\ufffd") - genuine
    # One or two bytes in a text of plain letters: a page of its own would have more of its letters.
    is_stray = bad <= _STRAY and any(map(str.isalpha, foreign))
    is_plain = len(sample) >= _PLAIN_OF_STRAY * len(foreign)
    return len(foreign) >= 4 * bad or (is_stray and is_plain)


def _wide_encodings(sample: bytes) -> Iterator[str]:
    """Yield the UTF-16 byte orders in which the sample is text, the likelier one first.

    High bytes of spaces and Latin letters are zeros; a low byte is rarely zero.
    """
    for encoding in ("utf-32-le", "utf-32-be"):
        with suppress(UnicodeDecodeError):
            if not any(map(_is_odd, set(sample[: len(sample) // 4 * 4].decode(encoding)))):
                yield encoding
                return
    pairs = sample[: len(sample) // 2 * 2]
    zeros = {"utf-16-le": pairs[::2].count(0), "utf-16-be": pairs[1::2].count(0)}
    for encoding in sorted(zeros, key=lambda name: zeros[name]):
        if not any(map(_is_odd, set(pairs.decode(encoding, "replace")))):
            yield encoding
            return
    raise Unreadable(_BINARY)


def _is_odd(character: str) -> bool:
    return unicodedata.category(character) in ("Cn", "Co", "Cc") and character not in "\t\n\f\r"


def _sample(data: bytes) -> bytes:
    """Return up to 64 KB of whole lines, from the one with the first byte beyond ASCII on."""
    if data.startswith(tuple(mark for mark, _ in _MARKS)) or b"\0" in data[:_SAMPLE_BYTES]:
        return data[:_SAMPLE_BYTES]
    found = _BEYOND_ASCII.search(data)
    position = found.start() if found else 0
    start = max(data.rfind(b"\n", 0, position) + 1, position - _SAMPLE_BYTES // 2)
    sample = data[start : start + _SAMPLE_BYTES]
    if start + _SAMPLE_BYTES < len(data):  # half a character would rule out the right encoding
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    return sample
