"""The page of transcripts is what the commands print today."""

import pytest

from tests.interfaces.transcripts.screen import COLUMNS, seen
from tests.interfaces.transcripts.sections import PAGE, played, section_of, sections


@pytest.mark.dear
@pytest.mark.parametrize("name", list(sections()))
def test_a_section_is_what_the_commands_print(name: str) -> None:
    # Else: python -m tests.interfaces.transcripts --write
    section = sections()[name]
    assert played(section).rstrip("\n") == section_of(PAGE.read_text(), section.TITLE)


def test_every_section_stands_on_the_page_in_its_order() -> None:
    page = PAGE.read_text()
    places = [page.find(f"## {one.TITLE}\n") for one in sections().values()]
    assert -1 not in places
    assert places == sorted(places)


def test_a_screen_has_what_was_drawn_last() -> None:
    assert seen("one\rtw\x1b[K\r\n\x1b[1mbold\x1b[0m") == ["tw", "bold"]
    assert seen("a bar\r\n\x1b[1A\x1b[2K\rdone") == ["done", ""]
    assert seen("x" * (COLUMNS + 3)) == ["x" * COLUMNS, "xxx"]
