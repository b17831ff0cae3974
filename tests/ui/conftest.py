"""The browser tests: left out unless `-m` names `ui`; one Dagster and one browser for them all."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # a plain run imports neither: playwright is an extra
    from playwright.sync_api import Page, Playwright

    from tests.ui.dagster_dev import DagsterDev

_PICTURES = Path(os.environ.get("PICTURES") or Path(__file__).resolve().parents[2] / ".ui")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    mark_expression = str(config.getoption("markexpr"))
    return None if re.search(r"\bui\b", mark_expression) else True


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots and Dagster's log of the last run are."""
    _PICTURES.mkdir(exist_ok=True, parents=True)
    for old in [*_PICTURES.glob("*.png"), *_PICTURES.glob("*.log")]:
        old.unlink()
    return _PICTURES


@pytest.fixture(scope="session")
def dagster_dev(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator["DagsterDev"]:
    from tests.ui.dagster_dev import running_dagster_dev

    with running_dagster_dev(tmp_path_factory.mktemp("dagster"), pictures / "dagster.log") as dev:
        yield dev


@pytest.fixture(scope="session")
def playwright() -> Iterator["Playwright"]:
    """One for all browsers: a second cannot start beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser_page(
    playwright: "Playwright", tmp_path_factory: pytest.TempPathFactory, dagster_dev: "DagsterDev"
) -> Iterator["Page"]:
    from tests.ui.browser import opened_page, skip_greeting

    with opened_page(playwright, tmp_path_factory.mktemp("profile"), dagster_dev.url) as page:
        skip_greeting(page, dagster_dev.is_greeting)
        yield page


@pytest.fixture
def page(browser_page: "Page", request: pytest.FixtureRequest, pictures: Path) -> Iterator["Page"]:
    """The one page; a test that fails leaves a screenshot of where it stood."""
    failed_before = request.session.testsfailed
    yield browser_page
    if request.session.testsfailed > failed_before:
        browser_page.screenshot(path=pictures / f"failed-{request.node.name}.png")


@pytest.fixture(scope="session")
def page_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the documents that the page's tests look for, and their lake."""
    from tests.ui.page_world import make_sources, run

    folder = tmp_path_factory.mktemp("page")
    make_sources(folder)
    run(folder, "refresh", "--mode", "sync")
    return folder


@pytest.fixture(scope="session")
def page_url(page_lake: Path) -> Iterator[str]:
    """Where that lake is served, without keys."""
    from tests.ui.page_world import served

    with served(page_lake) as url:
        yield url
