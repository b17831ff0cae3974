"""Debian's chromium, and the pages of Dagster's UI as a person walks through them."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How long a page may take on two busy cores.
_PAGE_MS = 60_000
_RUN_MS = 120_000
_ELSEWHERE = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")
_LOCATION = "/locations/semantic_assets.definitions"


def chromium_path() -> str:
    chromium = shutil.which("chromium")
    assert chromium, "no chromium: `make test-ui` installs Debian's"
    return chromium


def launched(playwright: Playwright) -> Browser:
    """A browser for pages of several sizes, which forget each other."""
    expect.set_options(timeout=_PAGE_MS)
    return playwright.chromium.launch(executable_path=chromium_path(), args=_QUIET)


@contextmanager
def opened_page(playwright: Playwright, profile: Path, base_url: str) -> Iterator[Page]:
    """A page of a fresh profile that reaches nothing but this machine."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium_path(),
        args=_QUIET,
        base_url=base_url,
        viewport={"width": 1920, "height": 1080},
    )
    context.route(_ELSEWHERE, lambda route: route.abort())
    context.set_default_timeout(_PAGE_MS)
    expect.set_options(timeout=_PAGE_MS)
    try:
        yield context.pages[0]
    finally:
        context.close()


def skip_greeting(page: Page, is_greeting: Callable[[], bool]) -> None:
    """A new Dagster asks its first visitor for an address, in a dialog over every page."""
    if is_greeting():
        page.goto("/")
        page.get_by_role("button", name="Skip").click()
        assert wait_until(lambda: not is_greeting(), seconds=_PAGE_MS / 1000)


def shown(page: Page, text: str | re.Pattern[str]) -> Locator:
    """Where the text is to be seen; the UI keeps invisible copies to measure widths."""
    return page.get_by_text(text, exact=True).filter(visible=True).first


def open_asset_graph(page: Page, *expanded: str) -> None:
    """Open it with these groups expanded; the others are one box each."""
    groups = ",".join(f"global@global:{group}" for group in expanded)
    page.goto(f"/asset-groups?expanded={groups}" if expanded else "/asset-groups")


def open_partition(page: Page, asset: str, partition: str) -> None:
    """Open it, and wait until the counts say that all statuses have arrived."""
    page.goto(f"/assets/{asset}?view=partitions&partition={partition}")
    expect(shown(page, re.compile(r"^Missing \([1-9]\d*\)$"))).to_be_visible()
    expect(shown(page, "Latest materialization")).to_be_visible()


def inline_picture(page: Page, name: str, alt: str) -> Locator:
    """The picture in the row of a metadata entry, which nobody clicked on, once it is decoded."""
    picture = page.get_by_role("row").filter(has=shown(page, name)).get_by_role("img", name=alt)
    expect(picture).to_be_visible()
    assert wait_until(lambda: _width(picture) > 0, seconds=_PAGE_MS / 1000)
    return picture


def drawn_picture(page: Page, name: str, alt: str = "Map of the vectors") -> Locator:
    """The picture behind a metadata entry, once the browser has decoded it.

    The UI hides markdown of more than 1,000 characters behind a link in the entry's row.
    """
    page.get_by_role("row").filter(has=shown(page, name)).get_by_text("[Show Markdown]").click()
    picture = page.get_by_role("dialog").get_by_role("img", name=alt)
    expect(picture).to_be_visible()
    assert wait_until(lambda: _width(picture) > 0, seconds=_PAGE_MS / 1000)
    return picture


def _width(picture: Locator) -> int:
    """Zero while it is not loaded, and where it cannot be: its source was sanitised away."""
    return int(picture.evaluate("image => image.complete ? image.naturalWidth : 0"))


def open_check(page: Page, asset: str, check: str) -> None:
    page.goto(f"/assets/{asset}?view=checks&checkDetail={check}")
    expect(shown(page, "Latest execution")).to_be_visible()


def open_sensor(page: Page, sensor: str) -> None:
    page.goto(f"{_LOCATION}/sensors/{sensor}")
    expect(shown(page, "Latest tick")).to_be_visible()


def launch(page: Page, job: str, partition: str) -> None:
    """Choose one partition in the job's dialog, launch, and follow the link to the run."""
    page.goto(f"{_LOCATION}/jobs/{job}")
    page.get_by_role("button", name="Materialize all").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    page.get_by_placeholder("Filter partitions").fill(partition)
    shown(page, partition).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Launch 1 run").click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile("/runs/"))


def outcome_of_run(page: Page) -> str:
    """The status that the open run ends with."""
    ended = shown(page, re.compile("^(Success|Failure|Canceled)$"))
    ended.wait_for(timeout=_RUN_MS)
    return ended.inner_text()


def wait_until(happened: Callable[[], bool], *, seconds: float) -> bool:
    """Ask until it happened; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
