"""Compound files (OLE) made by hand, and old Word, Excel and PowerPoint files in them."""

import struct
from collections.abc import Mapping

_SECTOR, _CUTOFF = 512, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_FOLDER, _STREAM, _ROOT = 1, 2, 5


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file of the streams; a name may have one folder before a slash."""
    folders = sorted({name.partition("/")[0] for name in streams if "/" in name})
    entries: list[tuple[str, int, str, bytes]] = [("Root Entry", _ROOT, "", b"")]
    entries += [(name, _FOLDER, "Root Entry", b"") for name in folders]
    for name, content in streams.items():
        folder, _, base = name.rpartition("/")
        entries.append((base, _STREAM, folder or "Root Entry", content))
    small, small_fat, starts = b"", [], {}
    for number, (*_, content) in enumerate(entries):
        if 0 < len(content) < _CUTOFF:  # in sectors of 64 bytes, all in one stream
            starts[number] = len(small_fat)
            small_fat += _chain(len(small_fat), -(-len(content) // 64))
            small += content.ljust(-(-len(content) // 64) * 64, b"\0")
    entries[0] = (*entries[0][:3], small)
    small_table = struct.pack(f"<{len(small_fat)}I", *small_fat)
    counts = [0 if number in starts else _sectors(one[3]) for number, one in enumerate(entries)]
    directory, table = -(-len(entries) // 4), _sectors(small_table)
    fat_sectors = -(-(directory + table + sum(counts)) // 120)
    fat = [_FAT] * fat_sectors + _chain(fat_sectors, directory)
    fat += _chain(len(fat), table)
    body, records = small_table.ljust(table * _SECTOR, b"\xff"), b""
    for number, (name, kind, _, content) in enumerate(entries):
        start = starts.get(number, len(fat) if content else _END)
        fat += _chain(len(fat), counts[number])
        body += content.ljust(_SECTOR * counts[number], b"\0") if counts[number] else b""
        records += _entry(entries, number, name, kind, start, len(content))
    packed = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * _SECTOR, b"\xff")
    head = _head(fat_sectors, fat_sectors + directory if table else _END, table)
    return head + packed + records.ljust(directory * _SECTOR, b"\0") + body


def _sectors(content: bytes) -> int:
    return -(-len(content) // _SECTOR)


def _chain(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), _END] if count else []


def _head(fat_sectors: int, small_start: int, small_count: int) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIII", 0, fat_sectors, fat_sectors, 0, _CUTOFF)
    head += struct.pack("<IIII", small_start, small_count, _END, 0)
    placed = [*range(fat_sectors), *([_FREE] * (109 - fat_sectors))]
    return head + struct.pack("<109I", *placed)


def _entry(
    entries: list[tuple[str, int, str, bytes]],
    number: int,
    name: str,
    kind: int,
    start: int,
    size: int,
) -> bytes:
    """An entry whose next sibling is the next of the same folder."""
    folder = entries[number][2]
    after = [n for n in range(number + 1, len(entries)) if entries[n][2] == folder and folder]
    inside = [n for n, one in enumerate(entries) if one[2] == name and kind != _STREAM]
    wide = (name + "\0").encode("utf-16-le")
    record = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide), kind, 1)
    record += struct.pack(
        "<III", _FREE, after[0] if after else _FREE, inside[0] if inside else _FREE
    )
    return record + bytes(36) + struct.pack("<IQ", start, size)


def doc(text: str, *, notes: str = "", headers: str = "", flags: int = 0) -> bytes:
    """A Word 97 file: the main text, notes and headers as one piece."""
    start, whole = 0x400, text + notes + headers
    head = struct.pack("<HH", 0xA5EC, 0x00C1).ljust(0x0A, b"\0") + struct.pack("<H", flags)
    head = head.ljust(0x4C, b"\0") + struct.pack(
        "<7i", len(text), len(notes), len(headers), 0, 0, 0, 0
    )
    clx = b"\x02" + struct.pack("<I", 16) + struct.pack("<II", 0, len(whole))
    clx += struct.pack("<HIH", 0, start, 0)
    head = head.ljust(0x01A2, b"\0") + struct.pack("<II", 0, len(clx))
    document = head.ljust(start, b"\0") + whole.encode("utf-16-le")
    return compound({"WordDocument": document.ljust(4096, b"\0"), "0Table": clx.ljust(4096, b"\0")})


def xls(rows: list[list[str | float]], name: str = "Sheet") -> bytes:
    """An Excel 97 file of one sheet."""
    bof, eof = 0x0809, _record(0x000A, b"")
    label = name.encode("latin-1")
    first = _record(bof, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    placed = len(first) + 4 + 8 + len(label) + len(eof)
    book = first + _record(0x0085, struct.pack("<IHBB", placed, 0, len(label), 0) + label) + eof
    sheet = _record(bof, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            place = struct.pack("<HHH", y, x, 0)
            if isinstance(cell, str):
                text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                sheet += _record(0x0204, place + text)
            else:
                sheet += _record(0x0203, place + struct.pack("<d", cell))
    return compound({"Workbook": (book + sheet + eof).ljust(4096, b"\0")})


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def ppt(slides: list[tuple[str, str]]) -> bytes:
    """A PowerPoint 97 file of slides, each with a title in the outline and a text in its drawing."""
    stream, places = b"", []
    for _, drawn in slides:
        places.append(len(stream))
        box = _atom(0xF00D, _atom(0x0F9F, struct.pack("<I", 4)) + _wide(drawn), version=15)
        stream += _atom(0x03EE, _atom(0x03EF, bytes(24)) + box, version=15)
    listed = b"".join(
        _atom(0x03F3, struct.pack("<IIIII", number + 2, 0, 0, 256 + number, 0))
        + _atom(0x0F9F, struct.pack("<I", 0))
        + _wide(title)
        for number, (title, _) in enumerate(slides)
    )
    places.insert(0, len(stream))
    stream += _atom(0x03E8, _atom(0x0FF0, listed, version=15), version=15)
    directory = len(stream)
    head = struct.pack("<I", 1 | len(places) << 20)
    stream += _atom(0x1772, head + struct.pack(f"<{len(places)}I", *places))
    edit = len(stream)
    stream += _atom(0x0FF5, struct.pack("<IIIIIII", 0, 0, 0, directory, 1, 0, 0))
    user = struct.pack("<8xIII", 20, 0xE391C05F, edit)
    return compound({"Current User": user.ljust(64, b"\0"), "PowerPoint Document": stream})


def _atom(kind: int, data: bytes, *, version: int = 0) -> bytes:
    return struct.pack("<HHI", version, kind, len(data)) + data


def _wide(text: str) -> bytes:
    return _atom(0x0FA0, text.encode("utf-16-le"))


def msg(properties: Mapping[str, str | bytes], *, attached: tuple[str, ...] = ()) -> bytes:
    """An Outlook message: properties by number, text as 001F and bytes as 0102."""
    streams = {"__properties_version1.0": bytes(32) + struct.pack("<HHIQ", 0x40, 0x39, 6, _WHEN)}
    for number, value in properties.items():
        kind = "001F" if isinstance(value, str) else "0102"
        content = value.encode("utf-16-le") if isinstance(value, str) else value
        streams[f"__substg1.0_{number}{kind}"] = content
    for place, name in enumerate(attached):
        folder = f"__attach_version1.0_#{place:08X}"
        streams[f"{folder}/__substg1.0_3707001F"] = name.encode("utf-16-le")
    return compound(streams)


#: 2024-05-06 07:08:09 in hundreds of nanoseconds since 1601.
_WHEN = 133594528890000000
