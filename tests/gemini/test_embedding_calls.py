"""A real-time call is bounded by texts and by bytes, and its answer has a vector for each text."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.errors import IncompleteAnswer, RequestRejected
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.model.catalog import MAX_REALTIME_BYTES, MAX_REALTIME_TEXTS
from tests.trial import Trial

#: A text is a few characters of any kind, many times over.
_TEXTS = st.builds(
    lambda unit, times: unit * times,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    st.integers(1, 20_000),
)


def _body(texts: list[str]) -> bytes:
    """As the SDK writes it: seen on the wire of 3.6.1."""
    requests = [
        {
            "model": "models/gemini-embedding-001",
            "content": {"parts": [{"text": text}]},
            "taskType": "RETRIEVAL_DOCUMENT",
            "outputDimensionality": 3072,
        }
        for text in texts
    ]
    return json.dumps({"requests": requests}).encode()


@given(st.lists(_TEXTS, max_size=60))
def test_every_text_is_in_one_call_in_order_and_no_call_is_over_a_bound(texts: list[str]) -> None:
    groups = list(call_groups(texts, str))
    assert [text for group in groups for text in group] == texts
    for group in groups:
        assert 1 <= len(group) <= MAX_REALTIME_TEXTS
        assert len(_body(group)) <= MAX_REALTIME_BYTES


@given(st.integers(0, 450))
def test_short_texts_go_a_hundred_a_call(count: int) -> None:
    sizes = [len(group) for group in call_groups(["a text"] * count, str)]
    assert sizes == [100] * (count // 100) + [count % 100] * (count % 100 > 0)


def test_a_text_over_the_bytes_of_a_call_is_named_after_those_before_it() -> None:
    groups = call_groups(["short", "ж" * 700_000], str)
    assert next(groups) == ["short"]
    with pytest.raises(RequestRejected, match=r"'жжж.* over the 4,194,304 bytes .* shorten it"):
        next(groups)


def test_a_hundred_cyrillic_chunks_of_10_mb_are_answered_in_their_order(trial: Trial) -> None:
    texts = [f"{number} " + "купол " * 3_400 for number in range(100)]
    assert len(_body(texts)) > 10_000_000
    vectors = trial.gemini.embed_documents(trial.settings.space, texts)
    alone = trial.gemini.embed_documents(trial.settings.space, texts[57:58])
    assert vectors.shape == (100, 128)
    assert np.allclose(vectors[57], alone[0], atol=1e-6)
    assert trial.bill()["realtime_texts"] == 101


def test_fewer_embeddings_than_asked_are_an_error_of_the_call(trial: Trial) -> None:
    trial.arm("realtime-fewer", times=1)
    with pytest.raises(IncompleteAnswer, match="asked for 2 vectors in one call, got 1"):
        trial.gemini.embed_documents(trial.settings.space, ["one", "two"])


def test_no_texts_are_no_call(trial: Trial) -> None:
    assert trial.gemini.embed_documents(trial.settings.space, []).shape == (0, 128)
    assert trial.bill()["realtime_texts"] == 0
