"""Placement: a shard closes when it is full, and a document never moves between shards."""

import pytest

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.ledger.ledger import Ledger
from semantic_assets.ledger.sources.slices import Reading, SourceSlice
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import (
    SHARD_MAX_DOCUMENTS,
    SHARD_MAX_TEXT_BYTES,
    DatasetKey,
    ShardKey,
)
from tests.factories import Clock, make_slice, run_together
from tests.ledger.ledger_processes import place_files

DATASET = DatasetKey("a", "b")
FIRST, SECOND, THIRD = (ShardKey(DATASET, number) for number in range(3))


def place(ledger: Ledger, *items: SourceSlice, dataset: DatasetKey = DATASET) -> None:
    ledger.sources.apply_listing(dataset, added=items, changed=[], removed=[])


def remove(ledger: Ledger, uri: str) -> None:
    ledger.sources.apply_listing(DATASET, added=[], changed=[], removed=[uri])


def placement(ledger: Ledger) -> dict[int, list[str]]:
    """Shard number -> uris, as the shards read them."""
    return {
        shard.key.number: [item.uri for item in ledger.sources.shard_slices(shard.key)]
        for shard in ledger.sources.shards(DATASET)
    }


def read_as_listed(ledger: Ledger) -> list[Reading]:
    return [Reading(item, item.file_fingerprint) for item in ledger.sources.shard_slices(FIRST)]


# -- datasets and shards --------------------------------------------------------------------------


def test_a_dataset_is_added_once(ledger: Ledger) -> None:
    for dataset in (DATASET, DatasetKey("a", "a"), DATASET):
        ledger.datasets.seen(dataset, {})
    assert ledger.sources.datasets() == [DatasetKey("a", "a"), DATASET]


def test_a_shard_that_is_not_there_is_not_found_and_the_cure_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match=r"a\.b\.00000.*semantic-assets ls"):
        ledger.sources.shard(FIRST)


def test_a_new_shard_counts_its_files_until_it_is_read(ledger: Ledger) -> None:
    place(ledger, make_slice("1", bytes=70), make_slice("2", bytes=30))
    assert ledger.sources.shard(FIRST) == Shard(
        key=FIRST,
        closed=False,
        documents=2,
        text_bytes=100,
        chunks=0,
        revision=1,
        read_as=None,
    )


def test_an_update_changes_the_named_values_of_one_shard(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("2"))
    ledger.sources.update_shard(SECOND, documents=3, chunks=7)
    first, second = ledger.sources.shards(DATASET)
    assert (first.chunks, first.documents) == (0, 1)
    assert (second.chunks, second.documents) == (7, 3)


def test_shards_are_listed_by_dataset_and_number(ledger: Ledger) -> None:
    other = DatasetKey("a", "a")
    place(ledger, make_slice("1"))
    place(ledger, make_slice("1"), dataset=other)
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("2"))
    assert [shard.key for shard in ledger.sources.shards()] == [ShardKey(other, 0), FIRST, SECOND]
    assert [shard.key for shard in ledger.sources.shards(other)] == [ShardKey(other, 0)]


# -- placing --------------------------------------------------------------------------------------


def test_files_go_to_the_open_shard_in_order(ledger: Ledger) -> None:
    place(ledger, make_slice("2"), make_slice("1"))
    place(ledger, make_slice("3"))
    assert placement(ledger) == {0: ["2", "1", "3"]}
    assert ledger.sources.slices(DATASET) == {"1": "1@1", "2": "2@1", "3": "3@1"}


def test_a_slice_comes_back_as_it_was_placed(ledger: Ledger) -> None:
    item = make_slice("1", first_record=5, end_record=9, bytes=2**40)
    place(ledger, item)
    assert ledger.sources.shard_slices(FIRST) == [item]


def test_a_shard_takes_no_more_than_its_documents(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, documents=SHARD_MAX_DOCUMENTS - 1)
    place(ledger, make_slice("2"), make_slice("3"))
    assert placement(ledger) == {0: ["1", "2"], 1: ["3"]}


def test_a_shard_takes_no_more_than_its_bytes(ledger: Ledger) -> None:
    half = SHARD_MAX_TEXT_BYTES // 2
    place(ledger, *(make_slice(name, bytes=half) for name in "123"), make_slice("4", bytes=1))
    assert placement(ledger) == {0: ["1", "2"], 1: ["3", "4"]}


