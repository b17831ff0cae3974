"""The page of `semantic-assets serve`, walked through in a real browser."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from semantic_assets.settings.settings import PREFIX
from tests.factories import BLANK
from tests.thrift import one_authority

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.ui
_HOSTILE = "<img src=x onerror=document.title='owned'> The otter sleeps on its back."


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    sources = folder / "sources" / "river" / "animals"
    sources.mkdir(parents=True)
    long = "\n\n".join(f"Paragraph {n} is about the banks of the river." * 30 for n in range(40))
    (sources / "heron.md").write_text(
        f"# Herons\n\n{long}\n\n## Nests\n\nThe heron nests in March."
    )
    (sources / "otter.txt").write_text(_HOSTILE)
    _run(folder, "refresh", "--mode", "sync")
    return folder


def _environ(folder: Path) -> dict[str, str]:
    return {
        **BLANK,
        **one_authority(),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        PREFIX + "ROOT": str(folder / "lake"),
        PREFIX + "SOURCES": str(folder / "sources"),
        PREFIX + "EMULATOR_LATENCY_SECONDS": "0.2",
    }


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "semantic_assets", *command],
        env=_environ(folder),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@contextmanager
def _served(folder: Path, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "semantic_assets", "serve", "--port", "0", *options]
    server = subprocess.Popen(command, env=_environ(folder), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()


@pytest.fixture(scope="module")
def page(
    playwright: "Playwright", lake: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Page]":
    from tests.ui.browser import opened_page

    with (
        _served(lake) as url,
        opened_page(playwright, tmp_path_factory.mktemp("profile"), url) as opened,
    ):
        yield opened


def test_a_question_finds_the_passage_and_its_place_in_the_document(
    page: "Page", pictures: Path
) -> None:
    from playwright.sync_api import expect

    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("The heron nests in March, when?")
    page.keyboard.press("Enter")
    best = page.locator(".hit").first
    expect(best).to_contain_text("The heron nests in March.")
    expect(best.locator("mark").first).to_have_text(re.compile("heron|nests", re.IGNORECASE))
    page.screenshot(path=pictures / "page-search.png")
    expect(best).to_contain_text("Herons")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#document-text mark")).to_contain_text("The heron nests in March.")
    expect(page.locator("#document-text mark")).to_be_in_viewport()
    page.screenshot(path=pictures / "page-document.png")
    page.keyboard.press("Escape")
    expect(page.locator("#document")).not_to_be_visible()
    assert errors == []


def test_queue_cost_jobs_and_the_estimate_are_shown(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/")
    expect(page.locator("#queue")).to_contain_text("chunks")
    expect(page.locator("#cost")).to_contain_text("$0.0")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Estimate what waits").click()
    expect(page.locator("#quote")).to_contain_text("window fills")


def test_text_of_a_document_is_never_run(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/?q=The+otter+sleeps+on+its+back")
    expect(page.locator(".hit").first).to_contain_text("<img src=x")
    assert page.title() == "semantic_assets"
    assert page.locator(".hit img").count() == 0


def test_it_fits_a_phone(page: "Page", pictures: Path) -> None:
    from playwright.sync_api import expect

    page.set_viewport_size({"width": 375, "height": 740})
    page.goto("/?q=heron")
    expect(page.locator(".hit").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=pictures / "page-phone.png")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert width <= 375


def test_a_locked_server_asks_for_the_key_and_then_answers(
    playwright: "Playwright", lake: Path, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    from tests.ui.browser import opened_page

    secret = _run(lake, "keys", "create", "--project", "*", "--role", "admin").strip()
    with _served(lake, "--keys") as url, opened_page(playwright, tmp_path, url) as page:
        page.goto("/")
        page.get_by_label("API key").fill(secret)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#queue")).to_contain_text("chunks")
        page.get_by_label("Question").fill("heron")
        page.keyboard.press("Enter")
        expect(page.locator(".hit").first).to_be_visible()


def test_the_documentation_of_the_api_needs_no_other_machine(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible()
