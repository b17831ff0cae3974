"""A small writer of PDFs: pages as content streams, with the objects they need."""

from collections.abc import Callable

import pytest

from semantic_assets.parsing.pdf.pdf_file import read_pdf
from semantic_assets.parsing.text import ReadDocument
from tests.parsing.conftest import _assemble

#: The number of the first of the `others`: the catalog, the tree of pages and Helvetica come first.
FIRST_OTHER = 4

Draw = Callable[..., bytes]


@pytest.fixture
def draw() -> Draw:
    return _draw


@pytest.fixture
def drawn(draw: Draw) -> Callable[..., ReadDocument]:
    """Write a PDF and read it back."""
    return lambda *pages, **more: read_pdf(draw(*pages, **more))


@pytest.fixture
def lines() -> Callable[..., str]:
    return _lines


@pytest.fixture
def scan() -> str:
    """A picture of one grey dot over the whole page."""
    return "q 612 0 0 792 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q"


def _draw(
    *pages: str,
    catalog: str = "",
    others: tuple[str, ...] = (),
    page: str = "",
    fonts: str = "",
    info: str = "",
    trailer: str = "",
) -> bytes:
    """Return a PDF with these content streams; a page of "" is an object that is none."""
    start = FIRST_OTHER + len(others)
    kids = " ".join(f"{start + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *others,
    ]
    for number, body in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {page} /Resources << /Font"
            f" << /F1 3 0 R {fonts} >> >> /Contents {start + 2 * number + 1} 0 R >>"
            if body
            else "null"
        )
        objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
    if info:
        objects.append(f"<< {info} >>")
        trailer += f" /Info {len(objects)} 0 R"
    return _assemble(objects, trailer)


def _lines(*lines: str, left: float = 72, top: float = 720, leading: float = 14) -> str:
    """Return the content of lines below each other."""
    return " ".join(
        f"BT /F1 11 Tf {left} {top - leading * number} Td ({line}) Tj ET"
        for number, line in enumerate(lines)
    )
