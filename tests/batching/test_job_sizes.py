"""What a job of the Agent Platform is filled by: the bytes of its lines, known before they are made."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.batching.grouping import PendingTexts, groups, joined_texts
from semantic_assets.batching.job_keys import JobKeys
from semantic_assets.batching.packing import Window, plan_job
from semantic_assets.batching.requests import embedding_lines, line_bytes
from semantic_assets.lake.key_halves import PackedKeys
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace

SPACE = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-001", dimensions=768)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=12)


@given(TEXTS, st.integers(0, 3))
def test_the_bytes_of_lines_are_known_before_they_are_made(texts: list[str], skipped: int) -> None:
    column = pa.array(texts, pa.large_string()).slice(skipped)
    keyed = [(f"{n:032x}", text) for n, text in enumerate(texts[skipped:])]
    assert line_bytes(SPACE, column).tolist() == [
        len(line) for line in embedding_lines(SPACE, keyed)
    ]


def test_a_job_is_filled_to_its_last_line_by_bytes() -> None:
    window = Window(limit_tokens=10**15, used_tokens=0, free_jobs=9, job_bytes=1_000)
    assert plan_job([1] * 30, window, line_bytes=[100] * 30) == 10
    assert plan_job([1] * 30, window, line_bytes=[101] * 30) == 9
    assert plan_job([1] * 30, window, line_bytes=[2_000, *[1] * 29]) == 1  # alone, to be refused


def texts_of(name: str, count: int, failed: int = 0) -> PendingTexts:
    return PendingTexts(
        keys=pa.array([f"{name}-{n}" for n in range(count)]),
        estimates=np.arange(count) + 1,
        rows=np.arange(count)[::-1].copy(),
        shard=np.zeros(count, dtype=np.int64),
        shards=(ShardKey.parse(f"acme.{name}.00000"),),
        failed_with=dict.fromkeys(range(failed), ("job", 8)),
    )


def test_texts_keep_their_shard_and_what_is_noted_of_them() -> None:
    both = joined_texts([texts_of("one", 3), texts_of("two", 4, failed=2)])
    assert both.keys.to_pylist() == [f"one-{n}" for n in range(3)] + [f"two-{n}" for n in range(4)]
    assert both.failed_with == {3: ("job", 8), 4: ("job", 8)}
    assert both.part(4, 6).failed_with == {0: ("job", 8)}
    assert both.part(4, 6).keys.to_pylist() == ["two-1", "two-2"]
    assert [(str(key), at.tolist()) for key, at in both.by_shard()] == [
        ("acme.one.00000", [2, 1, 0]),
        ("acme.two.00000", [6, 5, 4, 3]),
    ]
    dataset = ShardKey.parse("acme.two.00000").dataset
    found = groups(both, frozenset({dataset}))
    assert (len(found[0].texts), found[0].max_requests, found[0].budgeted) == (2, 4, None)
    assert {one.budgeted: one.texts.keys.to_pylist() for one in found[1:]} == {
        None: ["one-0", "one-1", "one-2"],
        dataset: ["two-2", "two-3"],
    }


@pytest.mark.parametrize("count", [0, 1, 500])
def test_keys_are_found_among_those_of_their_job(count: int) -> None:
    keys = [f"{n * 7919 % 10_007:032x}" for n in range(count)]
    held = JobKeys(keys, np.arange(count) * 10)
    asked = [*reversed(keys), "f" * 32, "\u00e9"]
    assert held.places(asked).tolist() == [*reversed(range(count)), -1, -1]
    assert held.estimates(asked).tolist() == [*(n * 10 for n in reversed(range(count))), 0, 0]
    packed = PackedKeys(pa.array(keys, pa.string()))
    others = pa.array([*keys, "f" * 32], pa.string())
    assert packed.has(others).tolist() == [True] * count + [False]
    assert PackedKeys([packed, packed]).has(others).tolist() == [True] * count + [False]
