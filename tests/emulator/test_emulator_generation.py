"""Answers of chat models: schemas, limits, and their bill."""

import json
from base64 import b64encode

import jsonschema_rs
import pytest
from google.genai import types

from semantic_assets.emulator.answers.excerpts import MARK
from tests.emulator import drawn

_TEXT = (
    "Lisbon lies on the estuary of the Tagus. The harbour was rebuilt after the earthquake. "
    "Merchants traded pepper and porcelain. Today the trams climb seven hills."
)
_PROMPT = f"Summarise this.\n\n{_TEXT}"
_SCHEMA = {
    "type": "object",
    "required": ["summary", "keywords", "facts"],
    "properties": {
        "score": {"type": "number"},
        "summary": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}, "maxItems": 4},
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["claim"],
                "properties": {"claim": {"type": "string"}},
            },
        },
    },
}


@pytest.fixture
def bill(emulator, ask):
    return lambda: ask(emulator, "/emulator/bill")


def test_answer_is_about_the_text(generate, prompt_line, answer_text):
    value = json.loads(answer_text(generate(prompt_line("a", _PROMPT, schema=_SCHEMA))))
    assert value["summary"].startswith(MARK)
    assert value["summary"].replace(MARK, "") == _TEXT.rsplit(". ", 1)[0] + "."
    assert value["keywords"] == ["earthquake", "Merchants", "porcelain", "estuary"]
    claims = [fact["claim"] for fact in value["facts"]]
    assert len(set(claims)) == 3
    assert all(claim.startswith(MARK) and claim.removeprefix(MARK) in _TEXT for claim in claims)


def test_lists_keep_their_limits(generate, prompt_line, answer_text):
    thing = {"type": "object", "properties": {"name": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 3},
            "one": {"type": "array", "items": thing, "maxItems": 1},
            "five": {"type": "array", "items": thing, "minItems": 5},
            "none": {"type": "array", "items": thing, "maxItems": 0},
            "topics": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}},
        },
    }
    value = json.loads(answer_text(generate(prompt_line("a", "Long words.", schema=schema))))
    assert {name: len(items) for name, items in value.items()} == {
        "tags": 3,
        "one": 1,
        "five": 5,
        "none": 0,
        "topics": 1,
    }
    assert value["tags"][:2] == ["words", "Long"]
    assert value["topics"][0] in ("x", "y")


@pytest.mark.parametrize("name", ["max_output_tokens", "maxOutputTokens"])
@pytest.mark.parametrize("schema", [None, _SCHEMA])
def test_answer_is_cut_at_its_limit(generate, prompt_line, answer_text, name, schema):
    answer = generate(prompt_line("a", _PROMPT, schema=schema, **{name: 10}))
    assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
    usage = answer["usageMetadata"]
    assert usage["candidatesTokenCount"] == 10
    assert usage["totalTokenCount"] == 10 + usage["promptTokenCount"]
    whole = generate(prompt_line("a", _PROMPT, schema=schema))
    assert answer_text(whole).startswith(answer_text(answer))


@pytest.mark.parametrize("text", ["word " * 5000, "字" * 5000, f"{_TEXT} " * 50])
def test_answer_fits_into_a_sensible_limit(generate, prompt_line, answer_text, text):
    answer = generate(prompt_line("a", text, schema=_SCHEMA, max_output_tokens=256))
    assert answer["candidates"][0]["finishReason"] == "STOP"
    assert json.loads(answer_text(answer))["summary"]


_NODE = {
    "type": "object",
    "required": ["time", "text", "parts"],
    "additionalProperties": False,
    "properties": {
        "time": {"type": "string"},
        "text": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
    },
}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 3},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
        {"type": "number", "maximum": -3.5},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
        {"type": "string", "minLength": 500},
        {"type": ["string", "null"], "maxLength": 3},
        {"anyOf": [{"type": "null"}, {"enum": ["x", "y"]}]},
        {"type": "object", "properties": {"keywords": {"type": "array", "minItems": 7}}},
        {"$defs": {"Node": _NODE}, "type": "array", "items": {"$ref": "#/$defs/Node"}},
    ],
)
def test_answer_about_a_film_obeys_any_schema(generate, prompt_line, answer_text, schema):
    film = drawn.avi([("red", "circle", "white")] * 4)
    part = {"inline_data": {"mime_type": "video/avi", "data": b64encode(film).decode()}}
    answer = generate(prompt_line("a", part, schema=schema))
    jsonschema_rs.validate(schema, json.loads(answer_text(answer)))


def test_realtime_and_batch_answer_alike(
    client, generate, generate_job, prompt_line, advance, download
):
    line = prompt_line("a", _PROMPT, schema=_SCHEMA)
    job = generate_job(line)
    advance(100)
    (answer,) = download(client, job.name)
    assert answer == {"response": generate(line), "key": "a"}


