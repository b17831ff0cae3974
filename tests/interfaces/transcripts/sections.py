"""The sections of docs/transcripts.md: every module of this folder that has a TITLE.

A section has TITLE, ORDER (its place on the page) and `play(day)`.
"""

import importlib
from pathlib import Path
from typing import Any

from tests.interfaces.transcripts.day import opened_day

_HERE = Path(__file__).parent
PAGE = Path(__file__).resolve().parents[3] / "docs" / "transcripts.md"
_HEAD = """# Transcripts

What is typed and what is printed, on a terminal of 80 columns, with the emulator. Made by
`python -m tests.interfaces.transcripts --write`; dates, ids and the folder are stand-ins.
"""


def sections() -> dict[str, Any]:
    """Map the names of the section modules to them, in the order of the page."""
    names = (path.stem for path in _HERE.glob("*.py") if not path.stem.startswith("_"))
    found = {
        name: importlib.import_module(f"tests.interfaces.transcripts.{name}") for name in names
    }
    told = {name: module for name, module in found.items() if hasattr(module, "TITLE")}
    return dict(sorted(told.items(), key=lambda one: one[1].ORDER))


def played(section: Any) -> str:
    """Play one section; return it as it stands on the page."""
    with opened_day() as day:
        section.play(day)
        return "\n".join([f"## {section.TITLE}", "", *day.page])


def written() -> str:
    """Play all of them; return the page."""
    return "\n".join([_HEAD, *map(played, sections().values())]).rstrip("\n") + "\n"


def section_of(page: str, title: str) -> str:
    """Return a section as the page has it."""
    rest = page.partition(f"## {title}\n")[2]
    return f"## {title}\n" + rest.partition("\n## ")[0].rstrip("\n")
