"""JSON Schema in the form of the API's `response_schema`: its type names, references resolved.

The API takes a part of JSON Schema (its Schema message). A keyword it lacks is either of no use
to it and left to our own validation (`additionalProperties`, `$schema`, `default`), or would
change the request, and is refused.
"""

from collections.abc import Mapping
from typing import Any

from semantic_assets.errors import ConfigError

_KEPT = frozenset(
    {
        "format", "title", "description", "enum", "required", "minItems", "maxItems", "minLength",
        "maxLength", "pattern", "minimum", "maximum", "minProperties", "maxProperties",
        "propertyOrdering", "nullable", "example",
    }
)  # fmt: skip
#: Keywords that only our own validation checks.
_OURS_ALONE = frozenset(
    {
        "$schema", "$id", "$defs", "definitions", "$comment", "additionalProperties", "default",
        "examples", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    }
)  # fmt: skip
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_DEEPEST = 24

Schema = Mapping[str, Any]


def wire_schema(schema: Schema) -> dict[str, Any]:
    """Convert a schema to the API's keywords.

    Raises:
        ConfigError: it uses a keyword the API has no word for, or refers to itself.
    """
    definitions = {**(schema.get("definitions") or {}), **(schema.get("$defs") or {})}
    return _converted(schema, definitions, 0)


def _converted(schema: Schema, definitions: Schema, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise ConfigError("the response schema refers to itself: the API cannot take that")
    if not isinstance(schema, Mapping):
        raise ConfigError(f"the response schema has {schema!r} where a schema should be: write one")
    schema = _resolved(schema, definitions)
    wire: dict[str, Any] = {}
    for keyword, value in schema.items():
        wire |= _keyword(keyword, value, definitions, depth)
    if "properties" in wire:
        # Without it the API answers in alphabetical order: a verdict before its reasons.
        wire.setdefault("propertyOrdering", list(wire["properties"]))
    return wire


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    name = schema.get("$ref")
    if name is None:
        return schema
    target = definitions.get(str(name).rpartition("/")[2])
    if target is None:
        raise ConfigError(f"the response schema refers to {name!r}, which is not in it")
    beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return {**target, **beside}


def _keyword(keyword: str, value: Any, definitions: Schema, depth: int) -> dict[str, Any]:
    if keyword == "type":
        return _type(value)
    if keyword == "const":
        return {"enum": [value]}
    if keyword == "properties":
        return {
            "properties": {
                name: _converted(inner, definitions, depth + 1) for name, inner in value.items()
            }
        }
    if keyword == "items":
        return {"items": _converted(value, definitions, depth + 1)}
    if keyword in ("anyOf", "oneOf"):
        return _options(value, definitions, depth)
    if keyword == "$ref":
        return _converted({"$ref": value}, definitions, depth + 1)
    if keyword in _KEPT:
        return {keyword: value}
    if keyword in _OURS_ALONE:
        return {}
    raise ConfigError(
        f"the response schema uses {keyword!r}, which the API has no word for: say it in the prompt"
    )


def _type(value: Any) -> dict[str, Any]:
    named = [value] if isinstance(value, str) else list(value)
    plain = [name.lower() for name in named if name.lower() != "null"]
    if len(plain) != 1 or plain[0] not in _TYPES:
        raise ConfigError(
            f"the response schema has the type {value!r}: use one of {', '.join(sorted(_TYPES))}"
        )
    return {"type": plain[0].upper(), **({"nullable": True} if len(named) > 1 else {})}


def _options(options: list[Schema], definitions: Schema, depth: int) -> dict[str, Any]:
    real = [
        option
        for option in options
        if not isinstance(option, Mapping) or option.get("type") != "null"
    ]
    nullable = {"nullable": True} if len(real) < len(options) else {}
    converted = [_converted(option, definitions, depth + 1) for option in real]
    if len(converted) == 1:
        return {**converted[0], **nullable}
    return {"anyOf": converted, **nullable}
