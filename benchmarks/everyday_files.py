"""A folder of what people have: files of Debian packages, and some of our own that go wrong."""

import email.message
import gzip
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections import Counter
from pathlib import Path, PurePath

#: Each carries documents of kinds that the others lack.
PACKAGES = (
    "antiword", "asciidoctor-doc", "debian-faq", "debian-policy",
    "developers-reference", "docutils-doc", "epubcheck", "git-doc",
    "libspreadsheet-parseexcel-perl", "lyx-common", "maint-guide", "pandoc-data",
    "python3-nbformat", "r-cran-officer", "r-cran-readxl", "sphinx-doc", "unrtf",
)  # fmt: skip
_MOST_OF_A_KIND = 12
#: Endings that a person's folder has; some of them nobody reads.
_KINDS = frozenset(
    (
        *("", ".1", ".asciidoc", ".bib", ".c", ".conf", ".css", ".csv", ".docx", ".dtd", ".eps"),
        *(".epub", ".gif", ".gnumeric", ".html", ".info", ".jar", ".jpg", ".js", ".json", ".lua"),
        *(".lyx", ".mbox", ".md", ".mp4", ".odp", ".ods", ".odt", ".opml", ".org", ".pdf", ".pl"),
        *(".pm", ".png", ".pptx", ".py", ".r", ".rmd", ".rst", ".rtf", ".sh", ".svg", ".tei"),
        *(".tex", ".textile", ".ttf", ".txt", ".ui", ".xls", ".xlsx", ".xml", ".xsl", ".yaml"),
    )
)


def fetch(folder: Path) -> Path:
    """Download the packages and unpack them below a folder; return where they are."""
    unpacked = folder / "unpacked"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=folder, check=True)
        for package in sorted(folder.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    return unpacked


def write_everyday(unpacked: Path, target: Path) -> Counter[str]:
    """Write the folder; return how many files of each ending it holds."""
    shutil.rmtree(target, ignore_errors=True)
    counts: Counter[str] = Counter()
    for path in sorted(path for path in unpacked.rglob("*") if path.is_file()):
        name, data = path.name, path.read_bytes() if path.stat().st_size < 20 << 20 else b""
        if name.endswith(".gz") and not name.endswith((".tar.gz", ".svg.gz")):
            name, data = name.removesuffix(".gz"), gzip.decompress(data)
        ending = PurePath(name).suffix.lower()
        if data and ending in _KINDS and counts[ending] < _MOST_OF_A_KIND:
            counts[ending] += 1
            place = target / path.relative_to(unpacked).parts[-2] / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    for name, content in _own_files().items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        counts[PurePath(name).suffix.lower()] += 1
    (target / "own" / "dangling.txt").symlink_to("nowhere.txt")
    return counts


def _own_files() -> dict[str, bytes]:
    return {
        "own/minutes.eml": _mail("Minutes of the pump meeting", "The pump is to be replaced."),
        "own/archive.mbox": b"".join(
            b"From a@example.org Mon Jan  5 10:00:00 2026\n" + _mail(f"Letter {n}", f"Body {n}.")
            for n in range(3)
        ),
        "own/table.tsv": b"id\ttitle\ttext\n1\tOne\tThe first row of the table.\n",
        "own/rows.ndjson": b'{"id": 1, "text": "A record on a line."}\n',
        "own/semicolons.csv": b"id;text\n1;One, and more\n2;Two\n",
        "own/notebook.ipynb": json.dumps(_notebook()).encode(),
        "own/film.srt": b"1\n00:00:01,000 --> 00:00:04,000\nThe kettle boils.\n",
        "own/film.vtt": b"WEBVTT\n\n00:01.000 --> 00:04.000\nThe kettle boils.\n",
        "own/plan.org": b"#+TITLE: The plan\n* First\nBuy a kettle.\n",
        "own/paper.tex": b"\\documentclass{article}\\begin{document}\n\\section{Heat}\nIt is hot.\n"
        b"\\end{document}\n",
        "own/letter.rtf": rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0 The letter is in RTF.\par}",
        "own/latin1.txt": "Die Tür ist größer als früher, und schöner.".encode("latin-1"),
        "own/utf16.txt": "Текст в другой кодировке.".encode("utf-16"),
        "own/empty.txt": b"",
        "own/noise.bin": bytes(range(256)) * 20,
        "own/drawing.dwg": b"AC1032" + bytes(200),
        "own/.hidden.txt": b"A file whose name begins with a dot.",
        "own/README": b"A file without an ending.",
        "own/several words (1).md": b"# Several words\n\nIn the name of a file.\n",
        "own/docs.zip": zipped({"a.txt": b"The first member.", "b/c.md": b"# Second\n\nText."}),
        "own/docs.tar.gz": _packed({"a.txt": b"A member of a tar."}),
        "own/broken.docx": b"PK\x03\x04 and no more of it",
    }


def _mail(subject: str, body: str) -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", subject
    message["Message-ID"] = f"<{subject.replace(' ', '.')}@example.org>"
    message.set_content(body)
    return bytes(message) + b"\n"


def _notebook() -> dict[str, object]:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# A study\n", "Of kettles."]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": "1"},
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def zipped(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def _packed(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return sink.getvalue()
