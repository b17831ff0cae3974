"""Answer lines: what is accepted, what is refused, and that vectors keep their keys."""

import io
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.answers import BLOCK_ROWS, AnswerBlock, decode_answers
from semantic_assets.errors import CorruptResult
from tests.factories import answer_line, make_vectors

VALUES = [0.6, 0.8]
GOOD = '"response": {"embedding": {"values": [0.6, 0.8]}}'


def decode(*lines: bytes | str, expected: str = "a", **options: Any) -> list[AnswerBlock]:
    """Decode lines whose keys are single letters."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    given = {"dimensions": 2, "normalise": False, **options}
    return list(decode_answers(raw, expected=list(expected), **given))


def decode_one(line: bytes | str, **options: Any) -> AnswerBlock:
    (block,) = decode(line, **options)
    assert len(block.keys) == 1
    return block


# -- accepted -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f'{{"key": "a", {GOOD}}}',
        f'{{{GOOD}, "key": "a"}}',
        f'{{"extra": [1, {{"key": "z"}}], "key": "a", "more": null, {GOOD}}}\r\n',
        f'  {{"key": "a", "error": null, {GOOD}}}  \n',
        f'{{"key": "a", "error": {{}}, {GOOD}}}',
        '{"key": "a", "response": {"id": "x", "embedding": {"shape": [2], "values": [6e-1, 0.8]}}}',
    ],
)
def test_a_vector_is_read_wherever_its_key_stands(line: str) -> None:
    block = decode_one(line)
    assert block.keys == ["a"]
    assert block.outcomes == ["ok"]
    assert block.error_codes == [None]
    assert block.error_messages == [None]
    assert block.vectors.dtype == np.float32
    assert block.vectors.tolist() == np.asarray([VALUES], np.float32).tolist()


def test_whole_numbers_are_numbers() -> None:
    assert decode_one('{"key":"a","response":{"embedding":{"values":[1,0]}}}').vectors.tolist() == [
        [1.0, 0.0]
    ]


@pytest.mark.parametrize(
    ("response", "tokens"),
    [
        ({"tokenCount": 7}, 7),
        ({"tokenCount": "7"}, 7),  # int64 is a string in Google's JSON
        ({"usageMetadata": {"promptTokenCount": 7}}, 7),
        ({"usageMetadata": {"promptTokenCount": "7"}}, 7),
        ({"tokenCount": "8", "usageMetadata": {"promptTokenCount": 7}}, 8),
        ({"tokenCount": None, "usageMetadata": {"promptTokenCount": 7}}, 7),
        ({"tokenCount": "many"}, None),
        ({"tokenCount": []}, None),
        ({}, None),
    ],
)
def test_tokens_are_read_in_each_of_their_spellings(
    response: dict[str, object], tokens: int | None
) -> None:
    assert decode_one(answer_line("a", VALUES, **response)).tokens == [tokens]


@pytest.mark.parametrize("field", ["error", "status"])
@pytest.mark.parametrize(
    ("status", "outcome", "code", "message"),
    [
        ({"code": 3, "message": "too long"}, "permanent", "3", "too long"),
        ({"code": 5}, "permanent", "5", None),
        ({"code": 11, "message": "out of range"}, "permanent", "11", "out of range"),
        ({"code": 12}, "permanent", "12", None),
        ({"code": 8, "message": "quota"}, "transient", "8", "quota"),
        ({"code": 13}, "transient", "13", None),
        ({"code": 14, "message": "try again", "details": [{}]}, "transient", "14", "try again"),
        ({"message": "who knows"}, "transient", None, "who knows"),
        ({"code": "INTERNAL"}, "transient", "INTERNAL", None),
        ({}, "transient", None, None),
    ],
)
def test_an_error_is_an_outcome_and_says_whether_a_rerun_can_help(
    field: str, status: dict[str, object], outcome: str, code: str | None, message: str | None
) -> None:
    block = decode_one(orjson.dumps({"key": "a", field: status}))
    assert block.outcomes == [outcome]
    assert block.error_codes == [code]
    assert block.error_messages == [message]
    assert block.tokens == [None]


@pytest.mark.parametrize(
    "rest",
    [
        "",
        ', "response": null',
        ', "response": {}',
        ', "response": {"embedding": {}}',
        ', "response": []',
        ', "error": "", "status": 5',
        ', "status": "", "response": {}',
    ],
)
def test_neither_vector_nor_error_is_transient_and_says_so(rest: str) -> None:
    block = decode_one(f'{{"key": "a"{rest}}}')
    assert block.outcomes == ["transient"]
    assert block.error_messages == ["the line has neither an answer nor an error"]


#: As one line of the Agent Platform had it, and what others of it may say.
_PROVISIONING = (
    'Bad Request: {"error": {"code": 400, "message": "Service agents are being provisioned", '
    '"status": "FAILED_PRECONDITION"}}'
)
_INVALID = (
    'Bad Request: {"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}'
)


@pytest.mark.parametrize(
    ("status", "outcome", "code", "message"),
    [
        (_PROVISIONING, "transient", "FAILED_PRECONDITION", "Service agents are being provisioned"),
        (_INVALID, "permanent", "INVALID_ARGUMENT", "too long"),
        ('Bad Request: {"error": {"code": 400}}', "transient", "400", None),
        ("Bad Request: {", "transient", None, "Bad Request: {"),
        ("quota", "transient", None, "quota"),
        ("Internal: []", "transient", None, "Internal: []"),
        ('x: {"error": 5}', "transient", None, 'x: {"error": 5}'),
    ],
)
def test_a_status_that_is_a_text_is_the_reason(
    status: str, outcome: str, code: str | None, message: str | None
) -> None:
    block = decode_one(orjson.dumps({"key": "a", "status": status, "response": {}}))
    assert (block.outcomes, block.error_codes) == ([outcome], [code])
    assert block.error_messages == [message]


def test_a_key_without_a_line_is_no_corruption() -> None:
    (block,) = decode(answer_line("b", VALUES), expected="abc")
    assert block.keys == ["b"]


def test_no_lines_are_no_blocks() -> None:
    assert decode() == []
    assert decode("\n", "  \r\n") == []


def test_empty_lines_are_passed_over() -> None:
    (block,) = decode(
        "\n", answer_line("a", VALUES), " \n", answer_line("b", VALUES), expected="ab"
    )
    assert block.keys == ["a", "b"]


def test_errors_and_vectors_of_one_file_stay_with_their_keys() -> None:
    lines = [
        answer_line("b", [0.0, 1.0], tokenCount=2),
        b'{"key":"a","error":{"code":13}}\n',
        answer_line("c", [1.0, 0.0], tokenCount=3),
    ]
    (block,) = decode(*lines, expected="abc", normalise=True)
    assert block.keys == ["b", "a", "c"]
    assert block.outcomes == ["ok", "transient", "ok"]
    assert block.tokens == [2, None, 3]
    assert block.vectors[0].tolist() == [0.0, 1.0]
    assert block.vectors[2].tolist() == [1.0, 0.0]


def test_a_line_separator_inside_a_text_does_not_end_a_line() -> None:
    message = "one\u2028two\u2029three\x85four"
    line = '{"key":"a","error":{"message":"' + message + '"}}\n'
    file = io.BytesIO(line.encode() + answer_line("b", VALUES))
    (block,) = decode(*file, expected="ab")
    assert block.keys == ["a", "b"]
    assert block.error_messages == [message, None]


# -- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2: not JSON"),
        (f'{{"key": "b", {GOOD}', "line 2: not JSON"),  # cut off
        ('{"key": "b", "response": {"embedding": {"values": [NaN, 1.0]}}}', "not JSON"),
        ('{"key": "b", "response": {"embedding": {"values": [Infinity, 1.0]}}}', "not JSON"),
        ('{"key": "b", "response": {"embedding": {"values": ["NaN", 1.0]}}}', "not a number"),
        ('{"key": "b", "response": {"embedding": {"values": [null, 1.0]}}}', "not a number"),
        ('{"key": "b", "response": {"embedding": {"values": [true, 1.0]}}}', "not a number"),
        ('{"key": "b", "response": {"embedding": {"values": [[0.6], [0.6, 0.1]]}}}', "not a numb"),
        ('{"key": "b", "response": {"embedding": {"values": []}}}', "line 2: 0 values, not 2"),
        ('{"key": "b", "response": {"embedding": {"values": [1.0]}}}', "line 2: 1 values, not 2"),
        ('{"key": "b", "response": {"embedding": {"values": [1, 0, 0]}}}', "3 values, not 2"),
        ('{"key": "b", "response": {"embedding": {"values": [0.0, 0.0]}}}', "key b: .* all zeros"),
        ('{"key": "b", "response": {"embedding": {"values": [1e-9, 0.0]}}}', "key b: .* all zeros"),
        (f'{{"key": "z", {GOOD}}}', "line 2: key 'z' was not asked for"),
        (f'{{"key": "a", {GOOD}}}', "line 2: key 'a' .* or answered twice"),
        ('{"key": "a", "error": {"code": 13}}', "line 2: key 'a' .* or answered twice"),
        (f'{{"key": 7, {GOOD}}}', "line 2: no key"),
        (f'{{"key": null, {GOOD}}}', "line 2: no key"),
        (f"{{{GOOD}}}", "line 2: no key"),
        ('["key", "b"]', "line 2: no key"),
        ('"key"', "line 2: no key"),
        ("17", "line 2: no key"),
    ],
)
@pytest.mark.parametrize("normalise", [True, False])
def test_a_line_that_is_no_answer_to_what_was_asked_is_refused(
    line: str, reason: str, normalise: bool
) -> None:
    with pytest.raises(CorruptResult, match=reason):
        decode(answer_line("a", VALUES), line, expected="ab", normalise=normalise)


def test_a_key_answered_in_an_earlier_block_is_refused_too() -> None:
    keys = [f"{number:08x}" for number in range(BLOCK_ROWS)]
    lines = [answer_line(key, VALUES) for key in (*keys, keys[0])]
    blocks = decode_answers(lines, expected=keys, dimensions=2, normalise=False)
    assert len(next(blocks).keys) == BLOCK_ROWS
    with pytest.raises(CorruptResult, match=f"line {BLOCK_ROWS + 1}"):
        next(blocks)


@pytest.mark.parametrize("values", [[0.6, 0.6], [60.0, 80.0], [0.06, 0.08]])
def test_a_model_that_should_have_normalised_and_did_not_is_refused(values: list[float]) -> None:
    assert decode_one(answer_line("a", values), normalise=True).outcomes == ["ok"]
    with pytest.raises(CorruptResult, match="should have normalised"):
        decode_one(answer_line("a", values), normalise=False)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("value", ["1e39", "-1e300"])
def test_a_value_beyond_float32_is_refused(value: str, normalise: bool) -> None:
    line = f'{{"key": "a", "response": {{"embedding": {{"values": [{value}, 1.0]}}}}}}'
    with pytest.raises(CorruptResult, match="key a: the vector is not finite"):
        decode_one(line, normalise=normalise)


@pytest.mark.parametrize("values", ['"ab"', '{"x": 1, "y": 2}', "null", "7", "true"])
def test_values_that_are_no_list_are_refused(values: str) -> None:
    with pytest.raises(CorruptResult, match="not a list"):
        decode_one(f'{{"key": "a", "response": {{"embedding": {{"values": {values}}}}}}}')


def test_a_vector_whose_norm_exceeds_float32_is_normalised_or_refused() -> None:
    line = '{"key": "a", "response": {"embedding": {"values": [3e38, 3e38]}}}'
    try:
        with np.errstate(over="ignore"):
            block = decode_one(line, normalise=True)
    except CorruptResult:
        return
    assert np.linalg.norm(block.vectors[0].astype(np.float64)) == pytest.approx(1.0)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "response", "embedding", "error", "code", "message"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["response", "error", "status", "x"]), json_values))
def test_whatever_a_line_holds_it_is_decoded_or_refused(rest: dict[str, object]) -> None:
    try:
        block = decode_one(orjson.dumps({"key": "a", **rest}))
    except CorruptResult:
        return
    assert block.outcomes[0] in ("permanent", "transient")


# -- blocks, numbers, round trip ------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS])
def test_blocks_are_full_and_the_last_one_holds_the_rest(rows: int) -> None:
    keys = [f"{number:08x}" for number in range(rows)]
    vectors = make_vectors(rows, 2)
    lines = (answer_line(k, v) for k, v in zip(keys, vectors.tolist(), strict=True))
    blocks = list(decode_answers(lines, expected=keys, dimensions=2, normalise=False))
    assert [len(block.keys) for block in blocks] == [
        min(BLOCK_ROWS, rows - start) for start in range(0, rows, BLOCK_ROWS)
    ]
    for block in blocks:
        count = len(block.keys)
        assert block.vectors.shape == (count, 2)
        assert len(block.tokens) == len(block.outcomes) == count
        assert len(block.error_codes) == len(block.error_messages) == count
    assert [key for block in blocks for key in block.keys] == keys
    np.testing.assert_array_equal(np.concatenate([block.vectors for block in blocks]), vectors)


def test_blocks_come_as_the_file_is_read() -> None:
    keys = [f"{number:08x}" for number in range(BLOCK_ROWS)]

    def lines() -> Any:
        yield from (answer_line(key, VALUES) for key in keys)
        raise AssertionError("read on before the block was taken")

    blocks = decode_answers(lines(), expected=keys, dimensions=2, normalise=False)
    assert len(next(blocks).keys) == BLOCK_ROWS


components = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-3)


@given(
    st.dictionaries(
        st.text("0123456789abcdef", min_size=1),
        st.lists(components, min_size=3, max_size=3).filter(any),
        min_size=1,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_vectors_come_back_normalised_under_their_own_keys_in_any_order(
    vectors: dict[str, list[float]], rng: Any
) -> None:
    shuffled = list(vectors)
    rng.shuffle(shuffled)
    lines = [answer_line(key, vectors[key]) for key in shuffled]
    (block,) = decode_answers(lines, expected=vectors, dimensions=3, normalise=True)
    assert block.keys == shuffled
    for key, vector in zip(block.keys, block.vectors.astype(np.float64), strict=True):
        expected = np.asarray(vectors[key])
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
        assert abs(np.linalg.norm(vector) - 1) < 1e-6


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e20])
def test_768_dimensions_are_normalised_to_a_millionth(scale: float) -> None:
    vectors = make_vectors(50, 768).astype(np.float64) * scale
    keys = [f"{number:02x}" for number in range(50)]
    lines = [answer_line(k, v) for k, v in zip(keys, vectors.tolist(), strict=True)]
    (block,) = decode_answers(lines, expected=keys, dimensions=768, normalise=True)
    norms = np.linalg.norm(block.vectors.astype(np.float64), axis=1)
    np.testing.assert_allclose(norms, 1.0, atol=1e-6)
