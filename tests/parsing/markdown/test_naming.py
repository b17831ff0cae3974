"""The heading that names a document: without markup, and only shown if it stands further down."""

import pytest

FIRST = {
    "# [![ci](a.svg)](b) **Pumpctl** ![v](c.svg)\n\nText": "Pumpctl",
    "[![ci](a.svg)](b)\n\n<!-- note\nof two lines -->\n# Pump [guide](x) #\n": "Pump guide",
    '<p align="center"><img src="a.png"></p>\n\n# Pumps {#pumps}\n': "Pumps",
    '<h1 align="center">\n  <img src="a.png">\n  Pumps\n</h1>\n\nText': "Pumps",
    "Pumps\n=====\n\nText": "Pumps",
    "Pumps\n-----\n\nText": "Pumps",
    "[[TOC]]\n\n# C#\n": "C#",
    "# ![logo](a.png)\n## Pumps": "Pumps",
    "# 1.\n\n# Pumps": "Pumps",
}
LATER = {
    "Some prose.\n\n## Pumps ##\n": "Pumps",
    "Prose.\n\nPumps\n---\n\nText": "Pumps",
    "```sh\n# comment\n```\n# Pumps": "Pumps",
    "````\n```\n# comment\n````\n# Pumps": "Pumps",
    "- item\n---\n# Pumps": "Pumps",
    "| a | b |\n|---|---|\n\n# Pumps": "Pumps",
}


@pytest.mark.parametrize("text", FIRST)
def test_heading_at_the_start_is_the_title(read, text):
    [record] = read("a.md", text)
    assert (record.title, record.is_title_shown_only) == (FIRST[text], False)


@pytest.mark.parametrize("text", LATER)
def test_heading_further_down_is_only_shown(read, text):
    [record] = read("a.md", text)
    assert (record.title, record.is_title_shown_only) == (LATER[text], True)


@pytest.mark.parametrize(
    "text", ["# README.md\n\nText", "Two lines\nof prose\n---\nText", "<!-- # a -->b"]
)
def test_document_without_such_a_heading_is_named_after_its_file(read, text):
    [record] = read("manual.md", text)
    assert (record.title, record.is_title_shown_only) == ("manual", True)


def test_name_of_a_file_is_composed(read):
    assert read("re\u0301sume\u0301.txt", "text")[0].title == "résumé"
