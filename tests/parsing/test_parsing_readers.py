import gzip
import io
import random
import subprocess
import sys
from pathlib import Path

import pytest

from semantic_assets.parsing.blocks import read_blocks
from semantic_assets.parsing.formats import SUPPORTED_SUFFIXES, is_multi_record, is_supported
from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns

_MARKUP = """.rst .rest .adoc .asciidoc .org .tex .ltx .latex .ipynb .srt .vtt .sbv .ass .ssa .svg .xml
.dbk .docbook .dita .ditamap .nxml .tei .rss .atom .opml .plist .rdf .kml .gpx .xmp"""
_CODE = """.py .pyi .pyw .pyx .pxd .js .mjs .cjs .jsx .ts .tsx .mts .cts .java .c .h .cc .cpp .cxx .hh .hpp
.hxx .ino .cu .cuh .m .mm .cs .csx .fs .fsi .fsx .vb .vbs .bas .go .rs .rb .rake .gemspec .php .phtml
.swift .kt .kts .scala .sc .groovy .gradle .sh .bash .zsh .fish .ksh .ps1 .psm1 .psd1 .bat .cmd .sql
.ddl .r .jl .lua .pl .pm .hs .lhs .ml .mli .ex .exs .erl .hrl .clj .cljs .cljc .edn .lisp .lsp .el .scm
.rkt .dart .zig .nim .d .f .f90 .f95 .f03 .for .pas .dpr .adb .ads .cob .cbl .asm .s .v .sv .svh .vhd
.vhdl .tcl .awk .sed .vue .svelte .astro .css .scss .sass .less .styl .tf .tfvars .hcl .proto .thrift
.capnp .graphql .gql .cmake .mk .mak .am .dockerfile .containerfile .nix .sol .j2 .jinja .jinja2 .tmpl
.tpl .erb .ejs .hbs .mustache .twig .sty .cls .dtx .octave .yaml .yml .toml .ini .cfg .conf .properties
.desktop .service .reg .xsd .xsl .xslt .wsdl .dtd .rng .json5 .jsonc"""
_TEXTS = (
    ".txt .text .md .markdown .mdx .qmd .rmd .html .htm .xhtml .log .diff .patch .asc .po .pot .bib"
)
_RECORDS = ".json .jsonl .ndjson .csv .tsv .mbox"
_OFFICE = """.docx .docm .dotx .dotm .doc .rtf .odt .ott .pptx .pptm .ppsx .ppsm .potx .ppt .odp .otp
.xlsx .xlsm .xltx .xlsb .xls .ods .ots .epub .eml .mht .mhtml .msg"""
_PACKED_ARCHIVES = ".zip .tgz .tar.bz2 .tbz2 .tar.xz .txz"


def test_suffixes_are_exactly_the_documented_ones():
    plain = {*f"{_MARKUP} {_CODE} {_TEXTS} {_RECORDS}".split(), ".tar"}
    packed = {f"{name}.gz" for name in plain}
    whole = {".pdf", ".parquet", *f"{_OFFICE} {_PACKED_ARCHIVES}".split()}
    images = {".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif"}
    audio = {".wav", ".mp3", ".aiff", ".aac", ".ogg", ".flac"}
    video = {".mp4", ".mpeg", ".mpg", ".mov", ".avi", ".webm", ".wmv", ".3gp"}
    assert plain | packed | whole | images | audio | video == SUPPORTED_SUFFIXES


@pytest.mark.parametrize("name", ["a.TXT", "s3://b/c.jsonl.gz", "dir.x/a.b.md"])
def test_name_with_a_reader_is_supported(name):
    assert is_supported(name)


@pytest.mark.parametrize(
    "name", ["a.xyz", "a.parquet.gz", "a.pdf.gz", "txt", "a.docx.gz", "a.zip.gz"]
)
def test_name_without_a_reader_is_not_supported(name):
    assert not is_supported(name)
    [record] = read_records(name, io.BytesIO(b"x"), columns=Columns())
    assert (record.parse_status, record.mime) == ("failed", "application/octet-stream")
    assert record.parse_error.startswith("no reader takes")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.json", True), ("a.csv.gz", True), ("a.parquet", True), ("a.md", False), ("a.doc", False)],
)
def test_record_files_are_told_from_single_documents(name, expected):
    assert is_multi_record(name) is expected


