from semantic_assets.parsing.pdf.repeated import without_repeated_lines


def cleaned(*pages: str) -> list[str]:
    return without_repeated_lines(list(pages), ()).texts


def test_footers_that_count_the_pages_are_left_out():
    pages = [f"Body of {word}.\nPump manual, page {n} of 9" for n, word in enumerate("abcd", 5)]
    found = without_repeated_lines(pages, ())
    assert found.texts == ["Body of a.", "Body of b.", "Body of c.", "Body of d."]
    assert found.left_out == 4


def test_a_header_without_page_number_stays_once():
    pages = [f"Pump manual, revision 4\nBody of {word}." for word in "abcd"]
    assert cleaned(*pages)[:2] == ["Pump manual, revision 4\nBody of a.", "Body of b."]


def test_left_and_right_pages_have_headers_of_their_own():
    pages = [
        f"{n} The pump\nBody of {n * 7}" if n % 2 else f"Chapter of {n // 7} {n}\nBody of {n * 7}"
        for n in range(1, 13)
    ]
    assert cleaned(*pages) == [f"Body of {n * 7}" for n in range(1, 13)]


def test_numbers_that_do_not_count_the_pages_stay():
    pages = [f"Readings\n{value}\nTotal {value}" for value in (17, 4, 88, 21, 5)]
    assert [text.split("\n")[-2:] for text in cleaned(*pages)][1] == ["4", "Total 4"]


def test_three_pages_are_too_few_to_tell():
    pages = [f"Same head\nBody {word}" for word in "abc"]
    assert cleaned(*pages) == pages


def test_cards_of_nothing_but_a_numbered_line_stay():
    pages = [f"card {number}" for number in range(20)]
    assert cleaned(*pages) == pages


def test_stamps_on_scans_are_left_out():
    pages = [f"Secret, page {number}" for number in range(6)]
    assert without_repeated_lines(pages, range(6)).texts == [""] * 6


def test_a_line_that_repeats_inside_pages_stays():
    pages = [f"{w} 1\n{w} 2\n{w} 3\nWarning: hot\n{w} 4\n{w} 5\n{w} 6" for w in "abcd"]
    assert cleaned(*pages) == pages


def test_a_numbered_heading_of_each_page_stays():
    heads = ("1. Water", "2. Heat", "3. Light", "4. Air", "5. Gas", "6. Oil", "7. Wood", "8. Wind")
    pages = [f"{head}\nBody of {head[3:]}." for head in heads]
    assert cleaned(*pages) == pages
