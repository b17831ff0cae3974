"""Prompt templates: fields of a document in braces, checked before anything is sent.

`{title}`, `{text}`, `{uri}`, `{record_id}`, `{mime}` and `{metadata[NAME]}`; a brace itself is
written twice.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter

from semantic_assets.errors import ConfigError

FIELDS = ("title", "text", "uri", "record_id", "mime", "metadata")
_METADATA = re.compile(r"metadata\[([^\[\]{}]+)\]")


class MissingField(Exception):
    """A document lacks metadata that the prompt names."""


@lru_cache(maxsize=64)
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((text, name) for text, name, _, _ in Formatter().parse(template))


def require_template(template: str, *, is_media: bool, where: str) -> None:
    """Check the prompt template of a task.

    Raises:
        ConfigError: the template cannot be read, names an unknown field, or lacks the text.
    """
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(
            f"{where}: the prompt is no template ({error}): write a brace of the text twice"
        ) from error
    for _, name, spec, conversion in parsed:
        if name is not None and (not _is_field(name) or spec or conversion):
            raise ConfigError(
                f"{where}: the prompt names {{{name}}}: use {_known()}; write a brace of the text "
                "twice"
            )
    names = {name for _, name, _, _ in parsed if name}
    if not is_media and not any(name == "text" or name.startswith("metadata[") for name in names):
        raise ConfigError(
            f"{where}: the prompt has neither {{text}} nor {{metadata[...]}}: every document would "
            "be asked the same"
        )
    if is_media and "text" in names:
        raise ConfigError(f"{where}: the prompt names {{text}}: media has none, it is attached")


def _is_field(name: str) -> bool:
    return (name in FIELDS and name != "metadata") or _METADATA.fullmatch(name) is not None


def _known() -> str:
    plain = ", ".join(f"{{{name}}}" for name in FIELDS if name != "metadata")
    return f"{plain} or {{metadata[NAME]}}"


def render(template: str, document: Mapping[str, object]) -> str:
    """Return the prompt for one document; missing fields are empty, except metadata.

    Raises:
        MissingField: it lacks metadata that the template names.
    """
    return "".join(text + _value(name, document) for text, name in _parts(template))


def _value(name: str | None, document: Mapping[str, object]) -> str:
    if name is None:
        return ""
    if found := _METADATA.fullmatch(name):
        metadata = dict(document.get("metadata") or ())  # type: ignore[call-overload]
        if found[1] not in metadata:
            raise MissingField(f"the document has no metadata {found[1]!r}, the prompt asks for it")
        return str(metadata[found[1]])
    value = document.get(name)
    return "" if value is None else str(value)
