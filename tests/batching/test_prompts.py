"""Prompt templates are checked before anything is sent, and rendered as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.prompts import MissingField, render, require_template
from semantic_assets.errors import ConfigError

DOCUMENT = {
    "title": "Rivers",
    "text": "They {flow}.",
    "uri": "acme/news/1.txt",
    "record_id": None,
    "mime": "text/plain",
    "metadata": [("author", "Ann")],
}


def test_fields_are_put_in_and_braces_of_the_text_stay() -> None:
    template = "{{json}} {title}: {text} by {metadata[author]} ({record_id}{mime})"
    assert render(template, DOCUMENT) == "{json} Rivers: They {flow}. by Ann (text/plain)"


def test_metadata_a_document_lacks_is_named() -> None:
    with pytest.raises(MissingField, match="'year'"):
        render("{text} {metadata[year]}", DOCUMENT)


@given(st.text().filter(lambda text: "{" not in text and "}" not in text))
def test_text_without_fields_is_as_it_is_written(text: str) -> None:
    assert render(text + "{text}", DOCUMENT) == text + "They {flow}."


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{body}", r"names \{body\}: use"),
        ("{text!r}", "use"),
        ("{text:>10}", "use"),
        ("{metadata}", "use"),
        ("{text.upper}", "use"),
        ("{metadata[a][b]}", "use"),
        ("{text", "no template"),
        ("Say hello to {title}", "neither"),
        ("{0} {text}", "use"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused(template: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        require_template(template, is_media=False, where="t.toml")


def test_media_have_no_text() -> None:
    require_template("Describe {title}.", is_media=True, where="t.toml")
    with pytest.raises(ConfigError, match="media has none"):
        require_template("Describe {text}.", is_media=True, where="t.toml")
