"""Readers of documents, ours and others', and a judge of the words they give."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

Reader = Callable[[Path], str]
_WORD = re.compile(r"\w{1,100}")


def judged(folder: Path, readers: Mapping[str, Reader]) -> dict[str, dict[str, float]]:
    """Return, by kind, the share of words that are right and of words that are noise, and CPU."""
    found = {}
    for kind, read in readers.items():
        right = wanted = given = 0
        files = sorted((folder / kind).glob(f"*.{kind}"))
        read(files[0])  # what is loaded once counts for nobody
        began = _cpu()
        texts = [read(path) for path in files]
        cpu = _cpu() - began
        for path, text in zip(files, texts, strict=True):
            own = Counter(_WORD.findall(path.with_suffix(".words").read_text()))
            its = Counter(_WORD.findall(text))
            right += (own & its).total()
            wanted, given = wanted + own.total(), given + its.total()
        shares = {"words right": right / wanted, "words that are noise": 1 - right / max(given, 1)}
        found[kind] = {**shares, "CPU": cpu}
    return found


def _cpu() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def ours() -> dict[str, Reader]:
    """Return our reader for each kind, in this process and not in a child."""
    from semantic_assets.parsing.readers import read_records
    from semantic_assets.parsing.records import Columns, SourceRecord

    def read(path: Path) -> str:
        records = read_records(path.name, io.BytesIO(path.read_bytes()), columns=Columns())
        return "\n".join(one.text for one in records if isinstance(one, SourceRecord))

    return dict.fromkeys(("html", "docx", "pdf"), read)


def _theirs() -> dict[str, dict[str, Reader]]:
    import kreuzberg
    import trafilatura
    from markitdown import MarkItDown
    from pypdf import PdfReader

    converter = MarkItDown(enable_plugins=False)

    def by_kreuzberg(path: Path) -> str:
        return str(kreuzberg.extract_file_sync(str(path)).content)

    def by_markitdown(path: Path) -> str:
        return str(converter.convert(str(path)).text_content)

    def by_trafilatura(path: Path) -> str:
        return trafilatura.extract(path.read_bytes()) or ""

    def by_pypdf(path: Path) -> str:
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)

    def by_pdftotext(path: Path) -> str:
        made = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True)
        return made.stdout

    kinds = ("html", "docx", "pdf")
    others = {
        "kreuzberg": dict.fromkeys(kinds, by_kreuzberg),
        "markitdown": dict.fromkeys(kinds, by_markitdown),
        "trafilatura": {"html": by_trafilatura},
        "pypdf": {"pdf": by_pypdf},
    }
    return others | ({"pdftotext": {"pdf": by_pdftotext}} if shutil.which("pdftotext") else {})


if __name__ == "__main__":
    place = Path(sys.argv[1])
    print(json.dumps({name: judged(place, readers) for name, readers in _theirs().items()}))
