"""Each state of the page at three widths and in both themes: pictures for a person, faults by axe-core.

The pictures are in .ui of the checkout, or in the folder that PICTURES names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ui.page_world import SIZES, looking, make_sources, run, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright, Route

pytestmark = pytest.mark.ui
_NONSENSE = "/?q=qwzx+vbnrtp"


@dataclass(frozen=True)
class World:
    """Addresses of a lake with documents, of the same one behind keys, and of an empty one."""

    folder: Path
    full: str
    locked: str
    empty: str
    key_of_one_project: str


@pytest.fixture(scope="module")
def world(
    page_lake: Path, page_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    key = run(page_lake, "keys", "create", "--project", "river", "--role", "read").strip()
    empty = tmp_path_factory.mktemp("empty")
    with served(page_lake, "--keys") as locked, served(empty) as nothing:
        yield World(page_lake, page_url, locked, nothing, key)


@pytest.fixture(scope="module")
def browser(playwright: "Playwright") -> "Iterator[Browser]":
    from tests.ui.browser import launched

    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture(params=SIZES)
def page(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Page]":
    width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        has_touch=width < 1000,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def test_what_is_found(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    with looking(page, pictures) as looked:
        page.goto(world.full)
        expect(page.locator(".shelf").first).to_be_visible()
        looked.at("start")
        page.goto(f"{world.full}/?q=ferry+boats+tide")
        expect(page.locator(".hit").nth(1)).to_be_visible()
        looked.at("found")
        page.locator("details.whole summary").first.click()
        expect(page.locator(".passage").first).to_be_visible()
        if (filters := page.get_by_role("button", name="Filters")).is_visible():
            filters.click()
        looked.at("filters")
        page.goto(f"{world.full}/?q=heron+nests+in+March")
        page.locator(".hit .title").first.click()
        expect(page.locator("#reader .here").first).to_be_visible()
        looked.at("document")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).not_to_be_visible()
        page.locator("body").press("?")
        if page.locator("#help").is_visible():
            looked.at("help")


def test_what_is_not_found(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    with looking(page, pictures) as looked:
        page.goto(world.full + _NONSENSE)
        expect(page.locator('[data-state="nothing"]')).to_be_visible()
        looked.at("nothing-close")
        page.get_by_role("button", name="Show the nearest all the same").click()
        expect(page.locator(".hit").first).to_be_visible()
        page.goto(f"{world.full}{_NONSENSE}&mode=words")
        expect(page.locator('[data-state="nothing"]')).to_contain_text("These words are nowhere")
        looked.at("no-such-word")
        page.goto(f"{world.full}/?q=ferry&project=river&year=1066")
        expect(page.locator('[data-state="unfit"]')).to_be_visible()
        looked.at("no-match-under-filters")
        page.get_by_role("button", name="Clear the filters").click()
        expect(page.locator(".hit").first).to_be_visible()


def test_what_is_on_its_way_or_went_wrong(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    held: list[Route] = []
    with looking(page, pictures) as looked:
        page.route(
            "**/v1/*", lambda route: held.append(route)
        )  # a method of a list cannot be watched
        page.goto(f"{world.full}/?q=ferry")
        expect(page.locator(".skeleton").first).to_be_visible()
        looked.at("loading")
        page.goto(world.full)
        expect(page.locator(".skeleton").first).to_be_visible()
        looked.at("loading-start")
        page.goto(f"{world.full}/queue")
        expect(page.locator(".skeleton-sheet").first).to_be_visible()
        looked.at("loading-queue")
        page.unroute_all(behavior="ignoreErrors")
        page.goto(f"{world.full}/?q=a%00b")
        expect(page.locator('[data-state="bad"]')).to_contain_text("without NUL characters")
        looked.at("error")


def test_what_has_nothing_in_it_says_what_to_do(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    with looking(page, pictures) as looked:
        page.goto(world.empty)
        expect(page.locator('[data-state="empty"]')).to_contain_text("semantic-assets refresh")
        looked.at("empty")
        page.goto(f"{world.empty}/queue")
        expect(page.locator("#lead")).to_contain_text("Nothing is here yet")
        looked.at("queue-empty")


def test_who_has_no_key_is_asked_for_one(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    with looking(page, pictures) as looked:
        page.goto(world.locked)
        expect(page.get_by_label("API key")).to_be_visible()
        looked.at("no-key")
        page.get_by_label("API key").fill("sak_wrong")
        page.get_by_role("button", name="Use it").click()
        expect(page.locator('[data-state="key"]')).to_contain_text("not known here")
        looked.at("wrong-key")
        page.get_by_label("API key").fill(world.key_of_one_project)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator(".corpus")).to_be_visible()
        expect(page.locator(".corpus")).not_to_contain_text("harbour")
        page.goto(f"{world.locked}/queue")
        expect(page.locator(".state")).to_contain_text("whoever runs the server")
        looked.at("queue-of-another")


def test_the_queue(page: "Page", world: World, pictures: Path) -> None:
    from playwright.sync_api import expect

    with looking(page, pictures) as looked:
        page.goto(f"{world.full}/queue")
        expect(page.locator("#jobs li").first).to_be_visible()
        page.get_by_role("button", name="What would the rest cost?").click()
        expect(page.locator("#quote p").first).to_be_visible()
        looked.at("queue")


def test_a_server_that_is_gone_is_waited_for(
    browser: "Browser", world: World, pictures: Path
) -> None:
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": 768, "height": 1024}, reduced_motion="reduce")
    with looking(page, pictures) as looked:
        with served(world.folder) as url:
            page.goto(f"{url}/?q=ferry")
            expect(page.locator(".hit").first).to_be_visible()
        page.get_by_label("Question or words").fill("lighthouse")
        page.keyboard.press("Enter")
        expect(page.locator("#offline")).to_contain_text("does not answer")
        looked.at("offline")
        with served(world.folder, port=int(url.rpartition(":")[2])):
            expect(page.locator("#offline")).not_to_be_visible()
            expect(page.locator(".hit").first).to_contain_text(re.compile("lighthouse", re.I))
    page.close()


def test_an_empty_lake_is_filled_by_what_its_page_says(browser: "Browser", tmp_path: Path) -> None:
    from playwright.sync_api import expect

    page = browser.new_page()
    with served(tmp_path) as url:
        page.goto(url)
        expect(page.locator('[data-state="empty"]')).to_be_visible()
        told = page.locator('[data-state="empty"] pre').all_inner_texts()
        assert [line for line in told if line.startswith("semantic-assets")] == [
            "semantic-assets refresh"
        ]
        make_sources(tmp_path)
        run(tmp_path, "refresh", "--mode", "sync")
        page.get_by_role("button", name="Look again").click()
        expect(page.locator(".corpus")).to_be_visible()
    page.close()


def test_what_is_kept_in_the_browser_is_not_sent_again(browser: "Browser", world: World) -> None:
    page = browser.new_page()
    page.goto(world.full)
    with page.expect_response("**/page/search.js") as second:
        page.reload()
    second.value.finished()
    assert second.value.request.sizes()["responseBodySize"] == 0
    page.close()
