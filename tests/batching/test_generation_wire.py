"""What is sent for a generation task, to the byte: the files in `golden/` are the wire."""

import json
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.batching.generation_requests import Ask, generation_lines, request_of
from semantic_assets.batching.response_schema import wire_schema
from semantic_assets.errors import ConfigError
from semantic_assets.model.task import GenerationTask
from tests.factories import SUMMARY_SCHEMA, make_task

GOLDEN = Path(__file__).parent / "golden"
#: name of the golden file -> (task, what is asked)
CASES: dict[str, tuple[GenerationTask, list[Ask]]] = {
    "text-with-schema": (
        make_task(config={"temperature": 0.2, "max_output_tokens": 512, "thinking_budget": 0}),
        [Ask("k1", "Summarise.\n\nНочь\u2028улица"), Ask("k2", 'quotes " and \\ and {braces}')],
    ),
    "text-plain": (
        make_task(schema=None, config={}, system_instruction=None),
        [Ask("k1", "Say something about rivers.")],
    ),
    "thinking-level": (
        make_task(schema=None, config={"thinking_level": "low", "stop_sequences": ["END"]}),
        [Ask("k1", "Think.")],
    ),
    "media": (
        make_task(is_media=True, prompt="Describe {title}."),
        [Ask("k1", "Describe boat.", "https://example.org/v1/files/abc", "image/png")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_lines_are_the_golden_file(name: str) -> None:
    """To change the wire on purpose: write the new lines, read them, and keep them."""
    task, asks = CASES[name]
    assert b"".join(generation_lines(task, asks)) == (GOLDEN / f"{name}.jsonl").read_bytes()


def test_a_line_and_a_real_time_call_carry_the_same_request() -> None:
    task, asks = CASES["text-with-schema"]
    (line, _) = generation_lines(task, asks)
    assert json.loads(line)["request"] == request_of(task, asks[0])


def test_options_stand_under_generation_config_and_nowhere_else() -> None:
    """Beside `contents` they fail the whole job with "no such field" (inspect_ai #3273)."""
    request = request_of(*_first("text-with-schema"))
    assert request.keys() == {"contents", "system_instruction", "generation_config"}
    assert request["generation_config"]["thinking_config"] == {"thinking_budget": 0}


def test_a_line_is_one_line_whatever_the_text() -> None:
    task, asks = CASES["text-with-schema"]
    assert all(line.count(b"\n") == 1 for line in generation_lines(task, asks))


def _first(name: str) -> tuple[GenerationTask, Ask]:
    task, asks = CASES[name]
    return task, asks[0]


def test_a_schema_is_said_in_the_words_of_the_api() -> None:
    assert wire_schema(SUMMARY_SCHEMA) == {
        "type": "OBJECT",
        "required": ["summary", "keywords"],
        "properties": {
            "summary": {"type": "STRING", "minLength": 1},
            "keywords": {"type": "ARRAY", "items": {"type": "STRING"}, "maxItems": 8},
        },
        "propertyOrdering": ["summary", "keywords"],
    }


def test_an_order_of_properties_that_is_given_stands() -> None:
    schema = {**SUMMARY_SCHEMA, "propertyOrdering": ["keywords", "summary"]}
    assert wire_schema(schema)["propertyOrdering"] == ["keywords", "summary"]


@pytest.mark.parametrize(
    ("schema", "wire"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "INTEGER", "nullable": True}),
        ({"const": "x"}, {"enum": ["x"]}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "number"}}}, {"type": "NUMBER"}),
        ({"type": "object", "additionalProperties": False}, {"type": "OBJECT"}),
        (
            {"oneOf": [{"type": "string"}, {"type": "boolean"}]},
            {"anyOf": [{"type": "STRING"}, {"type": "BOOLEAN"}]},
        ),
    ],
)
def test_what_the_api_has_another_word_for(schema: dict[str, Any], wire: dict[str, Any]) -> None:
    assert wire_schema(schema) == wire


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"not": {"type": "string"}}, "no word for"),
        ({"type": "tuple"}, "use one of"),
        ({"$ref": "#/$defs/B", "$defs": {}}, "not in it"),
        (
            {
                "$ref": "#/$defs/A",
                "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}},
            },
            "refers to itself",
        ),
    ],
)
def test_what_the_api_cannot_be_told_is_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        wire_schema(schema)
