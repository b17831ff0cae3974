"""Neighbours are one hit, copies are one hit, and documents may be shown together."""

from collections import Counter
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.search.search_hit import Answer, SearchHit
from tests.pipeline.search.test_modes import ask
from tests.trial import Trial

QUESTIONS = ("How is the winch greased?", "What is inspected by the watch?", "helmet on the quay")


def texts(trial: Trial) -> dict[str, str]:
    """The documents as they were read."""
    found = {}
    for dataset in ("manuals", "logs", "notices", "parts"):
        for shard in trial.store.ledger.sources.shards(DatasetKey("acme", dataset)):
            rows = trial.store.lake.read(layout.documents(shard.key), ["document_id", "text"])
            found |= {row["document_id"]: row["text"] for row in rows.to_pylist()}
    return found


def squeezed(text: str) -> str:
    return "".join(one if not one.isspace() else " " for one in text)


@pytest.mark.parametrize("group", ["passage", "document"])
def test_a_hit_is_the_run_of_its_document_that_its_offsets_name(shelves: Trial, group: str) -> None:
    """Between two neighbours only white space is not as it was, and its length is."""
    documents = texts(shelves)
    lengths = []
    for question in QUESTIONS:
        for hit in ask(shelves, question, "acme", k=20, group=group, floor=False):
            whole = documents[hit.document_id][hit.start_char : hit.end_char]
            assert squeezed(whole) == squeezed(hit.text)
            lengths.append(len(hit.text))
    assert max(lengths) > 800  # some are joined


def spans(hits: list[SearchHit]) -> list[tuple[str, int, int]]:
    return sorted((hit.document_id, hit.start_char, hit.end_char) for hit in hits)


def test_no_text_is_shown_twice(shelves: Trial) -> None:
    for question in QUESTIONS:
        found = spans(ask(shelves, question, "acme/manuals", k=50, floor=False))
        for (one, _, end), (other, start, _) in pairwise(found):
            assert one != other or end <= start


def test_near_copies_are_one_hit_with_their_places(shelves: Trial) -> None:
    """The notices differ by one number in a long text."""
    first, *others = ask(shelves, "Who wears a helmet on the quay?", "acme", k=5)
    assert first.uri.startswith("acme/notices/")
    assert len(first.places) == 5
    assert not any(hit.uri.startswith("acme/notices/") for hit in others)


def test_short_texts_that_differ_by_a_number_are_hits_of_their_own(shelves: Trial) -> None:
    found = ask(shelves, "ferry trips", "acme/logs", k=20)
    assert len({hit.record_id for hit in found}) == 12


def test_a_document_has_at_most_so_many_passages(shelves: Trial) -> None:
    for group in ("passage", "document"):
        found = ask(shelves, "What does the watch do?", "acme", k=9, group=group, per_document=1)
        assert max(Counter(hit.document_id for hit in found).values()) == 1
        assert len(found) == 9


def test_hits_of_a_document_follow_one_another_and_the_best_document_is_first(
    shelves: Trial,
) -> None:
    found = ask(shelves, "How is the winch greased?", "acme/manuals", k=4, group="document")
    documents = [name for name, _ in groupby(hit.document_id for hit in found)]
    assert len(documents) == len(set(documents)) == 4
    assert found[0].title == "The winch"
    best = [max(hit.score for hit in found if hit.document_id == one) for one in documents]
    assert best == sorted(best, reverse=True)
    for one in documents:
        of_one = [hit.score for hit in found if hit.document_id == one]
        assert of_one == sorted(of_one, reverse=True)
        assert len(of_one) <= 3


def shown(hit: SearchHit) -> tuple[object, ...]:
    return hit.chunk_id, hit.start_char, hit.end_char, pytest.approx(hit.score, abs=1e-6)


def pages(trial: Trial, question: str, size: int, **options: object) -> list[Answer]:
    found = [ask(trial, question, "acme", k=size, offset=0, floor=False, **options)]
    while found[-1].has_more:
        offset = size * len(found)
        found.append(ask(trial, question, "acme", k=size, offset=offset, floor=False, **options))
    return found


@given(
    question=st.sampled_from(QUESTIONS),
    size=st.integers(1, 40),
    mode=st.sampled_from(["hybrid", "dense", "words"]),
    group=st.sampled_from(["passage", "document"]),
    per_document=st.sampled_from([None, 1, 2]),
)
def test_pages_follow_one_another_without_a_repeat_or_a_gap(
    shelves: Trial, question: str, size: int, mode: str, group: str, per_document: int | None
) -> None:
    options = {"mode": mode, "group": group, "per_document": per_document}
    together = ask(shelves, question, "acme", k=1_000, floor=False, **options)
    paged = [hit for page in pages(shelves, question, size, **options) for hit in page]
    assert not together.has_more
    assert [*map(shown, paged)] == [*map(shown, together)]
    assert len({hit.chunk_id for hit in paged}) == len(paged)