def test_a_file_larger_than_a_shard_has_one_for_itself(ledger: Ledger) -> None:
    huge = make_slice("huge", bytes=SHARD_MAX_TEXT_BYTES * 3)
    place(ledger, huge, make_slice("next"))
    assert placement(ledger) == {0: ["huge"], 1: ["next"]}


def test_a_closed_shard_takes_nothing_more_even_when_it_emptied(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, closed=True, documents=0, text_bytes=0)
    place(ledger, make_slice("2"))
    assert placement(ledger) == {0: ["1"], 1: ["2"]}


def test_a_shard_that_shrank_takes_nothing_once_there_is_a_later_one(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, documents=SHARD_MAX_DOCUMENTS)
    place(ledger, make_slice("2"))
    ledger.sources.update_shard(FIRST, documents=1)
    place(ledger, make_slice("3"))
    assert placement(ledger) == {0: ["1"], 1: ["2", "3"]}


def test_datasets_have_shards_of_their_own(ledger: Ledger) -> None:
    other = DatasetKey("a", "other")
    place(ledger, make_slice("same"))
    place(ledger, make_slice("same"), dataset=other)
    assert len(ledger.sources.shard_slices(FIRST)) == 1
    assert len(ledger.sources.shard_slices(ShardKey(other, 0))) == 1
    ledger.sources.apply_listing(other, added=[], changed=[("same", "same@2", 5)], removed=[])
    assert ledger.sources.slices(DATASET) == {"same": "same@1"}


def test_a_changed_file_stays_where_it_is(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("2"))
    ledger.sources.apply_listing(DATASET, added=[], changed=[("1", "1@2", 5)], removed=[])
    (item,) = ledger.sources.shard_slices(FIRST)
    assert (item.file_fingerprint, item.bytes) == ("1@2", 5)
    assert ledger.sources.slices(DATASET) == {"1": "1@2", "2": "2@1"}


def test_a_removed_file_is_not_read_and_goes_back_to_its_shard_when_it_returns(
    ledger: Ledger,
) -> None:
    place(ledger, make_slice("1"), make_slice("2"))
    ledger.sources.note_readings(FIRST, read_as_listed(ledger))
    remove(ledger, "1")
    assert placement(ledger) == {0: ["2"]}
    assert ledger.sources.slices(DATASET) == {"2": "2@1"}
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("1", file_fingerprint="1@9", bytes=7), make_slice("3"))
    assert placement(ledger) == {0: ["1", "2"], 1: ["3"]}
    back = ledger.sources.shard_slices(FIRST)[0]
    assert (back.file_fingerprint, back.bytes, back.is_read) == ("1@9", 7, True)


