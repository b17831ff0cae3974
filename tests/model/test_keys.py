"""Names of datasets and shards: one spelling each way, and refusals that say what to write."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey, ShardKey

parts = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=20)
datasets = st.builds(DatasetKey, parts, parts)
shards = st.builds(ShardKey, datasets, st.integers(0, 10**9))


@given(datasets)
def test_a_dataset_is_read_back_from_both_of_its_spellings(key: DatasetKey) -> None:
    assert DatasetKey.parse(str(key)) == key
    assert DatasetKey.parse(key.partition) == key


@given(shards)
def test_a_shard_is_read_back_from_its_partition_key(key: ShardKey) -> None:
    assert ShardKey.parse(str(key)) == key


@given(st.lists(shards, unique=True))
def test_different_shards_have_different_names_and_files(keys: list[ShardKey]) -> None:
    assert len({str(key) for key in keys}) == len(keys)
    assert len({key.path for key in keys}) == len(keys)


@given(shards)
def test_a_shards_path_stays_below_the_table(key: ShardKey) -> None:
    path = PurePosixPath(key.path)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert len(path.parts) == 3


def test_the_written_forms() -> None:
    key = ShardKey(DatasetKey("acme", "manuals-2"), 7)
    assert str(key.dataset) == "acme/manuals-2"
    assert key.dataset.partition == "acme.manuals-2"
    assert str(key) == "acme.manuals-2.00007"
    assert key.path == "project=acme/dataset=manuals-2/shard=00007.parquet"


def test_numbers_of_more_than_five_digits_are_written_out() -> None:
    key = ShardKey(DatasetKey("a", "b"), 123_456)
    assert str(key) == "a.b.123456"
    assert key.path.endswith("shard=123456.parquet")


def test_shards_sort_by_dataset_and_then_by_number() -> None:
    one, two = DatasetKey("a", "one"), DatasetKey("a", "two")
    keys = [ShardKey(two, 0), ShardKey(one, 10), ShardKey(one, 9)]
    assert sorted(keys) == [ShardKey(one, 9), ShardKey(one, 10), ShardKey(two, 0)]


@pytest.mark.parametrize("part", ["", "Acme", "a b", "a.b", "a/b", "..", "ümlaut", "a\n", "a=b"])
def test_a_part_outside_the_alphabet_is_refused_and_named(part: str) -> None:
    with pytest.raises(ConfigError, match="use only a-z") as caught:
        DatasetKey("acme", part)
    assert repr(part) in str(caught.value)
    with pytest.raises(ConfigError, match="use only a-z"):
        DatasetKey(part, "manuals")


@pytest.mark.parametrize("text", ["", "acme", "acme/", "/manuals", "a/b/c", "a.b.c", "a b/c"])
def test_what_is_no_dataset_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        DatasetKey.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "acme.manuals", "acme/manuals/00000", "a.b.c", "a.b.", "a.b.-1", "a.b.1.2", "a.b.٣"],
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        ShardKey.parse(text)
