import pytest

from semantic_assets.parsing.pdf.hyphens import join_broken_words, join_pages, words_of


def joined(text: str, *others: str) -> str:
    return join_broken_words(text, words_of([text, *others]))


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("the pres-\nsure of the pump", "the pressure\nof the pump"),
        ("die Pum-\npe l\u00e4uft", "die Pumpe\nl\u00e4uft"),
        ("a soft hy\u00ad\nphen", "a soft hyphen"),
        ("as OCR wri\u00ac\ntes it", "as OCR writes\nit"),
        ("\u043d\u0430\u0441\u043e\u2010\n\u0441\u044b", "\u043d\u0430\u0441\u043e\u0441\u044b"),
        ("with blanks be-  \n  hind it", "with blanks behind\nit"),
        ("two bro-\nken in a sen-\ntence", "two broken\nin a sentence"),
    ],
)
def test_a_word_broken_at_a_line_end_is_whole(broken, whole):
    assert joined(broken) == whole


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("in Baden-\nBaden", "in Baden-Baden"),
        ("from 1990-\n1995 on", "from 1990-1995\non"),
        ("the USB-\ndrive", "the USB-drive"),
        ("an e-\nmail", "an e-mail"),
        ("die Vor-\nund Nachteile", "die Vor- und\nNachteile"),
        ("see https://example.org/long-\nname for it", "see https://example.org/long-name\nfor it"),
        ("the state-of-the-\nart", "the state-of-the-art"),
    ],
)
def test_a_hyphen_of_the_word_stays(broken, whole):
    assert joined(broken, "the art") == whole


def test_the_rest_of_the_document_tells_compounds_from_words():
    assert joined("a well-\nknown pump", "it is well-known") == "a well-known\npump"
    assert joined("a work-\nshop", "two workshop rooms") == "a workshop"


def test_a_page_number_below_a_hyphen_is_not_of_the_word():
    assert joined("the labora-\n12") == "the labora-\n12"


def test_a_hyphen_inside_a_line_is_a_hyphen_even_if_it_is_a_soft_one():
    assert joined("a twelve\u00advolt pump") == "a twelve-volt pump"


def test_a_word_broken_between_pages_is_whole_on_the_first():
    pages = ["The valve is lubri-", "", "cated with oil.", "New page"]
    whole = ["The valve is lubricated", "", "with oil.", "New page"]
    assert join_pages(pages, words_of(pages)) == whole


def test_pages_that_do_not_break_a_word_stay():
    pages = ["Items: a -", "b", "End-", "Next"]
    assert join_pages(pages, words_of(pages)) == pages


def test_pdfium_loses_no_line_break_at_a_hyphen(drawn, lines):
    document = drawn(lines("The extru-", "der runs with its guard in", "place only."))
    assert document.text == "The extruder\nruns with its guard in\nplace only."
