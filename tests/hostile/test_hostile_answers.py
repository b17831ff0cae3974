"""A hostile answer of a service is an outcome or a named error, in time, on one line."""

import time
from contextlib import suppress

import orjson
import pytest

from semantic_assets.batching.answers import decode_answers
from semantic_assets.batching.generation_answers import AnswerReader, decode_generations
from semantic_assets.errors import CorruptResult
from semantic_assets.model.tables import GENERATION_RESULTS
from semantic_assets.text.foreign import said
from tests.factories import make_task
from tests.hostile.answers import GENERATED, VECTOR_LINES

_GOOD = b'{"key": "b", "response": {"embedding": {"values": [0.6, 0.8]}}}'
#: A line of ten megabytes is written down in a tenth of it.
_MOST_CPU_SECONDS = 5.0
_MOST_MESSAGE = 10_000


@pytest.mark.parametrize("name", VECTOR_LINES)
def test_hostile_line_is_an_outcome_or_a_named_error(name: str) -> None:
    began, messages = time.process_time(), []
    try:
        lines = [VECTOR_LINES[name], _GOOD]
        blocks = list(decode_answers(lines, expected=["a", "b"], dimensions=2, normalise=False))
        assert "b" in [key for block in blocks for key in block.keys]
        messages = [text for block in blocks for text in block.error_messages if text]
    except CorruptResult as error:
        messages = [str(error)]
    assert time.process_time() - began < _MOST_CPU_SECONDS
    for message in messages:
        assert len(message) < _MOST_MESSAGE
        assert "\n" not in message


@pytest.mark.parametrize("name", GENERATED)
def test_hostile_generated_answer_is_an_outcome(name: str) -> None:
    began = time.process_time()
    found = AnswerReader(make_task()).read(GENERATED[name])
    assert time.process_time() - began < _MOST_CPU_SECONDS
    assert found.outcome
    assert len(found.error_message or "") < _MOST_MESSAGE
    if found.outcome == "ok":
        orjson.loads(found.output or "")
    with suppress(CorruptResult):
        line = orjson.dumps({"key": "a", **GENERATED[name]})
        for block in decode_generations([line], expected=["a"], reader=AnswerReader(make_task())):
            block.batch(GENERATION_RESULTS)
    assert time.process_time() - began < 2 * _MOST_CPU_SECONDS


@pytest.mark.parametrize("before", range(1_960, 2_001, 5))
def test_a_secret_that_the_cut_falls_into_is_not_kept_in_part(before: int) -> None:
    kept = said("x" * (before - 1) + " " + "AIza" + "S" * 35 + " and more" * 500)
    assert "AIza" not in kept
    assert kept.endswith("more)")
