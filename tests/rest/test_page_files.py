"""The files of the page: asked for once, and bound to this server alone."""

from html.parser import HTMLParser

import pytest

from semantic_assets.rest.routes.page_files import page_paths
from tests.rest.conftest import Served

#: A module is read by people, too.
MAX_LINES = 300


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links |= {str(given[name]) for name in ("src", "href") if name in given}
        if tag in ("style", "script") and "src" not in given:
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def test_a_browser_that_holds_a_file_gets_no_body_again(served: Served) -> None:
    for path in page_paths():
        first = served.client.get(path)
        assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
        again = served.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        other = served.client.get(path, headers={"If-None-Match": '"other"'})
        assert other.content == first.content


def test_a_page_may_load_its_own_files_alone(served: Served) -> None:
    for path in page_paths():
        policy = served.client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/queue"])
def test_all_that_a_page_names_is_there_and_none_of_it_in_the_page(
    served: Served, path: str
) -> None:
    links = _Links()
    links.feed(served.client.get(path).text)
    assert links.inline == []
    for link in links.links:
        assert link.startswith(("/", "#")), link
        assert link.startswith("#") or served.client.get(link).status_code == 200, link


def test_no_file_of_the_page_is_over_300_lines() -> None:
    long = {
        file.name: lines
        for file in page_paths().values()
        if (lines := len(file.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}
