"""Values that obey a response schema, both the API's own kind (OBJECT) and JSON Schema (object).

Not here: validation. A schema that cannot be obeyed gets the nearest value.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

# A schema that refers to itself ends here.
_DEEPEST = 12
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
}

Schema = Mapping[str, Any]


class Excerpt:
    """Sentences to fill string fields with."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = sentences

    def sentence(self, name: str) -> str:
        """The same sentence for the same name."""
        if not self.sentences:
            return name
        return self.sentences[crc32(name.encode()) % len(self.sentences)]


def schema_value(schema: Schema, excerpt: Excerpt) -> Any:
    """A value of that schema."""
    definitions = schema.get("$defs") or schema.get("definitions") or {}
    return _Filler(definitions, excerpt).value(schema, "answer", _DEEPEST)


class _Filler:
    def __init__(self, definitions: Mapping[str, Schema], excerpt: Excerpt) -> None:
        self._definitions = definitions
        self._excerpt = excerpt

    def value(self, schema: Schema, name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if choices := schema.get("enum"):
            return choices[crc32(self._excerpt.sentence(name).encode()) % len(choices)]
        fill = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
        }.get(_type_of(schema))
        return None if fill is None or depth == 0 else fill(schema, name, depth - 1)

    def _resolved(self, schema: Schema) -> Schema:
        for _ in range(_DEEPEST):
            if reference := schema.get("$ref"):
                schema = self._definitions.get(str(reference).rsplit("/", 1)[-1], {})
            elif options := _options(schema):
                schema = options[0]
            else:
                break
        return schema

    def _object(self, schema: Schema, _: str, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        required = schema.get("required") or ()
        # Optional members are filled too, except where a recursive schema has to end.
        names = properties if depth > _DEEPEST // 2 else [n for n in properties if n in required]
        return {name: self.value(properties[name], name, depth) for name in names}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least, most = _limit(schema, "minItems", 1), _limit(schema, "maxItems", 1)
        count = int(max(least, min(1, most)))
        items = schema.get("items") or {"type": "string"}
        return [self.value(items, f"{name}{n or ''}", depth) for n in range(count)]

    def _string(self, schema: Schema, name: str, _: int) -> str:
        if known := _FORMATS.get(str(schema.get("format", ""))):
            return known
        text = self._excerpt.sentence(name)
        least = int(_limit(schema, "minLength", 0))
        most = int(_limit(schema, "maxLength", max(len(text), least)))
        return text[:most].ljust(least, ".")

    def _integer(self, schema: Schema, name: str, _: int) -> int:
        low, high = _bounds(schema)
        return int(low) + crc32(name.encode()) % (int(high) - int(low) + 1)

    def _number(self, schema: Schema, name: str, _: int) -> float:
        low, high = _bounds(schema)
        return low + (high - low) * (crc32(name.encode()) % 1000) / 1000

    def _boolean(self, _: Schema, name: str, __: int) -> bool:
        return crc32(self._excerpt.sentence(name).encode()) % 2 == 0


def _options(schema: Schema) -> Sequence[Schema]:
    for word in ("anyOf", "any_of", "oneOf", "allOf"):
        if options := schema.get(word):
            return [o for o in options if _type_of(o) != "null"] or list(options)
    return ()


def _type_of(schema: Schema) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((word for word in named if word != "null"), "null")
    if named is None:
        named = "object" if "properties" in schema else "string"
    return str(named).lower()


def _limit(schema: Schema, name: str, default: float) -> float:
    # int64 limits come as strings in proto-JSON, and the SDK may send snake_case.
    snake = name.replace("Items", "_items").replace("Length", "_length")
    value = schema.get(name, schema.get(snake))
    return default if value is None else float(value)


def _bounds(schema: Schema) -> tuple[float, float]:
    low = schema.get("minimum")
    high = schema.get("maximum")
    if low is None:
        low = 0.0 if high is None else min(0.0, float(high))
    return float(low), float(high) if high is not None else float(low) + 9
