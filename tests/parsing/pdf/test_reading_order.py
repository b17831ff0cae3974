"""Columns. PDFium reads them across where a file draws them row by row."""

_LEFT = (
    "The kettle is filled up to the",
    "upper mark and then heated until",
    "steam comes out of the valve on",
    "its lid, which takes an hour.",
)
_RIGHT = (
    "When the whistle sounds, the gas",
    "is turned off and the kettle is",
    "left alone, as its handle stays",
    "hot for quite a while longer.",
)
_THIRD = (
    "Those who pour at once will find",
    "that the leaves stay at the top",
    "and that nothing tastes as it is",
    "said to taste on the label.",
)


def _rows(lines, *columns: tuple[str, ...], step: float = 190, sink: float = 0, top: float = 700):
    """Draw columns row by row; each lies lower than the one to its left by `sink`."""
    return " ".join(
        lines(line, left=50 + step * place, top=top - 14 * number - sink * place)
        for number, row in enumerate(zip(*columns, strict=True))
        for place, line in enumerate(row)
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_a_column_is_read_to_its_end_before_the_next(drawn, lines):
    text = drawn(_rows(lines, _LEFT, _RIGHT, step=260)).text
    assert text == "\n".join((*_LEFT, *_RIGHT))


def test_columns_of_three_and_of_uneven_heights_too(drawn, lines):
    assert drawn(_rows(lines, _LEFT, _RIGHT, _THIRD)).text == "\n".join((*_LEFT, *_RIGHT, *_THIRD))
    assert drawn(_rows(lines, _LEFT, _RIGHT, step=260, sink=2)).text == "\n".join((*_LEFT, *_RIGHT))


def test_lines_over_the_whole_page_stay_above_and_below(drawn, lines):
    head = "How to make tea for a whole house of guests, by those who have to do it each day"
    foot = "Nobody answers for burnt fingers, whatever the whistle of the kettle may have said"
    page = f"{lines(head, left=50, top=730)} {_rows(lines, _LEFT, _RIGHT, step=260)}"
    text = drawn(f"{page} {lines(foot, left=50, top=600)}").text
    assert text == "\n".join((head, *_LEFT, *_RIGHT, foot))


def test_columns_that_are_drawn_one_by_one_stay(drawn, lines):
    page = f"{lines(*_LEFT, left=50)} {lines(*_RIGHT, left=320)}"
    assert drawn(page).text == "\n".join((*_LEFT, *_RIGHT))


def test_a_word_broken_in_a_column_is_whole(drawn, lines):
    left = ("The kettle is filled to its up-", *("per mark and is heated until", *_LEFT[2:]))
    assert "its upper mark" in _flat(drawn(_rows(lines, left, _RIGHT, step=260)).text)


def test_rows_of_a_table_stay_rows(drawn, lines):
    names = ("Black tea", "Green tea", "Mate", "Rooibos with lemon")
    grams = ("12 grams", "9 grams", "14 grams, cold", "11 grams")
    text = drawn(_rows(lines, names, grams, step=260)).text
    assert text.split("\n") == [f"{a} {b}" for a, b in zip(names, grams, strict=True)]


def test_rows_of_sentences_stay_rows(drawn, lines):
    first = ("The kettle is hot.", "The lid is loose.", "The valve is stuck and hisses.", "No gas.")
    then = ("Let it cool down first.", "Turn it to the right.", "Call us.", "Open the main tap.")
    text = drawn(_rows(lines, first, then, step=260)).text
    assert text.split("\n") == [f"{a} {b}" for a, b in zip(first, then, strict=True)]


def test_a_list_with_numbers_in_front_stays(drawn, lines):
    numbers = ("1.", "2.", "3.", "4.")
    text = drawn(_rows(lines, numbers, _LEFT, step=40)).text
    assert text.split("\n")[:2] == [f"1. {_LEFT[0]}", f"2. {_LEFT[1]}"]


def test_blocks_of_columns_that_end_together_follow_each_other(drawn, lines):
    upper = _rows(lines, _LEFT, _RIGHT, step=260)
    lower = _rows(lines, _THIRD, _LEFT, step=260, top=600)
    text = drawn(f"{upper} {lower}").text
    assert text == "\n".join((*_LEFT, *_RIGHT, *_THIRD, *_LEFT))
