"""Ids come from content: stable, and different where anything differs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.text.fingerprint import (
    chunk_id,
    document_id,
    document_ids,
    fingerprint,
    fingerprint_arrays,
    joined_hash,
    text_hash,
)

parts = st.lists(st.one_of(st.none(), st.text(max_size=8), st.integers()), max_size=5)
numbers = st.lists(st.integers(-(2**40), 2**40), max_size=6)


def _as_written(values: list[str | int | None]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


def test_the_request_key_of_a_text_does_not_change() -> None:
    # What was paid for is found again by these.
    assert text_hash("") == "cae66941d9efbd404e4d88758ea67670"
    assert text_hash("héllo") == "249a5c7589499a8866064c0d58459744"


def test_ids_do_not_change() -> None:
    assert document_id("acme/manuals", "a.md", "") == "ab07fdd3d3da2bac426804c362ee14a9"
    assert chunk_id("d", "text", 0) == "3f13fc5f073b635867bc9c530410985d"


@given(st.text(), st.text())
def test_texts_have_one_hash_exactly_if_they_are_the_same(one: str, other: str) -> None:
    assert (text_hash(one) == text_hash(other)) == (one == other)
    assert len(bytes.fromhex(text_hash(one))) == 16


@given(parts, parts)
def test_values_have_one_fingerprint_exactly_if_they_are_the_same(
    one: list[str | int | None], other: list[str | int | None]
) -> None:
    same = _as_written(one) == _as_written(other)
    assert (fingerprint(*one) == fingerprint(*other)) == same


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4), st.data())
def test_values_cut_elsewhere_have_another_fingerprint(
    values: list[str], data: st.DataObject
) -> None:
    joined = "".join(values)
    cut = data.draw(st.integers(0, len(joined)))
    other = [joined[:cut], joined[cut:]]
    if other != values:
        assert fingerprint(*other) != fingerprint(*values)


def test_nothing_and_the_empty_text_differ() -> None:
    assert len({fingerprint(*parts) for parts in ((), (None,), ("",), ("\0",), ("", ""))}) == 5


@given(st.lists(numbers, max_size=3), st.lists(numbers, max_size=3))
def test_columns_have_one_fingerprint_exactly_if_they_are_the_same_in_order(
    one: list[list[int]], other: list[list[int]]
) -> None:
    prints = [
        fingerprint_arrays(*(np.asarray(column, dtype=np.int64) for column in columns))
        for columns in (one, other)
    ]
    assert (prints[0] == prints[1]) == (one == other)


def test_documents_differ_by_dataset_file_and_record() -> None:
    ids = [
        document_id("a/one", "x.md", ""),
        document_id("a/two", "x.md", ""),
        document_id("a/one", "y.md", ""),
        document_id("a/one", "x.md", "id:1"),
    ]
    assert len(set(ids)) == len(ids)


def test_chunks_differ_by_document_text_and_occurrence() -> None:
    ids = [
        chunk_id("d", "t", 0),
        chunk_id("e", "t", 0),
        chunk_id("d", "u", 0),
        chunk_id("d", "t", 1),
    ]
    assert len(set(ids)) == len(ids)
    assert document_id("d", "t", "0") not in ids


def test_the_ids_of_many_records_are_those_of_each() -> None:
    of = document_ids("acme/manuals", "acme/manuals/r.jsonl")
    for record in ("", "id:1", "content:ü"):
        assert of(record) == document_id("acme/manuals", "acme/manuals/r.jsonl", record)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 21) + 3])
def test_parts_hash_as_one_text(size: int) -> None:
    text = "жx" * (size // 2) + "😀" * (size % 2)
    assert joined_hash("Title\x1f", text, "", "\x1f1,2") == text_hash(f"Title\x1f{text}\x1f1,2")
