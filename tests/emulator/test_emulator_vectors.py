"""Vectors and token counts, without a server."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.answers.embedding import EmbedRequest, embed
from semantic_assets.emulator.answers.vectors import Embedder, Space
from semantic_assets.emulator.jobs.catalogue import known_model

_HASHED = Embedder("hashed")
_COMPUTABLE = Embedder("computable")
# No deadline: the first example of all fills tables and caches.
_QUICK = settings(max_examples=30, deadline=None)


def _space(dimensions=768, model="gemini-embedding-001", task="RETRIEVAL_DOCUMENT"):
    normalised = model == "gemini-embedding-2" or dimensions == 3072
    return Space(model=model, dimensions=dimensions, task=task, normalised=normalised)


def _cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def _vector(text, **space):
    return _HASHED.embed([text], _space(**space))[0]


def test_vectors_do_not_depend_on_the_hash_seed_or_the_process():
    script = (
        "from semantic_assets.emulator.answers.vectors import Embedder, Space\n"
        "s = Space(model='m', dimensions=16, task='t', normalised=False)\n"
        "print(Embedder('hashed').embed(['a text of Слова 日本語'], s).tobytes().hex())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_vector_does_not_depend_on_its_neighbours():
    texts = ["one small text", "слово за слово", "日本語の文", "?!", "one small text again"]
    together = Embedder("hashed").embed(texts, _space(64))
    backwards = Embedder("hashed")
    alone = [backwards.embed([text], _space(64))[0] for text in reversed(texts)]
    assert np.array_equal(together, alone[::-1])


@pytest.mark.parametrize("dimensions", [1, 8, 128, 768, 1536, 2048])
def test_truncated_vectors_are_not_normalised_and_vary(dimensions):
    lengths = np.linalg.norm(
        _HASHED.embed([f"text number {n}" for n in range(50)], _space(dimensions)), axis=1
    )
    assert np.all(lengths < 0.999)
    assert np.ptp(lengths) > 0.01 * lengths.mean()


def test_full_vectors_are_normalised():
    vectors = _HASHED.embed(["a text", "?"], _space(3072))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("dimensions", [1, 768, 3072])
def test_embedding_2_is_normalised_at_any_dimension(dimensions):
    vector = _vector("a text", dimensions=dimensions, model="gemini-embedding-2", task="")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_query_and_document_of_one_text_are_close_and_not_equal():
    text = "how a river finds the sea"
    similarity = _cosine(_vector(text), _vector(text, task="RETRIEVAL_QUERY"))
    assert 0.95 < similarity < 0.999


def test_models_have_spaces_of_their_own():
    text = "how a river finds the sea"
    other = _vector(text, model="gemini-embedding-2", task="")
    assert abs(_cosine(_vector(text), other)) < 0.2


def test_prefixes_of_embedding_2_do_not_hide_the_text():
    def vector(text):
        return _vector(text, model="gemini-embedding-2", task="")

    query = vector("task: search result | query: river delta")
    assert _cosine(query, vector("title: none | text: river delta")) > 0.99


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("Where do rivers end?", "Every river ends in a sea or a lake.", "Bread needs yeast."),
        ("Где кончаются реки?", "Река кончается в море.", "Хлебу нужны дрожжи."),
        ("川の終わり", "川は海で終わります。", "パンには酵母が要ります。"),
    ],
)
def test_related_text_is_nearer_than_unrelated(question, right, wrong):
    query = _vector(question, task="RETRIEVAL_QUERY")
    assert _cosine(query, _vector(right)) > _cosine(query, _vector(wrong)) + 0.05


@_QUICK
@given(st.text(min_size=1, max_size=60), st.sampled_from([1, 2, 7, 64]))
def test_every_text_has_a_finite_vector_that_is_not_zero(text, dimensions):
    for embedder in (_HASHED, _COMPUTABLE):
        vector = embedder.embed([text], _space(dimensions))[0]
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) > 1e-3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am an old man", [1, 2, 2, 0]),
        ("extraordinary", [0, 0, 0, 1]),
        ("   ", [0, 0, 0, 1]),
        ("a a a a", [4, 0, 0, 0]),
    ],
)
def test_computable_vectors_count_words_by_length(text, expected):
    assert _COMPUTABLE.embed([text], _space(4))[0].tolist() == expected


def test_computable_vectors_are_normalised_where_the_api_does_it():
    space = _space(4, model="gemini-embedding-2", task="")
    expected = [0.6, 0.8, 0, 0]
    assert _COMPUTABLE.embed(["a b c to to to to"], space)[0].tolist() == pytest.approx(expected)


def test_requests_of_mixed_options_are_answered_in_order():
    requests = [
        EmbedRequest("a", "", 2),
        EmbedRequest("bb", "", 4),
        EmbedRequest("ccc", "RETRIEVAL_QUERY", 4),
        EmbedRequest("bb", "", 2),
    ]
    answers = embed(requests, known_model("gemini-embedding-001"), "computable")
    assert [answer.values.tolist() for answer in answers] == [
        [1, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 1],
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" \n\t", 0),
        ("word", 1),
        ("wordsworth", 2),
        ("hello, world!", 4),
        ("слово", 2),
        ("日本語", 3),
        ("12345", 2),
        ("a😀b", 3),
        ("x" * 1000, 200),
    ],
)
def test_tokens_are_pieces_of_words_by_script(text, count):
    assert tokens.count_tokens(text) == count


_MIXED = st.text(st.sampled_from("ab z9.,!жЖ日本\n 😀"), max_size=200)


@_QUICK
@given(st.lists(_MIXED))
def test_counting_many_is_counting_each(texts):
    assert tokens.count_all(texts) == [tokens.count_tokens(text) for text in texts]


@_QUICK
@given(_MIXED, st.integers(min_value=1, max_value=50))
def test_truncated_text_starts_alike_and_has_no_more_tokens_than_the_limit(text, limit):
    cut = tokens.truncate(text, limit)
    assert text.startswith(cut)
    assert tokens.count_tokens(cut) == min(limit, tokens.count_tokens(text))
