"""The title field of a PDF, which programs fill with what they have at hand."""

import re

from semantic_assets.parsing.titles import own_title

#: "TeX output 2001.05.03:1234" and the like.
_MADE = re.compile(r"(?i)TeX output\b.{0,40}|\(?(?:anonymous|unspecified|unknown)\)?")
_LETTER = re.compile(r"[^\W\d_]")
_STRAY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\uffff]")
_WORD = re.compile(r"[^\W\d_]{4,40}")
#: So short a text may leave the words of its title out.
_LEAST_CHARS = 500


def title_of(field: str, makers: tuple[str, ...]) -> str | None:
    """Return the title; None if it is the name of a file or of a program, or cannot be read."""
    title = " ".join(field.strip("\0 \t\r\n").split())
    is_made = _MADE.fullmatch(title) or title.lower() in {maker.lower() for maker in makers}
    if is_made or _STRAY.search(title) or not _LETTER.search(title):
        return None
    return own_title(title)


def is_foreign(title: str, text: str) -> bool:
    """Return whether no word of a title is in the text, as that of a template or series."""
    words = {word.lower() for word in _WORD.findall(title)}
    lowered = text.lower()
    return len(text) >= _LEAST_CHARS and bool(words) and not any(word in lowered for word in words)
