"""reStructuredText as Markdown-like text."""

import pytest


def _text(read, content: str) -> str:
    [record] = read("a.rst", content)
    assert record.parse_status == "ok", record.parse_error
    return record.text


def test_levels_of_sections_follow_the_order_of_their_underlines(read):
    content = "====\nPump\n====\n\nValves\n------\nx\n\nSeals\n~~~~~\ny\n\nHoses\n-----\nz\n"
    [record] = read("a.rst", content)
    headings = [line for line in record.text.split("\n") if line.startswith("#")]
    assert headings == ["# Pump", "## Valves", "### Seals", "## Hoses"]
    assert (record.title, record.is_title_shown_only) == ("Pump", False)
    assert record.mime == "text/x-rst"


def test_same_sign_with_and_without_overline_is_two_levels(read):
    assert _text(read, "===\nAB\n===\n\nCD\n==\nx") == "# AB\n\n## CD\n\nx"


def test_underline_shorter_than_its_title_is_a_heading_from_four_signs_on(read):
    assert _text(read, "A long title\n----\nx") == "# A long title\n\nx"
    assert _text(read, "word\n--\nx").startswith("word")


def test_title_behind_an_introduction_is_shown_only(read):
    [record] = read("a.rst", "Some words first.\n\nPump\n====\nx")
    assert (record.title, record.is_title_shown_only) == ("Pump", True)


def test_transition_is_no_heading(read):
    assert _text(read, "one\n\n-----\n\ntwo") == "one\n\ntwo"


@pytest.mark.parametrize("name", ["code-block", "code", "sourcecode"])
def test_code_is_fenced_and_its_hash_is_no_heading(read, name):
    content = f".. {name}:: sh\n   :linenos:\n\n   # install\n     make\n\nEnd."
    assert _text(read, content) == "```sh\n# install\n  make\n```\n\nEnd."


def test_block_behind_two_colons_is_fenced(read):
    assert _text(read, "Run this::\n\n    # x\n\n    y\n\nEnd.") == (
        "Run this:\n\n```\n# x\n\ny\n```\n\nEnd."
    )
    assert _text(read, "::\n\n  a\n\nEnd.") == "```\na\n```\n\nEnd."


def test_fence_is_longer_than_one_in_the_code(read):
    assert _text(read, "::\n\n  ```\n  # x\n  ```\n") == "````\n```\n# x\n```\n````"


def test_hash_in_prose_is_no_heading(read):
    assert _text(read, "# one is the best of them\nall.") == "\\# one is the best of them\nall."


def test_note_is_kept_with_its_kind(read):
    content = ".. warning:: Close the valve,\n   then open it.\n\n.. note::\n\n   Twice.\n"
    assert _text(read, content) == "Warning: Close the valve,\nthen open it.\n\nNote: Twice."


def test_version_of_a_change_is_kept(read):
    assert _text(read, ".. versionadded:: 3.2\n   The hose.\n\nx") == (
        "New in version 3.2: The hose.\n\nx"
    )


def test_content_of_nested_directives_is_kept(read):
    content = ".. note::\n\n   Outer.\n\n   .. tip:: Inner.\n\n      .. code:: py\n\n         f()\n"
    assert _text(read, content) == "Note: Outer.\n\nTip: Inner.\n\n```py\nf()\n```"


def test_note_that_begins_with_a_list_or_a_note_keeps_it(read):
    content = ".. note::\n\n   * one\n   * two\n\n.. tip::\n\n   .. note:: x\n"
    assert _text(read, content) == "Note:\n\n- one\n- two\n\nTip:\n\nNote: x"


def test_directive_of_unknown_name_keeps_its_argument_and_content(read):
    content = ".. py:function:: flow(rate)\n   :module: pump\n\n   Set the flow.\n"
    assert _text(read, content) == "flow(rate)\n\nSet the flow."


def test_what_only_steers_a_tool_is_left_out(read):
    content = "a\n\n.. toctree::\n   :maxdepth: 2\n\n   one\n   two\n\n.. index:: x\n\n.. _t:\n\nb"
    assert _text(read, content) == "a\n\nb"


def test_comment_is_left_out(read):
    assert _text(read, "a\n\n.. a comment\n   of two lines\n\nb") == "a\n\nb"


def test_picture_leaves_its_alternative_text_and_caption(read):
    content = ".. figure:: p.png\n   :alt: A red pump\n   :width: 3\n\n   The pump of 1960.\n"
    assert _text(read, content) == "A red pump\n\nThe pump of 1960."


def test_included_files_are_said(read):
    [record] = read("a.rst", "a\n\n.. include:: part.txt\n")
    assert record.parse_status == "ok"
    assert record.parse_error == (
        "files it includes are no part of it (part.txt): keep them in the dataset too"
    )


