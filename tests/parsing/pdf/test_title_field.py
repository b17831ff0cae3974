import pytest

from semantic_assets.parsing.pdf.title_field import title_of


@pytest.mark.parametrize(
    "field",
    [
        "untitled",
        "Microsoft Word - Bericht.doc",
        "report_final.indd",
        "TeX output 1999.05.03:1204",
        "Acme PDF Writer 2",
        "(anonymous)",
        "12345",
        "\x01\x02\x03 \x04",
        "",
    ],
)
def test_what_a_program_filled_in_is_no_title(field):
    assert title_of(field, ("Acme PDF Writer 2", "")) is None


@pytest.mark.parametrize("field", ["The Pump", "Betriebsanleitung", "\u7aaf\u306e\u672c"])
def test_a_title_is_kept(field):
    assert title_of(f" {field}\0", ("Acme PDF Writer 2", "")) == field


def test_a_title_of_which_no_word_is_in_a_long_text_is_only_shown(drawn, lines):
    text = [f"The pump number {number} sends water through the upper pipe." for number in range(20)]
    foreign = drawn(lines(*text), info="/Title (Quarterly Budget Template)")
    own = drawn(lines(*text), info="/Title (About pumps and a pump)")
    assert foreign.title == "Quarterly Budget Template"
    assert foreign.is_title_shown_only
    assert not own.is_title_shown_only
