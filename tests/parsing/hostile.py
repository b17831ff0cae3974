"""Files that are broken, mislabelled, huge or hostile, with what has to become of each."""

import csv
import gzip
import io
import json
import random
import zipfile
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq

from tests.parsing.conftest import _assemble, _make_pdf

_NOISE = random.Random(1).randbytes(30_000)
_TEXTS = [f"{_NOISE[n * 40 : n * 40 + 40].hex()} is sentence {n}." for n in range(400)]
_LINES = "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(_TEXTS))
_PAGE = "<!DOCTYPE html><html><head><title>Pump</title></head><body><p>Water.</p></body></html>"


@dataclass(frozen=True)
class Hostile:
    """A file; `ok` and `failed` say how many records it must give, `reason` what they must say."""

    name: str
    content: bytes
    ok: int = 0
    failed: int = 0
    reason: str = ""


@cache
def hostile_files() -> list[Hostile]:
    return [*_mislabelled(), *_cut_short(), *_broken_records(), *_oversized(), *_odd_names()]


def _mislabelled() -> list[Hostile]:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))
    table = pa.table({"id": [1], "body": ["not in the text column"]})
    return [
        Hostile("empty.txt", b"", failed=1, reason="file is empty"),
        Hostile("blank.md", b" \n\t\n", failed=1, reason="no text"),
        Hostile("picture.pdf", png, failed=1, reason="it is a picture"),
        Hostile("picture.txt", png, failed=1, reason="it is a picture"),
        Hostile("page.txt", _PAGE.encode(), ok=1),
        Hostile("page.csv", _PAGE.encode(), failed=1, reason="name it .html"),
        Hostile("page.jsonl", _PAGE.encode(), failed=1, reason="name it .html"),
        Hostile("packed.json", gzip.compress(b"[]"), failed=1, reason="end in .gz"),
        Hostile("wide.csv", "id;text\n1;один\n2;два\n".encode("utf-16"), ok=2),
        Hostile("office.md", _zip("word/document.xml"), failed=1, reason="office document"),
        Hostile("archive.txt", _zip("a.txt"), failed=1, reason="zip archive"),
        Hostile("junk.txt", _NOISE, failed=1, reason="binary|encoding cannot be told"),
        Hostile("zeros.txt", bytes(5000), failed=1, reason="binary"),
        Hostile("other.parquet", _parquet(table), failed=1, reason="it has: id, body"),
        Hostile("locked.pdf", _make_pdf([["x"]], is_encrypted=True), failed=1, reason="encrypted"),
        Hostile("scan.pdf", scanned_pdf(), ok=1),  # it waits for its transcription
        Hostile("drawing.pdf", _make_pdf([[], []]), failed=1, reason="no text layer"),
    ]


def _cut_short() -> list[Hostile]:
    packed = gzip.compress(_LINES.encode(), mtime=0)
    array = json.dumps([{"text": text} for text in _TEXTS]).encode()
    rows = io.StringIO()
    csv.writer(rows, quoting=csv.QUOTE_ALL).writerows([["text"], *([text] for text in _TEXTS)])
    table = _parquet(pa.table({"text": _TEXTS}))
    lines = _LINES.encode()[:1060]
    whole = lines.count(b"\n")
    cut_pdf = _make_pdf([[text[:60]] for text in _TEXTS[:20]])[:-600]
    return [
        Hostile("cut.pdf", cut_pdf, failed=1, reason="PDF is damaged"),
        Hostile("cut.txt.gz", packed[:9000], failed=1, reason="ends too early: copy"),
        Hostile("cut.parquet", table[:-100], failed=1, reason="not readable as Parquet.* copy it"),
        Hostile("cut.json", array[:9000], ok=81, failed=1, reason="line 1: not valid JSON"),
        Hostile("cut.jsonl", lines, ok=whole, failed=1, reason=f"line {whole + 1}: not valid"),
        Hostile(
            "cut.csv", rows.getvalue().encode()[:1060], ok=10, failed=1, reason="row 11, line 12: "
        ),
    ]


def _broken_records() -> list[Hostile]:
    lines = b'{"text": "one"}\n{"text": "tw\n{"text": "three"}\n'
    deep = b"[" * 100_000 + b"]" * 100_000
    nested = b'{"a":' * 990 + b"NaN" + b"}" * 990
    quotes = b'id,text\n1,one\n2,"two\n3,three\n4,"four" x\n5,five\n'
    return [
        Hostile("lines.jsonl", lines, ok=2, failed=1, reason="line 2: not valid JSON"),
        Hostile("deep.json", deep, failed=1, reason="nested too deeply"),
        Hostile("deep.jsonl", b'{"text": "x", "more": ' + nested + b"}", failed=1, reason="nested"),
        Hostile("nul.csv", b"id,text\n1,a\n2,b\0c\n3,d\n", ok=3),
        Hostile("quotes.csv", quotes, ok=3, failed=2, reason="row [24], .* check its quotes"),
        Hostile("number.json", b'{"text": "x", "n": ' + b"9" * 5000 + b"}", ok=1),
    ]


def _oversized() -> list[Hostile]:
    keys = b'{"key0":0' + b"".join(b',"key%d":0' % n for n in range(1, 1_000_000)) + b"}"
    field = b"id,text\n1," + b"Five megabytes of it. " * 230_000 + b"\n2,b\n"
    blanks = " " * 1_000_000
    bomb = gzip.compress(bytes(100_000_000), 6, mtime=0)
    return [
        Hostile("keys.json", keys, failed=1, reason="key19 and 999980 more; name the text column"),
        Hostile("field.csv", field, ok=2),
        Hostile("bomb.txt.gz", bomb, failed=1, reason="over 200 times its size"),
        Hostile("bomb.jsonl.gz", bomb, failed=1, reason="binary"),
        Hostile("heading.md", f"# a{blanks}b".encode(), ok=1),
        Hostile("front.md", f"---\na: b\nkey:{blanks}\n---\nBody".encode(), ok=1),
        Hostile("nested.html", b"<div>" * 100_000 + b"x", failed=1, reason="nested too deeply"),
        Hostile("headers.html", b"<header>" * 8_000 + b"deep", ok=1),
    ]


def _odd_names() -> list[Hostile]:
    return [
        Hostile("two\nlines \N{GRINNING FACE}.txt", b"The name has a newline.", ok=1),
        Hostile("-rf 'quoted\" $HOME;`.md", b"The name is shell.", ok=1),
        Hostile("100%25 \N{PILE OF POO}\t.JSONL", b'{"text": "The name has a tab."}', ok=1),
    ]


def scanned_pdf() -> bytes:
    """Two pages, each a picture of one grey pixel and nothing else."""
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
        " /Resources << /XObject << /Im 6 0 R >> >> >>"
    )
    drawn = "612 0 0 792 0 0 cm /Im Do"
    picture = (
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8"
        " /ColorSpace /DeviceGray /Length 1 >>\nstream\n\x80\nendstream"
    )
    return _assemble(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
            page,
            page,
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
            picture,
        ],
        "",
    )


def _zip(name: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "content")
    return sink.getvalue()


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