def test_file_that_only_includes_others_says_so(read):
    [record] = read("a.rst", ".. include:: part.txt\n")
    assert record.parse_status == "failed"
    assert "only includes other files (part.txt)" in record.parse_error


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("see :ref:`the valve <valve>` now", "see the valve now"),
        ("see :doc:`valves`", "see valves"),
        ("call :func:`~pump.core.run`", "call run"),
        ("call :py:class:`.Pump`", "call Pump"),
        ("a ``x = 1`` b", "a `x = 1` b"),
        ("a ``:ref:`x``` b", "a ``:ref:`x``` b"),
        ("see `the site <https://x.org>`_", "see the site"),
        ("see Manual_ and `old manual`_.", "see Manual and old manual."),
        ("snake_case stays, _private too", "snake_case stays, _private too"),
        ("10\\ :sup:`6` Pa, H\\ :sub:`2`\\ O", "10^6 Pa, H_2O"),
        (":math:`E = mc^2`", "$E = mc^2$"),
        (":pep:`8` and :rfc:`2616`", "PEP 8 and RFC 2616"),
        ("as said [1]_ before", "as said [1] before"),
        ("**bold** and *thin*", "**bold** and *thin*"),
        ("over :ref:`two\nlines <x>`", "over two\nlines"),
    ],
)
def test_marks_within_a_paragraph(read, marked, plain):
    assert _text(read, marked) == plain


def test_substitution_is_replaced(read):
    content = "Flow is |rate|, |other| is not.\n\n.. |rate| replace:: 3 l/min\n"
    assert _text(read, content) == "Flow is 3 l/min, |other| is not."


def test_lists_and_what_is_in_them(read):
    content = "* one\n  goes on\n* two::\n\n    # code\n\n#. first\n#. second\n\n| a line\n| b line"
    assert _text(read, content) == (
        "- one\n  goes on\n- two:\n\n```\n# code\n```\n\n1. first\n1. second\n\na line\nb line"
    )


def test_emphasis_is_no_list(read):
    assert _text(read, "**Source:** the *well* is deep") == "**Source:** the *well* is deep"


def test_fields_before_the_text_are_metadata_and_later_ones_text(read):
    [record] = read("a.rst", ":Author: Ada\n:orphan:\n\nPump\n====\n\n:param rate: the flow\n")
    assert record.metadata == {"author": "Ada"}
    assert record.text == "# Pump\n\nparam rate: the flow"


def test_footnote_keeps_its_number(read):
    assert (
        _text(read, "a [#x]_\n\n.. [#x] Measured\n   twice.\n") == "a [#x]\n\n[x] Measured\ntwice."
    )


def test_grid_table_is_a_table(read):
    content = (
        "+------+-------+\n| Part | Limit |\n+======+=======+\n| Hose | 3     |\n|      | bar   |\n"
        "+------+-------+\n| both columns |\n+------+-------+\n"
    )
    assert _text(read, content) == (
        "| Part | Limit |\n| --- | --- |\n| Hose | 3 bar |\n| both columns |  |"
    )


def test_simple_table_is_a_table_and_goes_on_without_a_first_cell(read):
    content = "====  =====\nPart  Limit\n====  =====\nHose  3\n      bar\nSeal\n====  =====\n"
    assert _text(read, content) == "| Part | Limit |\n| --- | --- |\n| Hose | 3 bar |\n| Seal |  |"


def test_tables_of_lists_and_of_csv(read):
    listed = ".. list-table:: Limits\n   :header-rows: 1\n\n   * - Part\n     - Limit\n   * - Hose\n     - 3\n       bar\n"
    assert _text(read, listed) == "Limits\n\n| Part | Limit |\n| --- | --- |\n| Hose | 3 bar |"
    csv = '.. csv-table::\n   :header: Part, Limit\n\n   Hose, "3, or 4"\n'
    assert _text(read, csv) == "| Part | Limit |\n| --- | --- |\n| Hose | 3, or 4 |"


def test_session_of_an_interpreter_is_fenced(read):
    assert (
        _text(read, "x\n\n>>> # a\n>>> 1\n1\n\ny") == "x\n\n```python\n>>> # a\n>>> 1\n1\n```\n\ny"
    )


def test_other_alphabets_and_encodings_are_kept(read):
    assert _text(read, "水泵\n====\n\n阀门。") == "# 水泵\n\n阀门。"
    [record] = read("b.rst", "Größe\n=====\n\nDie Pumpe fördert öfter Wärme.".encode("cp1252"))
    assert record.text.startswith("# Größe")


def test_windows_line_ends_are_read(read):
    assert _text(read, "Pump\r\n====\r\n\r\n.. code::\r\n\r\n   x\r\n") == "# Pump\n\n```\nx\n```"