def test_a_listing_is_applied_whole_or_not_at_all(ledger: Ledger) -> None:
    place(ledger, make_slice("1"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        ledger.sources.apply_listing(
            DATASET, added=[make_slice("2"), make_slice("1")], changed=[], removed=["1"]
        )
    assert placement(ledger) == {0: ["1"]}


def test_processes_that_place_files_at_once_lose_none_and_share_shards(
    ledger_url: str, ledger: Ledger
) -> None:
    run_together(place_files, ledger_url, 8)
    assert len(ledger.sources.slices(DATASET)) == 32
    (shard,) = ledger.sources.shards(DATASET)
    assert shard.documents == 32


# -- full while reading ---------------------------------------------------------------------------


def test_a_slice_is_split_where_the_shard_is_full(ledger: Ledger) -> None:
    place(ledger, make_slice("rows.jsonl"))
    (item,) = ledger.sources.shard_slices(FIRST)
    assert ledger.sources.split_slice(FIRST, item, at=12_000) == SECOND
    (head,), (tail,) = (ledger.sources.shard_slices(key) for key in (FIRST, SECOND))
    assert (head.first_record, head.end_record) == (0, 12_000)
    assert (tail.first_record, tail.end_record) == (12_000, None)
    assert tail.file_fingerprint == head.file_fingerprint
    assert ledger.sources.shard(FIRST).closed
    assert ledger.sources.shard(SECOND).documents == 1


def test_the_rest_of_a_slice_is_split_again(ledger: Ledger) -> None:
    place(ledger, make_slice("rows.jsonl"))
    (item,) = ledger.sources.shard_slices(FIRST)
    ledger.sources.split_slice(FIRST, item, at=10)
    (rest,) = ledger.sources.shard_slices(SECOND)
    assert ledger.sources.split_slice(SECOND, rest, at=20) == THIRD
    ranges = [
        (item.first_record, item.end_record)
        for key in (FIRST, SECOND, THIRD)
        for item in ledger.sources.shard_slices(key)
    ]
    assert ranges == [(0, 10), (10, 20), (20, None)]


def test_a_slice_that_was_split_by_another_is_not_split_again(ledger: Ledger) -> None:
    place(ledger, make_slice("rows.jsonl"))
    (item,) = ledger.sources.shard_slices(FIRST)
    ledger.sources.split_slice(FIRST, item, at=10)
    with pytest.raises(NotFound, match=r"rows\.jsonl"):
        ledger.sources.split_slice(FIRST, item, at=5)
    assert placement(ledger) == {0: ["rows.jsonl"], 1: ["rows.jsonl"]}


def test_all_parts_of_a_split_file_change_leave_and_return_together(ledger: Ledger) -> None:
    place(ledger, make_slice("rows.jsonl"))
    (item,) = ledger.sources.shard_slices(FIRST)
    ledger.sources.split_slice(FIRST, item, at=10)
    ledger.sources.apply_listing(DATASET, added=[], changed=[("rows.jsonl", "2", 5)], removed=[])
    assert [i.file_fingerprint for i in ledger.sources.shard_slices(SECOND)] == ["2"]
    remove(ledger, "rows.jsonl")
    assert placement(ledger) == {0: [], 1: []}
    place(ledger, make_slice("rows.jsonl"))
    assert placement(ledger) == {0: ["rows.jsonl"], 1: ["rows.jsonl"]}


def test_a_slice_nobody_read_goes_to_the_next_shard_as_a_whole(ledger: Ledger) -> None:
    place(ledger, make_slice("1"), make_slice("2"), make_slice("3"))
    *_, last = ledger.sources.shard_slices(FIRST)
    assert ledger.sources.move_slice(FIRST, last) == SECOND
    assert placement(ledger) == {0: ["1", "2"], 1: ["3"]}
    assert ledger.sources.shard(FIRST).closed
    assert ledger.sources.move_slice(FIRST, ledger.sources.shard_slices(FIRST)[1]) == SECOND
    assert placement(ledger) == {0: ["1"], 1: ["2", "3"]}


def test_a_slice_that_was_read_stays_in_its_shard(ledger: Ledger) -> None:
    place(ledger, make_slice("1"), make_slice("2"))
    item = ledger.sources.shard_slices(FIRST)[1]  # as a slow process saw it
    ledger.sources.note_readings(FIRST, read_as_listed(ledger))
    with pytest.raises(Conflict, match="never moves"):
        ledger.sources.move_slice(FIRST, item)
    assert placement(ledger) == {0: ["1", "2"]}
    assert not ledger.sources.shard(FIRST).closed


def test_reading_marks_the_slices_of_one_shard(ledger: Ledger, clock: Clock) -> None:
    place(ledger, make_slice("1"))
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("2"))
    ledger.sources.note_readings(FIRST, read_as_listed(ledger))
    assert [i.is_read for i in ledger.sources.shard_slices(FIRST)] == [True]
    assert [i.is_read for i in ledger.sources.shard_slices(SECOND)] == [False]


def test_a_listing_that_changes_what_a_shard_reads_raises_its_revision(ledger: Ledger) -> None:
    def revisions() -> list[int]:
        return [shard.revision for shard in ledger.sources.shards(DATASET)]

    def apply(**listing: object) -> None:
        nothing: dict[str, object] = {"added": [], "changed": [], "removed": []}
        ledger.sources.apply_listing(DATASET, **nothing | listing)  # type: ignore[arg-type]

    place(ledger, make_slice("1"), make_slice("2"))
    ledger.sources.update_shard(FIRST, closed=True)
    place(ledger, make_slice("3"))
    assert revisions() == [1, 1]
    apply(changed=[("1", "1@2", 5)])
    assert revisions() == [2, 1]
    apply(removed=["2"])
    assert revisions() == [3, 1]
    apply(added=[make_slice("2")])
    assert revisions() == [4, 1]
    apply(renamed=[("3", make_slice("4"))])
    assert revisions() == [4, 2]
    place(ledger, make_slice("5"))
    assert revisions() == [4, 3]
