"""Fixtures of the reader tests: read a file as the product does, and PDFs written by hand."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns, SourceRecord

Read = Callable[..., list[SourceRecord]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the content under the name and read it back; a .gz name compresses it first."""

    def write_and_read(
        name: str, content: bytes | str, *, skip: int = 0, columns: Columns | None = None
    ) -> list[SourceRecord]:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        with path.open("rb") as stream:
            records = list(read_records(str(path), stream, columns=columns or Columns(), skip=skip))
            assert not stream.closed  # it is the caller's
        return records

    return write_and_read


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return _make_pdf


def _make_pdf(pages: list[list[str]], *, title: str = "", is_encrypted: bool = False) -> bytes:
    """Return a minimal PDF; a page without lines holds a stroke, as a scan holds an image."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        body = f"BT /F1 12 Tf 72 720 Td 14 TL {shown} ET" if lines else "0 0 m 9 9 l S"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
    trailer = ""
    if title:
        objects.append(f"<< /Title ({title}) >>")
        trailer += f" /Info {len(objects)} 0 R"
    if is_encrypted:
        objects.append(f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>")
        trailer += f" /Encrypt {len(objects)} 0 R /ID [<00><00>]"
    return _assemble(objects, trailer)


def _assemble(objects: list[str], trailer: str) -> bytes:
    data = b"%PDF-1.4\n"
    table = "0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += f"{len(data):010} 00000 n \n"
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    size = len(objects) + 1
    end = f"trailer\n<< /Size {size} /Root 1 0 R{trailer} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {size}\n{table}{end}".encode()
