"""What the tests of the page look at: served lakes, and a browser on them at three widths."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semantic_assets.settings.settings import PREFIX
from tests.factories import BLANK
from tests.thrift import one_authority

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: What a file may say, and be called.
HOSTILE = "<img src=x onerror=document.title='owned'> The otter sleeps on its back."
HOSTILE_NAME = "<b onmouseover=alert(1)>\u202egpj.otter.txt"
#: A phone, a tablet, a desk.
SIZES = {375: 740, 768: 1024, 1440: 900}
THEMES = ("light", "dark")
_BANKS = "Reeds grow along banks; slow water carries sand, leaves, pebbles."


def make_sources(folder: Path) -> None:
    """Write the documents of two projects: headings, dates, letters of four bytes, hostile names."""
    animals = folder / "sources" / "river" / "animals"
    animals.mkdir(parents=True)
    long = "\n\n".join(f"Stretch {n}:" + f" {_BANKS}" * 14 for n in range(30))
    heron = f"---\ndate: 2023-05-01\n---\n# Herons 🪶\n\n{long}\n\n## Nests\n\nThe heron 🪶 nests in March."
    (animals / "heron.md").write_text(f"{heron} Both birds build.\n\n## Food\n\nIt eats fish.\n")
    (animals / HOSTILE_NAME).write_text(HOSTILE)
    works = folder / "sources" / "harbour" / "works"
    works.mkdir(parents=True)
    records = [
        {
            "id": f"n{n}",
            "title": f"Notice {n}",
            "text": text,
            "date": f"{2021 + n % 4}-03-{n + 1:02}",
        }
        for n, text in enumerate([*_NOTICES, *_MOORINGS])
    ]
    (works / "notices.jsonl").write_text("\n".join(map(json.dumps, records)))
    (works / "berths.html").write_text(_BERTHS)


_NOTICES = (
    "The ferry leaves at nine. In fog the ferry waits for the tide.",
    "The lock is shut in frost. Boats wait at the lower gate.",
    "The crane E-1042 lifts twelve tons. The crane is tested in May.",
    "Dredging of the inner basin begins in June. Boats keep to the left.",
    "The ferry takes bicycles. A bicycle on the ferry costs nothing.",
    "The lighthouse is painted white. Its lamp turns twice a minute.",
    "A boat without a light pays a fine. The ferry has three lights.",
    "The harbour office opens at eight. Keys of berths are kept there.",
)
#: Of few passages it cannot be said that nothing is close.
_MOORINGS = tuple(
    f"Mooring {n} takes vessels up to {n + 5} metres; its ring was renewed by the {who}."
    for n, who in enumerate(("smith", "carpenter", "diver", "rigger", "mason", "apprentice") * 3)
)
_BERTHS = """<html><head><title>Allocation of berths</title></head><body><main>
<h1>Allocation of berths</h1><p>A berth is given for one year. The ferry has a berth of its own.</p>
<h2>Guests</h2><p>A guest pays for each night, and leaves by noon.</p></main></body></html>"""


def environ(folder: Path) -> dict[str, str]:
    return {
        **BLANK,
        **one_authority(),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        PREFIX + "ROOT": str(folder / "lake"),
        PREFIX + "SOURCES": str(folder / "sources"),
        PREFIX + "EMULATOR_LATENCY_SECONDS": "0.2",
    }


def run(folder: Path, *command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "semantic_assets", *command],
        env=environ(folder),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@contextmanager
def served(folder: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Serve a folder's lake by the command; the address is yielded once it answers."""
    command = [sys.executable, "-m", "semantic_assets", "serve", "--port", str(port), *options]
    server = subprocess.Popen(command, env=environ(folder), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()


def faults(page: "Page") -> list[dict[str, Any]]:
    """What axe-core, all its rules, finds wrong with a page as it stands."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((found) => found.violations)")
    return found


class Looked:
    """Takes pictures of a page in both themes, and has axe-core judge each."""

    def __init__(self, page: "Page", folder: Path) -> None:
        self.page, self._folder = page, folder
        self.found: list[str] = []

    def at(self, state: str) -> None:
        """Look at a state: a picture of each theme, its faults, and whether it fits the width."""
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme)
            name = f"{state}-{width}-{theme}"
            self.page.screenshot(path=self._folder / f"page-{name}.png")
            for fault in faults(self.page):
                targets = [node["target"] for node in fault["nodes"]][:3]
                self.found.append(f"{name}: {fault['id']}: {fault['help']}: {targets}")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.found.append(f"{state}: {wide} pixels wide on {width}")
        if width < 500:
            self.found += [f"{state}: {one}" for one in self.page.evaluate(_SMALL)]


#: What a finger may miss. A link in a sentence, and what a label of full height covers, may be small.
_SMALL = """() => [...document.querySelectorAll("a, button, summary, select, label.facet-value, input")]
  .filter((one) => one.checkVisibility() && !one.closest("p:not(.choices), dd, label") | one.matches("label"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && !one.matches(".skip, .title") && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.className || one.tagName} "${one.textContent.slice(0, 20)}" has ${box.width}x${box.height}`)"""


@contextmanager
def looking(page: "Page", folder: Path) -> Iterator[Looked]:
    looked = Looked(page, folder)
    yield looked
    assert not looked.found, "\n".join(looked.found)