@pytest.mark.parametrize("suffix", sorted(SUPPORTED_SUFFIXES))
def test_empty_file_is_one_failed_record(read, tmp_path, suffix):
    [record] = read(f"a{suffix}", b"")
    assert (record.parse_status, record.text, record.pages) == ("failed", "", ())
    assert record.parse_error == "file is empty"


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_skip_leaves_out_the_record_of_an_unreadable_file(read, name):
    assert len(read(name, b"")) == 1
    assert read(name, b"", skip=1) == []


def test_skip_of_one_leaves_out_a_single_document(read):
    assert read("a.txt", "text", skip=1) == []


class _BrokenStream(io.BytesIO):
    """Fails as a lost connection does, after the first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0 or size == -1:
            raise ConnectionResetError("lost")
        return super().read(8)


_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\x4b" * 3000
_STARTS = {
    **dict.fromkeys((".tar.bz2", ".tbz2"), b"BZh91AY&SY" + b"\0" * 3000),
    **dict.fromkeys((".tar.xz", ".txz"), b"\xfd7zXZ\0\0\4" + b"\0" * 3000),
    ".tgz": _GZIP,
}


@pytest.mark.parametrize("suffix", sorted(SUPPORTED_SUFFIXES))
def test_error_of_the_stream_itself_propagates(suffix):
    start = _GZIP if suffix.endswith(".gz") else _STARTS.get(suffix, b"x" * 300_000)
    with pytest.raises(ConnectionResetError):
        list(read_records(f"a{suffix}", _BrokenStream(start), columns=Columns()))


def test_stream_is_read_from_its_start(tmp_path: Path):
    stream = io.BytesIO(b"whole text")
    stream.seek(6)
    [record] = read_records("a.txt", stream, columns=Columns())
    assert record.text == "whole text"


def test_truncated_gzip_gives_the_records_so_far_and_one_failure(tmp_path: Path):
    noise = random.Random(1).randbytes(40_000).hex()  # does not compress: every record is in reach
    texts = [noise[start : start + 80] for start in range(0, len(noise), 80)]
    lines = [f'{{"id": {number}, "text": "{text}"}}' for number, text in enumerate(texts)]
    packed = gzip.compress("\n".join(lines).encode())
    stream = io.BytesIO(packed[: len(packed) // 2])
    *read_so_far, last = read_records("a.jsonl.gz", stream, columns=Columns())
    good = [record for record in read_so_far if record.parse_status == "ok"]
    assert 300 < len(good) < 700
    assert [record.record_id for record in good] == [str(number) for number in range(len(good))]
    assert len(read_so_far) - len(good) <= 1  # the line that was cut in two
    assert last.parse_status == "failed"
    assert "gzip stream ends too early" in last.parse_error


def test_truncated_gzip_of_a_document_is_one_failed_record(tmp_path: Path):
    stream = io.BytesIO(gzip.compress(b"some text " * 100)[:-12])
    [record] = read_records("a.txt.gz", stream, columns=Columns())
    assert "gzip stream ends too early" in record.parse_error


def test_gzip_of_several_members_is_read_to_its_end():
    stream = io.BytesIO(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20)
    [record] = read_records("a.txt.gz", stream, columns=Columns())
    assert (record.text, record.title) == ("one two", "a")


def test_gzip_larger_than_a_block_is_read_whole(read):
    text = "0123456789abcdef" * 200_000  # 3 MB of text in a few KB
    [record] = read("a.md.gz", text)
    assert record.text == text


def test_gzip_is_undone_in_bounded_blocks():
    stream = io.BytesIO(gzip.compress(b"x" * 20_000_000))  # 20 KB, all in one read
    sizes = [len(block) for block in read_blocks(stream, compressed=True)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 2 << 20


def test_document_too_large_to_hold_is_a_failed_record(read, monkeypatch):
    monkeypatch.setattr("semantic_assets.parsing.readers.MAX_TEXT_BYTES", 1000)
    [record] = read("a.txt.gz", "x" * 1001)
    assert "split it" in record.parse_error
    assert read("a.txt.gz", "x" * 1000)[0].parse_status == "ok"


def test_import_loads_no_third_party_reader():
    probe = (
        "import sys, semantic_assets.parsing.readers;"
        "print({'pyarrow', 'orjson', 'selectolax', 'pypdfium2', 'charset_normalizer'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "set()"
