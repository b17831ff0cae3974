"""Front matter: what a Markdown document says of itself before its text.

YAML between `---`, TOML between `+++`, a JSON object, a title block of Pandoc (`% title`), or pairs
of MultiMarkdown from `Title:` to an empty line. What is none of these is text and stays.
"""

import json
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from semantic_assets.parsing.record_files.values import optional_text

#: A longer one is no front matter: parsing so much YAML takes a second.
_MAX_CHARS = 64 << 10
_FENCED_YAML = re.compile(r"---[ \t]*\n((?:[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FENCED_TOML = re.compile(r"\+\+\+[ \t]*\n((?:[^\n]*\n)*?)\+\+\+[ \t]*(?:\n|\Z)")
#: A document may also begin with a rule; then there is prose between two rules.
_FRONT_LINE = re.compile(r"[\w.-]+[ \t]*:(?:[ \t].*)?|[ \t]+.*|-[ \t].*|#.*|")
_PAIR = re.compile(r"([\w.-]+)[ \t]*:[ \t](.*)")
_KEY = re.compile(r"[\w.:/@$-]+(?: [\w.:/@$-]+){0,3}")
_PANDOC = re.compile(r"(?:%[^\n]*\n(?:[ \t]+[^\n]+\n)*){1,3}(?=\s|\Z)")
_PANDOC_FIELD = re.compile(r"^%[ \t]*([^\n]*(?:\n[ \t]+[^\n]+)*)", re.MULTILINE)
_TITLED = re.compile(r"title[ \t]*:", re.IGNORECASE)
_FIELDS = ("title", "author", "date")
#: A JSON object without any of these is an example, not front matter.
_KNOWN_KEYS = frozenset(("title", "date", "draft", "tags", "categories", "description", "slug"))


class FrontMatter(NamedTuple):
    """The metadata of a document, its title among them, and the text behind it."""

    metadata: dict[str, str]
    text: str
    #: What of it is no metadata, and the remedy.
    remark: str | None = None


def split_front_matter(text: str) -> FrontMatter:
    """Return the front matter as metadata, nested values as JSON, and the text without it."""
    head = text[:_MAX_CHARS]
    for start, split in _SPLITTERS:
        if head.startswith(start) and (found := split(head)) is not None:
            values, end = found
            rest = text[end:].strip()
            if rest or start in ("---", "+++"):  # without fences it may be all the text there is
                said: list[str] = []
                return FrontMatter(_as_metadata(values, said), rest, "; ".join(said) or None)
    return FrontMatter({}, text)


def _as_metadata(values: dict[str, Any], said: list[str]) -> dict[str, str]:
    texts = {str(key): optional_text(value, str(key), said) for key, value in values.items()}
    found = {key: text for key, text in texts.items() if text is not None}
    named = next((key for key in found if key.lower() == "title"), None)
    return {"title": found.pop(named), **found} if named else found


_Found = tuple[dict[str, Any], int] | None


def _yaml(text: str) -> _Found:
    found = _FENCED_YAML.match(text)
    if found is None:
        return None
    values = _parsed_yaml(found[1])
    if values is None:
        values = _pairs(found[1].split("\n"))
    is_empty = not found[1].strip()
    return (values or {}, found.end()) if values or is_empty else None


def _parsed_yaml(source: str) -> dict[str, Any] | None:
    """Return the values as they are written; None: it is no YAML, or no mapping of keys."""
    # Imported late: a corpus without front matter does not need it.
    import yaml

    try:
        # Each scalar stays text; an alias could repeat what it stands for without end.
        if "*" in source and any(isinstance(one, yaml.AliasToken) for one in yaml.scan(source)):
            return None
        values = yaml.load(source, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    is_named = isinstance(values, dict) and all(
        isinstance(key, str) and _KEY.fullmatch(key) for key in values
    )
    return values if is_named else None


def _pairs(lines: list[str]) -> dict[str, Any] | None:
    """Return the values of one line each, where all lines look like YAML; it may be invalid."""
    pairs = [pair for line in lines if (pair := _PAIR.fullmatch(line)) and pair[2].strip()]
    if not pairs or not all(_FRONT_LINE.fullmatch(line) for line in lines):
        return None
    return {pair[1]: _unquoted(pair[2].strip()) for pair in pairs}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def _toml(text: str) -> _Found:
    found = _FENCED_TOML.match(text)
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        if found and (values := tomllib.loads(found[1])):
            return values, found.end()
    return None


def _json(text: str) -> _Found:
    with suppress(ValueError, RecursionError):
        values, end = json.JSONDecoder().raw_decode(text)
        is_alone = text[end : end + 1] in ("", "\n")
        if is_alone and _KNOWN_KEYS & {key.lower() for key in values}:
            return values, end
    return None


def _pandoc(text: str) -> _Found:
    found = _PANDOC.match(text + "\n")
    if found is None:
        return None
    fields = [" ".join(field.split()) for field in _PANDOC_FIELD.findall(found[0])]
    values = {name: field for name, field in zip(_FIELDS, fields, strict=False) if field}
    return (values, min(found.end(), len(text))) if values else None


def _multimarkdown(text: str) -> _Found:
    if not _TITLED.match(text):
        return None
    block = text.partition("\n\n")[0]
    lines = block.split("\n")
    values = _pairs(lines)
    return (values, len(block)) if values and len(values) > 1 else None


_SPLITTERS: tuple[tuple[str | tuple[str, ...], Callable[[str], _Found]], ...] = (
    ("---", _yaml),
    ("+++", _toml),
    ("{", _json),
    ("%", _pandoc),
    (("T", "t"), _multimarkdown),
)
