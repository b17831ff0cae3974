"""Values that obey a response schema, both the API's own (OBJECT) and JSON Schema (object).

The name of a member decides its value: a summary gets sentences, keywords get words, and a list
of things with a time gets what media show second by second. Not here: validation. A schema that
cannot be obeyed gets the nearest value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from semantic_assets.emulator.answers.excerpts import MARK, Excerpt, Moment
from semantic_assets.emulator.media.recordings import stamp

# A schema that refers to itself ends here.
_DEEPEST = 12
# Below this, lists have as few items as they may: they would multiply.
_WIDE = _DEEPEST - 3
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
}
_SUMMARIES = frozenset({"summary", "description", "abstract", "overview", "text", "transcript"})
_KEYWORDS = frozenset({"keywords", "tags", "entities", "topics", "labels"})
#: A shorter string is a name or a code, and holds none.
_ROOM_FOR_MARKS = 3 * len(MARK)
_MOST_WORDS = 5
_MOST_OBJECTS = 3
_STARTS = ("start", "timestamp", "time")
_ENDS = ("end", "stop")
_TEXTS = ("text", "description", "transcript", "caption", "summary")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The place of a value in the answer."""

    name: str
    depth: int = _DEEPEST
    #: position in the nearest list
    item: int = 0

    def member(self, name: str) -> "_Place":
        return replace(self, name=name, depth=self.depth - 1)

    def element(self, item: int) -> "_Place":
        return replace(self, depth=self.depth - 1, item=item)


def schema_value(schema: Schema, excerpt: Excerpt) -> Any:
    """Return a value that obeys the schema."""
    return _Filler(_definitions(schema), excerpt).value(schema, _Place(name="answer"))


def resolved(schema: Schema) -> Schema:
    """Return a schema with its references and alternatives resolved."""
    return _resolved(schema, _definitions(schema))


def _definitions(schema: Schema) -> Mapping[str, Schema]:
    return schema.get("$defs") or schema.get("definitions") or {}


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    for _ in range(_DEEPEST):
        if reference := schema.get("$ref"):
            schema = definitions.get(str(reference).rsplit("/", 1)[-1], {})
        elif options := _options(schema):
            schema = options[0]
        else:
            break
    return schema


class _Filler:
    def __init__(self, definitions: Mapping[str, Schema], excerpt: Excerpt) -> None:
        self._definitions = definitions
        self._excerpt = excerpt

    def value(self, schema: Schema, place: _Place) -> Any:
        schema = _resolved(schema, self._definitions)
        if "const" in schema:
            return schema["const"]
        if choices := schema.get("enum"):
            sentence = self._excerpt.sentence(place.name, place.item)
            return choices[(crc32(sentence.encode()) + place.item) % len(choices)]
        if place.depth == 0 and _type_of(schema) in ("object", "array"):
            return None
        fill = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
        }.get(_type_of(schema))
        return None if fill is None else fill(schema, place)

    def _object(self, schema: Schema, place: _Place) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        required = schema.get("required") or ()
        # Optional members are filled too, except where a recursive schema has to end.
        is_high = place.depth > _DEEPEST // 2
        names = properties if is_high else [n for n in properties if n in required]
        return {name: self.value(properties[name], place.member(name)) for name in names}

    def _array(self, schema: Schema, place: _Place) -> list[Any]:
        items = _resolved(schema.get("items") or {"type": "string"}, self._definitions)
        is_high = place.depth > _WIDE
        if is_high and (times := self._times(items)):
            return self._timed(schema, items, place, times)
        if place.name.lower() in _KEYWORDS and _type_of(items) == "string" and "enum" not in items:
            words = self._excerpt.words(_count(schema, _MOST_WORDS))
            rest = range(len(words), _count(schema, 1))
            return [_sized(word, items) for word in words] + self._elements(items, place, rest)
        wanted = 1
        if _type_of(items) == "object":
            wanted = _MOST_OBJECTS if is_high else int(place.depth > _DEEPEST // 2)
        return self._elements(items, place, range(_count(schema, wanted)))

    def _elements(self, items: Schema, place: _Place, numbers: Sequence[int]) -> list[Any]:
        return [self.value(items, place.element(n)) for n in numbers]

    def _times(self, items: Schema) -> Mapping[str, str]:
        """Return the members of a list's items that are times and text; empty if there are none."""
        properties: Mapping[str, Schema] = items.get("properties") or {}
        start = next((name for name in _STARTS if name in properties), None)
        if start is None or not self._excerpt.moments:
            return {}
        end = next((name for name in _ENDS if name in properties), "")
        strings = [
            n for n in properties if self._is_string(properties[n]) and n not in (start, end)
        ]
        text = next((name for name in (*_TEXTS, *strings) if name in strings), None)
        return {} if text is None else {"start": start, "end": end, "text": text}

    def _is_string(self, schema: Schema) -> bool:
        found = _resolved(schema, self._definitions)
        return _type_of(found) == "string" and "enum" not in found

    def _timed(
        self, schema: Schema, items: Schema, place: _Place, times: Mapping[str, str]
    ) -> list[Any]:
        moments = self._excerpt.moments[: _count(schema, len(self._excerpt.moments))]
        values = self._elements(items, place, range(_count(schema, len(moments))))
        for value, moment in zip(values, moments, strict=False):
            value |= self._moment(items["properties"], moment, times)
        return values

    def _moment(
        self, properties: Mapping[str, Schema], moment: Moment, times: Mapping[str, str]
    ) -> dict[str, Any]:
        seconds = {times["start"]: moment.second, times["end"]: moment.second + 1}
        written = {
            name: stamp(second) if self._is_string(properties[name]) else second
            for name, second in seconds.items()
            if name
        }
        return {**written, times["text"]: _sized(moment.text, properties[times["text"]])}

    def _string(self, schema: Schema, place: _Place) -> str:
        if known := _FORMATS.get(str(schema.get("format", ""))):
            return known
        if place.name.lower() in _SUMMARIES:
            return _sized(self._excerpt.summary(place.item), schema)
        return _sized(self._excerpt.sentence(place.name, place.item), schema)

    def _integer(self, schema: Schema, place: _Place) -> int:
        low, high = _bounds(schema)
        first, last = math.ceil(low), math.floor(high)
        first += first == schema.get("exclusiveMinimum")
        last -= last == schema.get("exclusiveMaximum")
        return first + crc32(place.name.encode()) % max(1, last - first + 1)

    def _number(self, schema: Schema, place: _Place) -> float:
        low, high = _bounds(schema)
        # Never a bound itself, which may be excluded.
        return low + (high - low) * (crc32(place.name.encode()) % 998 + 1) / 1000

    def _boolean(self, _: Schema, place: _Place) -> bool:
        return crc32(self._excerpt.sentence(place.name, place.item).encode()) % 2 == 0


def _sized(text: str, schema: Schema) -> str:
    least = int(_limit(schema, "minLength", 0))
    most = int(_limit(schema, "maxLength", max(len(text), least)))
    if most < _ROOM_FOR_MARKS:
        text = text.replace(MARK, "")
    return text[:most].ljust(least, ".")


def _count(schema: Schema, wanted: int) -> int:
    """Return the wanted number of items, or the nearest one the schema allows."""
    least, most = _limit(schema, "minItems", 0), _limit(schema, "maxItems", wanted)
    return int(max(least, min(wanted, most)))


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
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = 0.0 if high is None else min(0.0, float(high))
    return float(low), float(high) if high is not None else float(low) + 9
