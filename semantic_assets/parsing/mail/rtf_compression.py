"""The compression of RTF in Outlook's messages (MS-OXRTFCP)."""

import struct

from semantic_assets.parsing.records import MAX_TEXT_BYTES, Unreadable

_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_PACKED, _PLAIN = b"LZFu", b"MELA"
_DAMAGED = "its text is damaged: open it in Outlook and save it again"


def unpacked(data: bytes) -> bytes:
    """Return the RTF; Unreadable if it is damaged or far too long."""
    if len(data) < 16:
        raise Unreadable(_DAMAGED)
    size, kind = struct.unpack_from("<4xI4s", data)
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _PACKED:
        raise Unreadable(_DAMAGED)
    text = _unpack(data)
    if len(text) > MAX_TEXT_BYTES:
        raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
    return bytes(text)


def _unpack(data: bytes) -> bytearray:
    """Undo references to the last 4096 bytes; one that points to its own end is the last."""
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    place, end, out = 16, len(_START), bytearray()
    while place < len(data) and len(out) <= MAX_TEXT_BYTES:
        flags, place = data[place], place + 1
        for bit in range(8):
            is_reference = flags >> bit & 1
            piece = data[place : place + 1 + is_reference]
            place += 1 + is_reference
            if len(piece) <= is_reference:
                return out
            word = int.from_bytes(piece, "big") if is_reference else 0
            if is_reference and word >> 4 == end:
                return out
            for step in range((word & 15) + 2 if is_reference else 1):
                # A piece may reach into itself, so it is copied byte by byte.
                byte = window[((word >> 4) + step) % _WINDOW] if is_reference else piece[0]
                window[end] = byte
                end = (end + 1) % _WINDOW
                out.append(byte)
    return out
