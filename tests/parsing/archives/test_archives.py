"""Archives: each member a document, within limits, and nothing left out in silence."""

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile

import pytest

from semantic_assets.parsing.archives import members
from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns
from tests.parsing.hostile import scanned_pdf

_FILES = {
    "docs/guide.md": b"# Guide\n\nHot.",
    "data.csv": b"id,text\n7,one\n8,two\n",
    "src/kiln.py": b"# no heading\nx = 1\n",
}


def _zip(files: dict[str, bytes], **how: object) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, **how)
    return sink.getvalue()


def _tar(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in others:
            archive.addfile(info)
    return sink.getvalue()


def _read(name: str, content: bytes, skip: int = 0) -> list:
    return list(read_records(name, io.BytesIO(content), columns=Columns(), skip=skip))


_PACKED = {
    "a.zip": _zip(_FILES),
    "a.tar": _tar(_FILES),
    "a.tar.gz": gzip.compress(_tar(_FILES)),
    "a.tgz": gzip.compress(_tar(_FILES)),
    "a.tar.bz2": bz2.compress(_tar(_FILES)),
    "a.tbz2": bz2.compress(_tar(_FILES)),
    "a.tar.xz": lzma.compress(_tar(_FILES)),
    "a.txz": lzma.compress(_tar(_FILES)),
}


@pytest.mark.parametrize("name", _PACKED)
def test_each_member_is_a_document_of_its_own_kind(name):
    records = _read(name, _PACKED[name])
    assert [(r.record_id, r.mime, r.title, r.text, r.parse_status) for r in records] == [
        ("docs/guide.md", "text/markdown", "Guide", "# Guide\n\nHot.", "ok"),
        ("data.csv#7", "text/csv", None, "one", "ok"),
        ("data.csv#8", "text/csv", None, "two", "ok"),
        ("src/kiln.py", "text/x-python", "kiln", "# no heading\nx = 1", "ok"),
    ]
    assert records[0].bytes == len(_FILES["docs/guide.md"])


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("skip", range(6))
def test_skipped_records_are_left_out_and_the_order_holds(name, skip):
    assert _read(name, _PACKED[name], skip) == _read(name, _PACKED[name])[skip:]


def test_record_without_an_id_is_named_by_its_content():
    both = b'{"text": "a"}\n{"text": "b"}\n'
    first, second = _read("a.zip", _zip({"r.jsonl": both}))
    [alone] = _read("a.zip", _zip({"r.jsonl": b'{"text": "b"}\n'}))
    assert first.record_id != second.record_id == alone.record_id
    assert alone.record_id.startswith("r.jsonl#")


def test_broken_member_costs_itself_alone():
    files = {
        "a.txt": b"good",
        "b.pdf": b"no pdf",
        "c.txt": b"\0\1\2" * 99,
        "d.json": b"{",
        "e.md": b"x",
    }
    records = _read("a.zip", _zip(files))
    assert [r.parse_status for r in records] == ["ok", "failed", "failed", "failed", "ok"]
    assert [r.record_id for r in records][:3] == ["a.txt", "b.pdf", "c.txt"]
    assert records[1].title == "b"
    assert "not a PDF" in records[1].parse_error


def test_member_with_damaged_bytes_costs_itself_alone():
    noise = random.Random(1).randbytes(4_000).hex().encode()
    content = bytearray(_zip({"a.txt": noise, "b.txt": b"good"}))
    content[500:520] = b"\0" * 20
    bad, good = _read("a.zip", bytes(content))
    assert (bad.record_id, bad.parse_status) == ("a.txt", "failed")
    assert "damaged" in bad.parse_error
    assert good.text == "good"


def test_what_no_reader_takes_is_a_failed_record_with_its_path():
    program, picture = _read("a.zip", _zip({"bin/run.exe": b"MZ", "p.png": b"\x89PNG"}))
    assert (program.record_id, program.mime) == ("bin/run.exe", "application/octet-stream")
    assert "programs that end in .exe" in program.parse_error
    assert (picture.record_id, picture.mime, picture.bytes) == ("p.png", "image/png", 4)
    assert "are not described: unpack it" in picture.parse_error


def test_scanned_pdf_in_an_archive_is_said():
    [record] = _read("a.zip", _zip({"scan.pdf": scanned_pdf()}))
    assert (record.record_id, record.parse_status) == ("scan.pdf", "failed")
    assert "unpack it" in record.parse_error


def test_links_devices_and_hidden_names_are_counted_in_one_record():
    link, device, folder = tarfile.TarInfo("l.txt"), tarfile.TarInfo("d"), tarfile.TarInfo("f")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device.type, folder.type = tarfile.CHRTYPE, tarfile.DIRTYPE
    files = {"a.txt": b"x", ".env": b"KEY=1", "s/.git/config": b"y"}
    first, last = _read("a.tar", _tar(files, link, device, folder))
    assert first.text == "x"
    assert (last.record_id, last.parse_status) == ("#left-out", "failed")
    assert last.parse_error == (
        "left out of the archive: 2 names that begin with a dot, 1 links, 1 devices;"
        " unpack it if they are to be read"
    )


def test_files_of_operating_systems_are_no_records():
    files = {"a.txt": b"x", "__MACOSX/._a.txt": b"\0\5", ".DS_Store": b"\0", "x/Thumbs.db": b"\0"}
    assert [r.record_id for r in _read("a.zip", _zip(files))] == ["a.txt"]


def test_link_in_a_zip_is_not_read_as_text():
    info = zipfile.ZipInfo("l.txt")
    info.external_attr = 0o120777 << 16
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    [record] = _read("a.zip", sink.getvalue())
    assert "1 links" in record.parse_error


@pytest.mark.parametrize("name", ["/etc/a.txt", "../../a.txt", "a\\b.txt", "./a.txt"])
def test_path_of_a_member_is_only_a_name(name):
    [record] = _read("a.tar", _tar({name: b"x"}))
    assert (record.record_id, record.text) == (name, "x")


@pytest.mark.parametrize(
    ("raw", "name"),
    [("größe.txt".encode(), "größe.txt"), ("größe.txt".encode("cp437"), "größe.txt")],
)
def test_name_not_marked_as_utf8_is_still_a_name(raw, name):
    content = _zip({"x" * len(raw): b"text"}).replace(b"x" * len(raw), raw)
    [record] = _read("a.zip", content)
    assert record.text == "text"
    assert record.record_id.endswith(".txt")
    assert (record.record_id == name) or raw != name.encode()


def test_archive_in_an_archive_is_read_and_one_deeper_is_said():
    inner = _zip({"c.txt": b"deep", "d.zip": _zip({"e.txt": b"deeper"})})
    found, refused = _read("a.zip", _zip({"b.zip": inner}))
    assert (found.record_id, found.text) == ("b.zip#c.txt", "deep")
    assert refused.record_id == "b.zip#d.zip"
    assert "unpack the outer one" in refused.parse_error


def test_tar_within_a_zip_is_read():
    packed = gzip.compress(_tar({"c.txt": b"deep"}))
    [record] = _read("a.zip", _zip({"b.tar.gz": packed}))
    assert (record.record_id, record.text) == ("b.tar.gz#c.txt", "deep")


def test_packed_text_in_an_archive_is_unpacked():
    [record] = _read("a.tar", _tar({"b.rst.gz": gzip.compress(b"Pump\n====\nx")}))
    assert (record.record_id, record.title) == ("b.rst.gz", "Pump")


def test_encrypted_member_is_said():
    content = bytearray(_zip({"a.txt": b"x", "b.txt": b"y"}))
    at = content.index(b"PK\1\2")
    content[at + 8] |= 1
    locked, open_one = _read("a.zip", bytes(content))
    assert "encrypted: unpack the archive with its password" in locked.parse_error
    assert open_one.text == "y"


def test_member_packed_in_a_rare_way_is_said():
    content = bytearray(_zip({"a.txt": b"x"}))
    at = content.index(b"PK\1\2")
    content[at + 10] = 99
    [record] = _read("a.zip", bytes(content))
    assert record.parse_status == "failed"
    assert "pack it again" in record.parse_error


def test_cut_archives_keep_what_came_before():
    noise = {f"{n}.txt": random.Random(n).randbytes(2_000).hex().encode() for n in range(9)}
    packed = gzip.compress(_tar(noise))
    *good, last = _read("a.tar.gz", packed[: len(packed) // 2])
    assert 2 < len([r for r in good if r.parse_status == "ok"]) < 7
    assert "copy" in last.parse_error
    [alone] = _read("a.zip", _zip(noise)[:3_000])
    assert "not readable as a zip archive" in alone.parse_error
    [other] = _read("a.tar", b"no tar at all" * 100)
    assert "damaged" in other.parse_error


@pytest.mark.parametrize("name", ["a.zip", "a.tgz", "a.tar.xz", "a.tar.bz2"])
def test_bomb_is_ended_and_said(name, monkeypatch):
    monkeypatch.setattr("semantic_assets.parsing.blocks._RATIO_COUNTS_FROM", 1 << 20)
    content = {"a.txt": b"x", "b.txt": b"word " * 400_000, "c.txt": b"y"}
    make = {"a.tgz": gzip.compress, "a.tar.xz": lzma.compress, "a.tar.bz2": bz2.compress}
    packed = make[name](_tar(content)) if name in make else _zip(content)
    first, last = _read(name, packed)
    assert first.text == "x"
    assert "over 200 times" in last.parse_error


def test_member_over_the_limit_is_said(monkeypatch):
    monkeypatch.setattr(members, "MAX_MEMBER_BYTES", 1_000)
    big, small = _read("a.zip", _zip({"a.txt": b"x" * 1_001, "b.txt": b"y"}))
    assert (big.record_id, big.bytes) == ("a.txt", 1_001)
    assert "unpack the archive" in big.parse_error
    assert small.text == "y"


def test_more_members_than_the_limit_are_said(monkeypatch):
    monkeypatch.setattr(members, "MAX_MEMBERS", 3)
    records = _read("a.tar", _tar({f"{n}.txt": b"x" for n in range(5)}))
    assert [r.parse_status for r in records] == ["ok", "ok", "ok", "failed"]
    assert "more than 3 members: unpack it" in records[-1].parse_error


def test_equal_records_of_two_members_stay_apart():
    line = json.dumps({"id": "1", "text": "same"}).encode()
    first, second = _read("a.zip", _zip({"a.jsonl": line, "b.jsonl": line}))
    assert (first.record_id, second.record_id) == ("a.jsonl#1", "b.jsonl#1")
    assert first.signature is second.signature is None


def test_archive_of_nothing_to_read_says_so():
    [record] = _read("a.zip", _zip({}))
    assert record.parse_error == "archive has no files in it: exclude it in dataset.toml"
