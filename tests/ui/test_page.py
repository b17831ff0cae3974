"""The page of `semantic-assets serve`, walked through in a real browser."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.ui.page_world import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright, Route

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def opened(
    playwright: "Playwright", page_url: str, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Page]":
    from tests.ui.browser import opened_page

    with opened_page(playwright, tmp_path_factory.mktemp("profile"), page_url) as page:
        yield page


@pytest.fixture
def page(opened: "Page") -> "Iterator[Page]":
    """The page; no test may leave an error in its console."""
    errors: list[str] = []

    def note(message: object) -> None:
        errors.append(str(message))

    opened.on("pageerror", note)
    opened.set_viewport_size({"width": 1440, "height": 900})
    yield opened
    opened.remove_listener("pageerror", note)
    assert errors == []


def test_a_question_is_asked_read_and_left_by_the_keyboard_alone(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/")
    expect(page.locator(".corpus")).to_be_visible()
    page.locator("body").press("Tab")
    page.keyboard.press("/")
    page.keyboard.type("The heron nests in March, when?")
    page.keyboard.press("Enter")
    best = page.locator(".hit").first
    expect(best).to_contain_text("nests in March.")
    expect(best.locator("mark").first).to_have_text(re.compile("heron|nests", re.IGNORECASE))
    expect(best).not_to_contain_text("##")
    page.keyboard.press("ArrowDown")
    expect(best.locator(".title")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    here = page.locator("#reader .here").filter(has_text="nests in March")
    expect(here).to_be_in_viewport()
    expect(page.locator("#reader")).to_contain_text("Match 1 of")
    page.keyboard.press("n")
    expect(page.locator("#reader")).to_contain_text("Match 2 of")
    page.keyboard.press("p")
    expect(page.locator("#reader")).to_contain_text("Match 1 of")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).not_to_be_visible()
    expect(best.locator(".title")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).not_to_be_visible()


def test_the_words_are_marked_behind_letters_of_four_bytes(page: "Page") -> None:
    """Offsets count characters, and JavaScript's strings count otherwise."""
    from playwright.sync_api import expect

    page.goto("/?q=heron+nests+in+March")
    page.locator(".hit .title").first.click()
    here = page.locator("#reader .here").filter(has_text="nests in March")
    expect(here.locator("mark").first).to_have_text(re.compile("^(heron|nests|march)$", re.I))
    text = page.locator("#reader .reader-text").inner_text()
    assert "##" not in text
    assert "Herons 🪶" in text


def test_the_address_holds_what_is_shown_and_the_back_button_takes_it_back(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/")
    page.get_by_label("Question or words").fill("ferry")
    page.keyboard.press("Enter")
    page.get_by_label("harbour/works").check()
    expect(page).to_have_url(re.compile("q=ferry.*dataset=harbour"))
    page.get_by_label("Words", exact=True).check()
    expect(page).to_have_url(re.compile("mode=words"))
    page.locator(".hit .title").first.click()
    expect(page.locator("#reader")).to_be_visible()
    address = page.url
    page.reload()
    expect(page.locator("#reader")).to_be_visible()
    assert page.url == address
    assert page.title() == "ferry · semantic_assets"
    page.go_back()
    expect(page.locator("#reader")).not_to_be_visible()
    page.go_back()
    expect(page.get_by_label("Meaning and words")).to_be_checked()
    page.go_back()
    expect(page.get_by_label("harbour/works")).not_to_be_checked()
    page.go_back()
    expect(page.locator(".corpus")).to_be_visible()


def test_filters_narrow_count_and_are_taken_away(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/?q=ferry")
    year = page.locator('[data-field="year"]')
    expect(year).to_contain_text("2023")
    year.get_by_label("2021").check()
    expect(page.locator("#told")).to_contain_text("fit the filters")
    expect(year.get_by_label("2022")).to_be_visible()  # the field's other values stay
    for hit in page.locator(".hit").all():
        expect(hit).to_contain_text("harbour/works")
    page.get_by_role("button", name="Take away the filter year 2021").click()
    expect(page).not_to_have_url(re.compile("year="))


def test_hits_come_by_pages_and_by_documents(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/?q=river+banks+ferry+boat&floor=no")
    expect(page.locator(".hit").first).to_be_visible()
    number = page.locator(".hit").count()
    page.get_by_role("button", name="More").click()
    expect(page.locator(".hit")).not_to_have_count(number)
    last = page.locator(".hit .title").last
    last.click()
    expect(page.locator("#reader")).to_be_visible()
    page.reload()  # the address names a hit of the second page
    expect(page.locator("#reader")).to_be_visible()
    names = page.locator(".hit").evaluate_all("hits => hits.map((hit) => hit.dataset.chunk)")
    assert len(set(names)) == len(names)
    page.get_by_label("Gather by document").check()
    expect(page.locator("#told")).to_contain_text("document")


def test_text_and_names_of_documents_are_never_run(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/?q=The+otter+sleeps+on+its+back")
    best = page.locator(".hit").first
    expect(best).to_contain_text("<img src=x")
    expect(best).to_contain_text("<b onmouseover=alert(1)>\\u{202e}gpj")
    best.locator(".title").click()
    expect(page.locator("#reader .reader-text")).to_contain_text(HOSTILE)
    assert page.title().endswith("semantic_assets")
    assert page.locator(".hit img, .hit b, #reader img, #reader b").count() == 0


def test_of_a_thousand_datasets_few_are_shown_and_any_is_found(page: "Page") -> None:
    from playwright.sync_api import expect

    def many(route: "Route") -> None:
        answer = route.fetch()
        facets = answer.json()
        facets["dataset"] |= {f"many/set-{n:04}": n for n in range(1, 1001)}
        route.fulfill(response=answer, body=json.dumps(facets))

    page.route("**/v1/facets", many)
    try:
        page.goto("/?q=ferry")
        datasets = page.locator('[data-field="dataset"]')
        expect(datasets.locator("label")).to_have_count(8)
        datasets.get_by_role("button", name="Show all").click()
        expect(datasets.locator("label")).to_have_count(100)
        datasets.get_by_role("searchbox").fill("set-0077")
        expect(datasets.locator("label")).to_have_count(1)
        datasets.get_by_label("many/set-0077").check()
        expect(page).to_have_url(re.compile("dataset=many%2Fset-0077"))
    finally:
        page.unroute_all(behavior="wait")


def test_the_queue_and_the_bill_need_no_glossary(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/queue")
    expect(page.locator("#way")).to_contain_text("Documents split into passages")
    expect(page.locator("#bill")).to_contain_text("Not charged")
    expect(page.locator("#jobs li").first).to_contain_text("finished")
    page.get_by_role("button", name="What would the rest cost?").click()
    expect(page.locator("#quote")).to_contain_text("Nothing: no text waits")
    text = page.locator("main").inner_text().lower()
    for word in (
        "chunk",
        "canar",
        "shard",
        "quarantin",
        "ledger",
        "settled",
        "window",
        "in_progress",
    ):
        assert word not in text


def test_the_search_asks_for_nothing_on_its_own(page: "Page") -> None:
    page.goto("/?q=ferry")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert asked == []


def test_the_documentation_of_the_api_needs_no_other_machine(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible()
