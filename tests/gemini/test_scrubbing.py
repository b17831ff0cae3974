"""The key never comes back in Google's own words, and no name is changed by taking it out."""

from semantic_assets.text.foreign import scrubbed

_KEY = "AIzaSyA-0123456789-0123456789-012345678"


def test_a_text_that_holds_the_key_loses_it() -> None:
    said = f"Permission denied: Consumer 'api_key:{_KEY}' has been suspended."
    assert _KEY not in scrubbed(said, _KEY)
    assert "'api_key:<key>' has been suspended" in scrubbed(said, _KEY)


def test_a_word_too_short_for_a_key_changes_no_text() -> None:
    """A key of one letter once made `files/batch-h9c6<key>q91` of the name of a result file."""
    assert scrubbed("files/batch-h9c6xq91", "x") == "files/batch-h9c6xq91"
    assert scrubbed("as it is", None) == "as it is"
