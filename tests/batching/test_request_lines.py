"""Request lines: exact bytes, one JSON object a line, one line a text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.requests import embedding_lines
from semantic_assets.model.space import EmbeddingSpace
from tests.factories import SPACE, make_space

texts = st.lists(st.tuples(st.text("0123456789abcdef", min_size=1), st.text()))


def test_the_exact_bytes_of_a_line() -> None:
    lines = list(embedding_lines(SPACE, [("ab12", 'He said "no".\nÜ \u2028 😀')]))
    assert lines == [
        b'{"key":"ab12","request":{"output_dimensionality":768,"task_type":"RETRIEVAL_DOCUMENT",'
        b'"content":{"parts":[{"text":"He said \\"no\\".\\n\xc3\x9c \xe2\x80\xa8 '
        b'\xf0\x9f\x98\x80"}]}}}\n'
    ]


def test_the_exact_bytes_for_a_model_with_a_template_and_without_a_task() -> None:
    space = EmbeddingSpace.of(backend="gemini", model="gemini-embedding-2", dimensions=1536)
    assert list(embedding_lines(space, [("k", "a {text} b")])) == [
        b'{"key":"k","request":{"output_dimensionality":1536,'
        b'"content":{"parts":[{"text":"title: none | text: a {text} b"}]}}}\n'
    ]


@given(texts)
def test_each_text_is_one_line_of_json_in_order(pairs: list[tuple[str, str]]) -> None:
    file = b"".join(embedding_lines(SPACE, pairs))
    lines = file.split(b"\n")
    assert lines.pop() == b""
    read = [json.loads(line) for line in lines]
    assert [(r["key"], r["request"]["content"]["parts"][0]["text"]) for r in read] == pairs


@given(st.text())
def test_the_text_is_wrapped_in_the_constants_of_the_space(text: str) -> None:
    (line,) = embedding_lines(make_space(document_template="<{text}>"), [("k", text)])
    assert json.loads(line)["request"]["content"] == {"parts": [{"text": f"<{text}>"}]}


def test_the_title_field_is_never_used() -> None:
    (line,) = embedding_lines(SPACE, [("k", "text")])
    assert b'"title"' not in line


def test_lines_are_made_as_they_are_asked_for() -> None:
    endless = (("k", "text") for _ in iter(int, 1))
    assert next(embedding_lines(SPACE, endless)).startswith(b'{"key":"k"')
