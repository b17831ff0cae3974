"""Small files that cost their readers minutes or gigabytes."""

import csv
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.office_files import OFFICE
from tests.parsing.conftest import _assemble


def nested_forms(*, levels: int = 12, uses: int = 10) -> bytes:
    """A PDF whose page draws a form that draws another ten times, and so on: 10^12 forms."""
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /XObject << /F 5 0 R >> >> >>"
    )
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", _PAGES, page, _stream("", "/F Do")]
    for level in range(levels):
        drawn = "/F Do " * uses
        inner = f"/Resources << /XObject << /F {6 + level} 0 R >> >>"
        objects.append(_stream(f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] {inner}", drawn))
    objects.append(_stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 m 9 9 l S"))
    return _assemble(objects, "")


def double_flate(size: int = 1 << 30) -> bytes:
    """A PDF whose page is a gigabyte of blanks, deflated twice to a few kB."""
    return _flated(b" " * (1 << 20), size)


def operators(size: int = 256 << 20) -> bytes:
    """A PDF whose page draws some 25 million lines, deflated twice."""
    return _flated(b"0 0 m 9 9 l S\n" * 74_898, size)


def page_tree_ring() -> bytes:
    """A PDF whose page tree leads back to itself and claims two billion pages."""
    ring = "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"
    return _assemble(["<< /Type /Catalog /Pages 2 0 R >>", ring], "")


def many_attributes(count: int = 40_000) -> bytes:
    """A page with one tag of so many attributes, each compared with all before it."""
    names = " ".join(f"a{number}=1" for number in range(count))
    return f"<html><body><p {names}>text</p></body></html>".encode()


def unclosed(tag: str, count: int = 100_000) -> bytes:
    """A page of elements that are never closed."""
    return b"<html><body>" + f"<{tag}>x".encode() * count


def misnested(count: int = 20_000) -> bytes:
    """A page of formatting elements closed in the wrong order: each is mended by copying others."""
    return b"<html><body>" + b"<a><b><i><p></a></b></i>x" * count


def wide_csv(columns: int = 500, rows: int = 1_500) -> bytes:
    """A MB of CSV whose long column names are repeated in each record."""
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(["text", *(f"{number}{'n' * 1000}" for number in range(columns))])
    writer.writerows([["x", *("1" * columns)]] * rows)
    return sink.getvalue().encode()


def one_quote(size: int = 150 << 20) -> bytes:
    """A CSV, packed to 150 kB, whose quote is never closed."""
    return gzip.compress(b'id,text\n1,"' + b"a\n" * (size // 2), 9, mtime=0)


def one_line(size: int = 200 << 20) -> bytes:
    """A JSONL, packed, of one line."""
    return gzip.compress(b'{"text": "' + b"a" * size, 9, mtime=0)


def nested_json(depth: int = 4_000_000) -> bytes:
    return b'{"text": "x", "a": ' + b"[" * depth + b"]" * depth + b"}"


def nested_lines(depth: int = 900, rows: int = 3_000) -> bytes:
    """Lines nested just within what is taken."""
    line = b'{"text": "x", "a": ' + b'[{"k":' * (depth // 2) + b"1" + b"}]" * (depth // 2) + b"}\n"
    return line * rows


def repeated_rows(length: int, rows: int) -> bytes:
    """A Parquet file of one text in a dictionary, and very many rows that name it."""
    words = pa.DictionaryArray.from_arrays(
        pa.array([0] * rows, pa.int32()), pa.array(["w" * length])
    )
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": words}), sink, compression="zstd")
    return sink.getvalue()


def nested_parquet(depth: int = 400) -> bytes:
    """A Parquet file whose column is a list of lists of lists."""
    value, kind = 1, pa.int64()
    for _ in range(depth):
        value, kind = [value], pa.list_(kind)
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["x"], "deep": pa.array([value], kind)}), sink)
    return sink.getvalue()


def many_columns(count: int = 30_000) -> bytes:
    """A Parquet file of one row and very many columns."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["x"], **{f"c{n}": [n] for n in range(count)}}), sink)
    return sink.getvalue()


def many_keys(count: int = 400_000) -> bytes:
    return json.dumps({"text": "x", "keys": {str(n): n for n in range(count)}}).encode()


def zip_bomb(members: int = 8, size: int = 50 << 20) -> bytes:
    """A zip of half a MB whose members unpack to 400 MB."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(members):
            archive.writestr(f"{number}.txt", b"word " * (size // 5))
    return sink.getvalue()


def overlapping_zip(members: int = 20_000) -> bytes:
    """A zip whose directory names one packed member of 4 MB again and again."""
    single = io.BytesIO()
    with zipfile.ZipFile(single, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.txt", b"word " * 800_000)
    packed = single.getvalue()
    start, end = packed.index(b"PK\1\2"), packed.index(b"PK\5\6")
    entry = packed[start:end]
    tail = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, members, members, len(entry) * members, start, 0
    )
    return packed[:start] + entry * members + tail


def nested_zips(levels: int = 40) -> bytes:
    """A zip in a zip in a zip, and so on."""
    content = b"text"
    for level in range(levels):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.zip" if level else "a.txt", content)
        content = sink.getvalue()
    return content


def many_members(count: int = 100_000) -> bytes:
    """A tar of very many small members, packed."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz", compresslevel=1) as archive:
        for number in range(count):
            info = tarfile.TarInfo(f"{number}.txt")
            info.size = 5
            archive.addfile(info, io.BytesIO(b"%05d" % (number % 100_000)))
    return sink.getvalue()


def long_names(count: int = 3_000) -> bytes:
    """A tar whose headers announce a longer name, again and again."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 100
    return (header.tobuf(tarfile.GNU_FORMAT) + b"n" * 512) * count


def nested_directives(depth: int = 1_400) -> bytes:
    """A reStructuredText of notes within notes, and blank lines to be gone through for each."""
    notes = "".join(f"{' ' * level}.. note::\n" for level in range(depth))
    return (notes + "\n" * 500_000 + " " * depth + "text\n").encode()


def nested_braces(depth: int = 200_000) -> bytes:
    """A LaTeX of footnotes within footnotes."""
    return b"\\footnote{x" * depth + b"}" * depth


def unended_blocks(count: int = 60_000) -> bytes:
    """An Org file of blocks and drawers that are never ended."""
    return b"#+begin_quote\n:A:\n[[a\n" * count


def unended_environments(count: int = 60_000) -> bytes:
    """A LaTeX of environments, mathematics and verbatim text that are never ended."""
    return b"\\begin{equation}\\begin{verbatim}x$\\begin{tabular}{l}\\[" * count


def long_output(size: int = 50 << 20) -> bytes:
    """A notebook whose one cell has printed 50 MB."""
    output = {"output_type": "stream", "text": "a line of it\n" * (size // 13)}
    cell = {"cell_type": "code", "source": "x", "outputs": [output]}
    return json.dumps({"cells": [cell]}).encode()


def entity_bomb(levels: int = 30) -> bytes:
    """An XML whose entities each unfold to ten of another."""
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "text"}">' for n in range(levels)
    )
    return f"<!DOCTYPE a [{entities}]><a>&e{levels - 1};</a>".encode()


def long_entity(size: int = 1 << 20) -> bytes:
    """An XML that names one long entity very often: it unfolds to 200 GB."""
    entity, uses = "e" * size, "&x;" * 200_000
    return f'<!DOCTYPE a [<!ENTITY x "{entity}">]><a>{uses}</a>'.encode()


def nested_elements(depth: int = 500_000) -> bytes:
    return b"<a>" * depth + b"x" + b"</a>" * depth


def _flated(block: bytes, size: int) -> bytes:
    inner = b"".join(_deflated(block for _ in range(size // len(block))))
    content = zlib.compress(inner, 9)
    head = f"<< /Filter [/FlateDecode /FlateDecode] /Length {len(content)} >>\nstream\n"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>"
    stream = head + content.decode("latin-1") + "\nendstream"
    return _assemble(["<< /Type /Catalog /Pages 2 0 R >>", _PAGES, page, stream], "")


def _deflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    deflate = zlib.compressobj(9)
    for block in blocks:
        yield deflate.compress(block)
    yield deflate.flush()


_PAGES = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def _stream(fields: str, content: str) -> str:
    return f"<< {fields} /Length {len(content)} >>\nstream\n{content}\nendstream"


#: By name of file: its maker, and what the last record must say; None: it is read, in time.
HOSTILE: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "forms.pdf": (nested_forms, "CPU seconds|MB of memory"),
    "flate.pdf": (double_flate, "MB of memory"),
    "operators.pdf": (operators, "CPU seconds|MB of memory"),
    "ring.pdf": (page_tree_ring, "damaged|no text"),
    "attributes.html": (many_attributes, None),
    "more_attributes.html": (lambda: many_attributes(100_000), "CPU seconds"),
    "bold.html": (lambda: unclosed("b"), None),
    "font.html": (lambda: unclosed("font size=1"), None),
    "misnested.html": (misnested, None),
    "wide.csv": (wide_csv, "repeat long names of columns"),
    # The csv module holds four bytes for each character of a cell: memory may end before the ratio.
    "quote.csv.gz": (one_quote, "200 times|MB of memory"),
    "line.jsonl.gz": (one_line, "200 times"),
    "nested.json": (nested_json, "nested"),
    "nested.jsonl": (nested_lines, None),
    "keys.json": (many_keys, None),
    "rows.parquet": (lambda: repeated_rows(100_000, 1_000_000), "MB of text"),
    "long_rows.parquet": (lambda: repeated_rows(8_000_000, 1_000), "MB of memory"),
    "deep.parquet": (nested_parquet, "deeply nested"),
    "columns.parquet": (many_columns, None),
    **OFFICE,
    "bomb.zip": (zip_bomb, "200 times"),
    "overlapping.zip": (overlapping_zip, "200 times"),
    "nested.zip": (nested_zips, "unpack the outer one"),
    "members.tar.gz": (many_members, None),
    "names.tar": (long_names, "damaged"),
    "directives.rst": (nested_directives, None),
    "braces.tex": (nested_braces, None),
    "environments.tex": (unended_environments, None),
    "blocks.org": (unended_blocks, None),
    "output.ipynb": (long_output, None),
    "entities.xml": (entity_bomb, "made of others"),
    "entity.xml": (long_entity, "MB: split it|200|amplification|not well-formed"),
    "elements.xml": (nested_elements, "nested too deeply"),
}
