"""Words of documents as ours and its peers read them: those that are right, and noise.

The documents are made from the corpus, so that what a person would read of each is known: pages with
navigation and notices round an article, letters with a table, PDFs with a line at the head of each page.
"""

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.corpora import WORK
from benchmarks.everyday_files import zipped
from benchmarks.peers.environments import python_of
from benchmarks.peers.readers import judged, ours
from benchmarks.reading import articles_of
from benchmarks.rows import Row
from tests.parsing.conftest import _make_pdf

_DOCUMENTS = 120
_MENU = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(40))
_PAGE = """<html><head><title>{title}</title></head><body><nav><ul>{menu}</ul></nav>
<div class="cookie">We use cookies to improve your visit. <button>Accept all</button></div>
<main><h1>{title}</h1>{text}</main><aside>Related: <a href="/a">more of this</a></aside>
<footer>All rights reserved. <a href="/imprint">Imprint</a></footer></body></html>"""
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def measure() -> list[Row]:
    """Return recall and precision of the words, and CPU seconds, of each reader and kind."""
    folder = WORK / "documents"
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder)
    found = {"ours": judged(folder, ours())}
    script = [str(python_of("readers")), "-m", "benchmarks.peers.readers", str(folder)]
    done = subprocess.run(script, check=True, capture_output=True, text=True, cwd=_root())
    found |= json.loads(done.stdout.strip().splitlines()[-1])
    own = found.pop("ours")
    return [
        Row(f"{kind} read by ours and by {name}: {what}", own[kind][what], figures[what], unit)
        for name, kinds in found.items()
        for kind, figures in kinds.items()
        for what, unit in (
            ("words right", "share"),
            ("words that are noise", "share"),
            ("CPU", "s"),
        )
    ]


def _root() -> Path:
    return Path(__file__).parents[1]


def _write(folder: Path) -> None:
    """Write each article as a page, a letter and a PDF, with its words beside it."""
    for number, row in enumerate(articles_of(folder / "corpus")[:_DOCUMENTS]):
        plain = "".join(c for c in row["text"] if c.isascii() and c not in "()\\<>&")
        parts = [" ".join(part.split()) for part in plain.split("\n\n") if part.strip()]
        lines = [line for part in parts for line in _wrapped(part)]
        pages = [["Head of the page", *lines[n : n + 40]] for n in range(0, len(lines), 40)]
        files = {
            ".html": _page(f"Article {number}", parts),
            ".docx": _letter(parts),
            ".pdf": _make_pdf(pages),
        }
        for ending, content in files.items():
            place = folder / ending[1:] / f"{number}{ending}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.with_suffix(".words").write_text(" ".join(parts))


def _wrapped(part: str, width: int = 90) -> list[str]:
    lines = [""]
    for word in part.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _page(title: str, parts: list[str]) -> bytes:
    text = "".join(f"<p>{part}</p>" for part in parts)
    return _PAGE.format(title=title, menu=_MENU, text=text).encode()


def _letter(parts: list[str]) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{part}</w:t></w:r></w:p>" for part in parts)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return zipped(
        {
            "[Content_Types].xml": (
                '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
                'relationships+xml"/><Override PartName="/word/document.xml" '
                f'ContentType="{kind}"/></Types>'
            ).encode(),
            "_rels/.rels": (
                b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
                b'relationships"><Relationship Id="a" Type="http://schemas.openxmlformats.org/'
                b'officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
                b"</Relationships>"
            ),
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode(),
        }
    )