def test_inlined_schema_of_the_sdk_is_obeyed(client, advance):
    config = {"response_mime_type": "application/json", "response_json_schema": _SCHEMA}
    source = types.InlinedRequest(contents=_PROMPT, config=config, metadata={"key": "k"})
    job = client.batches.create(model="gemini-3.5-flash", src=[source])
    advance(100)
    (answer,) = client.batches.get(name=job.name).dest.inlined_responses
    assert json.loads(answer.response.text)["summary"].replace(MARK, "") in _TEXT


def test_nothing_to_answer_is_an_error_line(client, generate_job, advance, download):
    request = {"contents": [], "systemInstruction": {"parts": [{"text": "Be kind."}]}}
    job = generate_job({"key": "a", "request": request})
    advance(100)
    (line,) = download(client, job.name)
    assert line["error"]["code"] == 3


def test_prompt_paid_twice_is_named(generate_job, prompt_line, advance, bill):
    line = prompt_line("a", _PROMPT, schema=_SCHEMA)
    first, second = generate_job(line), generate_job({**line, "key": "b"})
    generate_job(prompt_line("a", f"Kindly: {_PROMPT}", schema=_SCHEMA))  # other work
    generate_job(prompt_line("a", _PROMPT))  # other options
    advance(100)
    (paid,) = bill()["paid_more_than_once"]
    assert paid["jobs"] == [first.name, second.name]
    assert bill()["texts"] == 3


def test_file_uploaded_again_is_the_same_work_and_another_is_not(
    generate_job, prompt_line, send_media, advance, bill
):
    red, blue = (drawn.png(color, "circle", "white") for color in ("red", "blue"))
    for data in (red, blue, red):
        generate_job(prompt_line("a", "What?", send_media(data, "image/png")))
    advance(100)
    (paid,) = bill()["paid_more_than_once"]
    assert (paid["sent"], len(paid["jobs"])) == (2, 2)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("broken-answers", {"fraction": 1.0}),
        ("stopped-answers", {"fraction": 1.0}),
    ],
)
def test_asking_again_after_a_bad_answer_is_a_repair(
    arm, generate_job, prompt_line, advance, bill, fault, parameters
):
    arm(fault, times=2, **parameters)
    line, made = prompt_line("a", _PROMPT, schema=_SCHEMA), []
    for _ in range(3):  # bad, bad, good
        made.append(generate_job(line).name)
        advance(100)
    assert bill()["paid_more_than_once"] == []
    (repaired,) = bill()["repaired"]
    assert repaired["jobs"] == made
    made.append(generate_job(line).name)
    advance(100)
    (paid,) = bill()["paid_more_than_once"]
    assert paid["jobs"] == made[2:]


def test_asking_again_before_the_bad_answer_is_known_is_no_repair(
    arm, generate_job, prompt_line, advance, bill
):
    arm("broken-answers", fraction=1.0)
    line = prompt_line("a", _PROMPT, schema=_SCHEMA)
    generate_job(line), generate_job(line)
    advance(100)
    assert (len(bill()["paid_more_than_once"]), bill()["repaired"]) == (1, [])


def test_asking_again_what_was_blocked_is_no_repair(arm, generate_job, prompt_line, advance, bill):
    arm("blocked-prompts", contains="Tagus")
    for _ in range(2):
        generate_job(prompt_line("a", _PROMPT))
        advance(100)
    assert (len(bill()["paid_more_than_once"]), bill()["repaired"]) == (1, [])


def test_bill_counts_requests_and_tokens(
    arm, generate, generate_job, prompt_line, advance, bill, client, download
):
    arm("error-lines", fraction=0.5)
    lines = [prompt_line(f"{n}", f"Item {n}.", schema=_SCHEMA) for n in range(4)]
    job = generate_job(*lines)
    assert bill()["generation"] == {
        "requests": 4,
        "paid": 0,
        "prompt_tokens": 0,
        "output_tokens": 0,
    }
    advance(100)
    usage = [
        line["response"]["usageMetadata"]
        for line in download(client, job.name)
        if "response" in line
    ]
    generate(lines[0])
    expected = {
        "requests": 4,
        "paid": 2,
        "prompt_tokens": sum(each["promptTokenCount"] for each in usage),
        "output_tokens": sum(each["candidatesTokenCount"] for each in usage),
    }
    assert bill()["generation"] == bill()["generation"] == expected
    assert bill()["realtime_requests"] == 1


def test_each_sentence_says_that_it_is_a_placeholder_unless_a_schema_leaves_no_room(
    generate, prompt_line, answer_text
):
    short = {"type": "STRING", "maxLength": 12}
    schema = {"type": "OBJECT", "properties": {"summary": {"type": "STRING"}, "code": short}}
    value = json.loads(answer_text(generate(prompt_line("k", _PROMPT, schema=schema))))
    sentences = value["summary"].count(". ") + 1
    assert value["summary"].count(MARK) == sentences > 1
    assert MARK.strip() not in value["code"]
    assert len(value["code"]) <= 12
