"""Notebooks: cells in their order, each a page."""

import json


def _notebook(*cells: dict, **metadata: object) -> str:
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4})


def _code(source: object, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def _prose(source: object) -> dict:
    return {"cell_type": "markdown", "source": source}


def test_cells_are_pages_with_code_and_output_in_fences(read):
    printed = {"output_type": "stream", "name": "stdout", "text": ["# 3\n", "4\n"]}
    [record] = read(
        "a.ipynb",
        _notebook(_prose(["# Kiln\n", "Hot."]), _prose(""), _code("# one\nx", printed)),
    )
    assert record.text == "# Kiln\nHot.\n\n```python\n# one\nx\n```\n\n```\n# 3\n4\n```"
    assert record.pages == (0, 13, 13)
    assert (record.title, record.is_title_shown_only) == ("Kiln", False)
    assert record.mime == "application/x-ipynb+json"


def test_language_is_that_of_the_kernel(read):
    [record] = read("a.ipynb", _notebook(_code("x <- 1"), language_info={"name": "R"}))
    assert record.text == "```R\nx <- 1\n```"


def test_values_and_errors_are_text_and_pictures_are_left_out(read):
    value = {
        "output_type": "execute_result",
        "data": {"text/plain": ["a  b"], "image/png": "iVBORw0K" * 999, "text/html": "<table>"},
    }
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'k'", "traceback": ["\x1b[0m"]}
    [record] = read("a.ipynb", _notebook(_code("x", value, error)))
    assert record.text == "```python\nx\n```\n\n```\na  b\nKeyError: 'k'\n```"


def test_bar_drawn_over_and_over_and_colours_are_cleaned(read):
    bar = {"output_type": "stream", "text": "\r10%\r50%\r100%\n\x1b[31mdone\x1b[0m\n"}
    [record] = read("a.ipynb", _notebook(_code("x", bar)))
    assert record.text.endswith("```\n100%\ndone\n```")


def test_long_output_is_cut_off_and_said(read):
    long = {"output_type": "stream", "text": "a line\n" * 10_000}
    [record] = read("a.ipynb", _notebook(_prose("Hot."), _code("x", long)))
    assert record.parse_status == "ok"
    assert "(cells 2)" in record.parse_error
    assert len(record.text) < 4_100
    assert record.text.endswith("a line\n```")


def test_format_three_is_read(read):
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Kiln"},
        {"cell_type": "code", "input": "x", "outputs": [{"output_type": "pyout", "text": ["3"]}]},
    ]
    [record] = read("a.ipynb", json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}))
    assert record.text == "## Kiln\n\n```python\nx\n```\n\n```\n3\n```"


def test_what_is_no_notebook_is_said(read):
    assert "no cells" in read("a.ipynb", '{"a": 1}')[0].parse_error
    assert "no cells" in read("b.ipynb", "[1]")[0].parse_error
    assert "not valid JSON" in read("c.ipynb", '{"cells": [')[0].parse_error


def test_odd_values_cost_only_themselves(read):
    cells = [7, None, {"cell_type": "markdown", "source": {"a": 1}}, _prose(["Hot", 3, "."])]
    [record] = read("a.ipynb", json.dumps({"cells": cells}))
    assert record.text == "Hot."
