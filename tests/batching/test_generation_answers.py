"""Every answer line is an outcome: an answer that fits, or why there is none."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.generation_answers import (
    AnswerReader,
    Generated,
    decode_generations,
)
from semantic_assets.errors import CorruptResult
from semantic_assets.model.tables import GENERATION_RESULTS
from tests.factories import make_task

READER = AnswerReader(make_task())
FITS = {"summary": "Rivers flow.", "keywords": ["river"]}


def answered(text: str | None, *, finish: str = "STOP", **more: Any) -> dict[str, Any]:
    parts = [] if text is None else [{"text": text}]
    usage = {"promptTokenCount": "10", "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": finish}
    return {"response": {"candidates": [candidate], "usageMetadata": usage, **more}}


def test_an_answer_that_fits_is_ok_with_its_tokens() -> None:
    found = READER.read(answered(json.dumps(FITS)))
    assert found == Generated(
        outcome="ok",
        output='{"summary":"Rivers flow.","keywords":["river"]}',
        finish_reason="STOP",
        tokens=10,
        output_tokens=7,
    )


def test_thoughts_are_no_part_of_the_answer() -> None:
    answer = answered(json.dumps(FITS))
    parts = answer["response"]["candidates"][0]["content"]["parts"]
    parts.insert(0, {"text": "Let me think.", "thought": True})
    assert READER.read(answer).outcome == "ok"


@pytest.mark.parametrize(
    "fenced",
    ["```json\n{}\n```", " ```\n{}\n```\n", "```json\r\n{}\r\n```", "\n```json \n\n{}```", "{}"],
)
def test_json_in_a_fence_is_taken_out_of_it(fenced: str) -> None:
    assert READER.read(answered(fenced.replace("{}", json.dumps(FITS)))).outcome == "ok"


@pytest.mark.parametrize(
    "wrong", ["```{}```", "```xml\n{}\n```", "```\n{}", "{}\n```", "```", "`````"]
)
def test_what_is_no_whole_fence_is_no_json(wrong: str) -> None:
    answer = READER.read(answered(wrong.replace("{}", json.dumps(FITS))))
    assert answer.error_code == "INVALID_JSON"


@pytest.mark.parametrize("filling", ["\n", " ", "\n```", "```\n", " \n"])
def test_a_fence_of_a_megabyte_of_blanks_takes_no_time(filling: str) -> None:
    began = time.process_time()
    answer = READER.read(answered("```json\n" + filling * (1_000_000 // len(filling)) + "x"))
    assert answer.error_code == "INVALID_JSON"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("answer", "outcome", "code", "message"),
    [
        (answered("Rivers flow."), "transient", "INVALID_JSON", "not JSON"),
        (answered('{"summary": "x"}'), "transient", "SCHEMA", "keywords"),
        (answered('{"summary": 1, "keywords": []}'), "transient", "SCHEMA", "summary"),
        (answered('{"summ', finish="MAX_TOKENS"), "transient", "MAX_TOKENS", "256 tokens"),
        (answered(None), "transient", "EMPTY", "no text"),
        (answered(None, finish="SAFETY"), "permanent", "SAFETY", "stopped"),
        (answered(None, finish="RECITATION"), "transient", "EMPTY", "RECITATION"),
        ({"response": {}}, "transient", None, "neither an answer nor an error"),
        ({"response": {}, "status": "Bad Request: x"}, "transient", None, "Bad Request: x"),
        ({"response": {"candidates": []}}, "transient", "EMPTY", "no text"),
        (
            {"response": {"promptFeedback": {"blockReason": "SAFETY"}}},
            "permanent",
            "BLOCKED",
            "blocked: SAFETY",
        ),
        ({"error": {"code": 3, "message": "bad part"}}, "permanent", "3", "bad part"),
        ({"status": {"code": 8}}, "transient", "8", None),
        ({}, "transient", None, "neither an answer nor an error"),
    ],
)
def test_what_is_no_answer_says_why(
    answer: dict[str, Any], outcome: str, code: str | None, message: str | None
) -> None:
    found = READER.read(answer)
    assert (found.outcome, found.error_code) == (outcome, code)
    assert (found.error_message is None) if message is None else message in str(found.error_message)


def test_what_does_not_fit_is_kept_and_its_tokens_count() -> None:
    found = READER.read(answered("Rivers flow."))
    assert (found.output, found.tokens, found.output_tokens) == ("Rivers flow.", 10, 7)


def test_without_a_schema_any_text_is_an_answer() -> None:
    assert AnswerReader(make_task(schema=None)).read(answered("Rivers")).output == "Rivers"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_response_whatever_its_shape_stops_a_file(response: Any) -> None:
    found = READER.read({"response": response})
    assert found.outcome in ("ok", "transient", "permanent")
    assert found.outcome == "ok" or found.error_message


def line(key: str, answer: dict[str, Any]) -> bytes:
    return json.dumps({**answer, "key": key}).encode() + b"\n"


def decoded(lines: list[bytes], expected: list[str]) -> list[str]:
    blocks = decode_generations(lines, expected=expected, reader=READER)
    return [key for block in blocks for key in block.keys]


def test_blocks_become_rows_of_a_results_file() -> None:
    lines = [line("a", answered(json.dumps(FITS))), b"\n", line("b", answered("no"))]
    (block,) = decode_generations(lines, expected=["a", "b"], reader=READER)
    rows = block.batch(GENERATION_RESULTS).to_pylist()
    assert [row["outcome"] for row in rows] == ["ok", "transient"]
    assert rows[0]["token_count"] == 10
    assert rows[1]["error_code"] == "INVALID_JSON"


def test_many_lines_come_in_blocks_and_none_is_lost() -> None:
    keys = [f"k{n}" for n in range(2_500)]
    lines = [line(key, answered(json.dumps(FITS))) for key in keys]
    assert decoded(lines, keys) == keys


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line("x", {})], "not asked for"),
        ([line("a", {}), line("a", {})], "answered twice"),
        ([b"{"], "not JSON"),
        ([b"[]\n"], "not an object"),
        ([b"{}\n"], "no key"),
    ],
)
def test_a_file_that_is_not_the_answer_is_refused(lines: list[bytes], message: str) -> None:
    with pytest.raises(CorruptResult, match=message):
        decoded(lines, ["a", "b"])
