"""The map of `semantic-assets map`, walked through in a real browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ui.page_world import environ, run

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.ui
_HOSTILE = "<img src=x onerror=document.title='owned'> The otter sleeps on its back."
_FILES = 40
#: Pixels of the canvas that are painted, and the places of points.
_PAINTED = """() => {
  const canvas = document.getElementById("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = [];
  for (let at = 3; at < data.length; at += 4) if (data[at] > 150) found.push((at - 3) / 4);
  const ratio = canvas.width / canvas.clientWidth;
  return { count: found.length, at: found.slice(0, 1).map((n) => [(n % canvas.width) / ratio, Math.floor(n / canvas.width) / ratio])[0] };
}"""


@pytest.fixture(scope="module")
def map_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("map")
    sources = folder / "sources" / "river" / "animals"
    sources.mkdir(parents=True)
    for number in range(_FILES):
        (sources / f"{number}.txt").write_text(f"Heron {number} stands in the reeds.")
    (sources / "otter.md").write_text(f"# Otters\n\n{_HOSTILE}")
    run(folder, "refresh", "--mode", "sync")
    command = [sys.executable, "-m", "semantic_assets", "map", "river/animals", "--no-browser"]
    server = subprocess.Popen(command, env=environ(folder), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield server.stdout.readline().split(" at ")[1].split(",")[0]
    server.terminate()
    server.wait(30)
    server.stdout.close()


@pytest.fixture(scope="module")
def page(
    playwright: "Playwright", tmp_path_factory: pytest.TempPathFactory, map_url: str
) -> Iterator["Page"]:
    from tests.ui.browser import opened_page

    with opened_page(playwright, tmp_path_factory.mktemp("profile"), map_url) as found:
        yield found


@pytest.mark.parametrize("width", [375, 768, 1440])
def test_each_passage_is_drawn_and_shown_under_the_mouse(
    page: "Page", pictures: Path, width: int
) -> None:
    from playwright.sync_api import expect

    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/")
    expect(page.locator("#count")).to_have_text(f"{_FILES + 1} passages")
    page.wait_for_function(f"() => ({_PAINTED})().count > 0")
    painted = page.evaluate(_PAINTED)
    assert painted["count"] >= 4 * (_FILES + 1) * 0.8
    x, y = painted["at"]
    page.locator("#canvas").hover(position={"x": x, "y": y}, force=True)
    expect(page.locator("#passage .text")).to_have_text(re.compile("Heron|otter"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=pictures / f"map-{width}.png")
    assert failed == []


def test_words_mark_the_passages_that_have_them_and_a_text_is_never_run(
    page: "Page", pictures: Path
) -> None:
    from playwright.sync_api import expect

    page.emulate_media(color_scheme="dark")
    page.goto("/")
    page.get_by_label("Passages with these words").fill("otter sleeps")
    expect(page.locator("#count")).to_have_text(f"1 of {_FILES + 1} passages have these words")
    expect(page.locator("#passage .text")).to_have_text(f"Otters {_HOSTILE}")
    assert page.title() == "river/animals · map"
    page.get_by_label("Colour by").select_option(label="kind")
    expect(page.locator("#legend li")).to_have_text([".txt", ".md"])
    page.screenshot(path=pictures / "map-dark.png")
