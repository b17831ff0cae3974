"""A row of a table is one line, and each value stays in its column."""

import pytest


def text_of(read, body: str) -> str:
    [record] = read("a.html", f"<!doctype html><html><body>{body}</body></html>")
    return record.text


@pytest.mark.parametrize(
    "cell",
    [
        "<p>12 bar</p>",
        "<div>12</div><div>bar</div>",
        "<ul><li>12</li><li>bar</li></ul>",
        "12<br>bar",
        "<p>12\n bar</p>\n",
        "<pre>12\nbar</pre>",
        "<blockquote><p>12</p><p>bar</p></blockquote>",
    ],
)
def test_blocks_inside_a_cell_do_not_break_its_row(read, cell):
    rows = f"<tr><th>Valve</th><th>Limit</th></tr><tr><td><p>North</p></td><td>{cell}</td></tr>"
    assert text_of(read, f"<table>{rows}</table>").endswith("| North | 12 bar |")


@pytest.mark.parametrize(
    "head",
    [
        "<tr><th>Valve<th>Limit",
        "<thead><tr><td>Valve<td>Limit</thead>",
        "<thead><tr><th>Valve<th>Limit</thead><tbody>",
    ],
)
def test_row_of_names_is_marked_as_the_head(read, head):
    table = f"<table>{head}<tr><td>North<td>12</table>"
    assert text_of(read, table) == "| Valve | Limit |\n| --- | --- |\n| North | 12 |"


def test_names_of_rows_are_no_head(read):
    table = "<table><tr><th>North<td>12<tr><th>South<td>9</table>"
    assert text_of(read, table) == "| North | 12 |\n| South | 9 |"


def test_empty_cells_keep_their_place(read):
    rows = "<tr><td>North<td><td>12<tr><td><td>7<td><tr><td><td><td>"
    table = f"<table><tr><th>Valve<th>Old<th>New{rows}</table>"
    assert text_of(read, table).split("\n")[2:] == ["| North |  | 12 |", "|  | 7 |  |"]


def test_cell_over_several_rows_is_in_each_of_them(read):
    table = "<table><tr><td rowspan=2>North<td>open<td>1<tr><td>shut<td>2<tr><td>South<td>a<td>3</table>"
    lines = ["| North | open | 1 |", "| North | shut | 2 |", "| South | a | 3 |"]
    assert text_of(read, table).split("\n") == lines


def test_cell_over_several_columns_keeps_the_next_in_place(read):
    table = "<table><tr><td>a<td>b<td>c<tr><td colspan=2>total<td>9</table>"
    assert text_of(read, table) == "| a | b | c |\n| total |  | 9 |"


def test_rows_of_a_head_become_one_row_of_names(read):
    head = "<thead><tr><th rowspan=2>Valve<th colspan=2>Limit<tr><th>low<th>high</thead>"
    table = f"<table>{head}<tr><td>North<td>1<td>2</table>"
    assert text_of(read, table).split("\n")[0] == "| Valve | Limit low | Limit high |"


def test_bar_inside_a_cell_is_no_border(read):
    assert text_of(read, "<table><tr><td>a|b<td>c</table>") == "| a\\|b | c |"


def test_caption_stands_before_its_table(read):
    table = "<table><caption>Limits</caption><tr><td>a<td>b</table>"
    assert text_of(read, f"<p>x</p>{table}<p>y</p>") == "x\n\nLimits\n\n| a | b |\n\ny"


@pytest.mark.parametrize(
    "layout",
    [
        "<table><tr><td><h2>One</h2><p>first</p></td><td><p>second</p></td></tr></table>",
        "<table role=presentation><tr><td><h2>One</h2>first</td><td><p>second</td></tr></table>",
        "<table><tr><td><h2>One</h2>first<table><tr><td>second</table></td><td></td></tr></table>",
        "<table><tr><td><h2>One</h2></td></tr><tr><td><p>first</td></tr><tr><td><p>second</table>",
    ],
)
def test_table_for_layout_is_a_page_of_blocks(read, layout):
    assert text_of(read, layout).startswith("## One\n\nfirst")
    assert text_of(read, layout).endswith("\n\nsecond")


def test_rows_of_a_table_inside_a_layout_are_rows(read):
    inner = "<table><tr><th>Valve<th>Limit<tr><td>North<td>12</table>"
    layout = f"<table><tr><td><div>{inner}</div></td><td><p>side</p></td></tr></table>"
    assert text_of(read, layout).startswith("| Valve | Limit |\n| --- | --- |\n| North | 12 |\n\n")


def test_small_table_inside_a_row_stays_in_it(read):
    inner = "<table><tr><td>low<td>1<tr><td>high<td>2</table>"
    table = f"<table><tr><th>Valve<th>Limit<tr><td>North<td>{inner}</table>"
    assert text_of(read, table).endswith("| North | low, 1; high, 2 |")


def test_long_texts_in_columns_without_names_are_a_layout(read):
    prose = "The gate is closed before the tide turns. " * 20
    text = text_of(read, f"<table><tr><td>{prose}<td><p>{prose}</table>")
    assert text.startswith("The gate")
    assert "\n\nThe gate" in text


@pytest.mark.parametrize("span", ["999999999", "-1", "2.5", "two", "0", ""])
def test_span_that_is_no_number_is_one_cell(read, span):
    table = f"<table><tr><td rowspan='{span}' colspan='{span}'>a<td>b<tr><td>c<td>d</table>"
    assert text_of(read, table).startswith("| a | b")


def test_spans_do_not_multiply_a_text(read):
    row = "<tr><td rowspan=1000 colspan=200>" + "long text " * 10 + "<td>b"
    body = "<table>" + row * 3 + "<tr><td>x<td>y" * 1000 + "</table>"
    assert len(text_of(read, body)) < 10 * len(body)
