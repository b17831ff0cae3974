"""The listing: what it places, follows, misses and reports, and what it never deletes."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError, SourceMissing
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.sources.passed_over import PassedOver
from semantic_assets.store import Store, open_store
from tests.factories import Clock

MANUALS, OTHER = DatasetKey("acme", "manuals"), DatasetKey("acme", "other")
FIRST = ShardKey(MANUALS, 0)
HOUR = 3_600.0


def write(store: Store, uri: str, text: str = "One two three.") -> Path:
    path = store.settings.sources / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def counts(found: Discovery) -> tuple[int, int, int, int]:
    return found.added, found.changed, found.renamed, found.removed


def placed(store: Store, dataset: DatasetKey = MANUALS) -> list[str]:
    return sorted(store.ledger.sources.slices(dataset))


def test_new_changed_and_deleted_files_are_told_apart(store: Store) -> None:
    path = write(store, "acme/manuals/a.txt")
    gone = write(store, "acme/manuals/b.txt", "Something else.")
    assert counts(discover(store)) == (2, 0, 0, 0)
    assert counts(discover(store)) == (0, 0, 0, 0)
    path.write_text("One two three four.")
    gone.unlink()
    assert counts(discover(store)) == (0, 1, 0, 1)
    assert placed(store) == ["acme/manuals/a.txt"]


def test_a_listing_that_finds_nothing_new_writes_nothing(store: Store) -> None:
    write(store, "acme/manuals/a.txt")
    discover(store)
    with store.ledger.database.write():  # a writer would wait for this one, and fail
        found = []
        thread = threading.Thread(target=lambda: found.append(discover(store)))
        thread.start()
        thread.join(10)
        assert found
        assert found[0].datasets == (MANUALS,)


def test_a_renamed_file_keeps_its_slice(store: Store) -> None:
    write(store, "acme/manuals/a.txt", "Alpha.")
    path = write(store, "acme/manuals/b.txt", "Beta beta.")
    discover(store)
    store.ledger.sources.update_shard(FIRST, closed=True)
    path.rename(path.with_name("z.txt"))
    assert counts(discover(store)) == (0, 0, 1, 0)
    uris = [item.uri for item in store.ledger.sources.shard_slices(FIRST)]
    assert uris == ["acme/manuals/a.txt", "acme/manuals/z.txt"]


def test_files_that_look_alike_are_not_taken_for_a_rename(store: Store) -> None:
    paths = [write(store, f"acme/manuals/{name}.txt") for name in "ab"]
    for path in paths:
        os.utime(path, ns=(1, 1))
    discover(store)
    for path in paths:
        path.rename(path.with_name(f"new-{path.name}"))
    assert counts(discover(store)) == (2, 0, 0, 2)


def test_a_file_renamed_to_a_name_that_had_a_place_goes_there(store: Store) -> None:
    old = write(store, "acme/manuals/a.txt", "Alpha.")
    discover(store)
    store.ledger.sources.update_shard(FIRST, closed=True)
    new = write(store, "acme/manuals/b.txt", "Beta beta.")
    discover(store)
    old.unlink()
    discover(store)
    new.rename(old)
    assert counts(discover(store)) == (0, 0, 1, 0)
    assert [item.uri for item in store.ledger.sources.shard_slices(FIRST)] == ["acme/manuals/a.txt"]
    assert placed(store) == ["acme/manuals/a.txt"]


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_source_root_that_is_gone_or_empty_changes_nothing(store: Store, how: str) -> None:
    write(store, "acme/manuals/a.txt")
    discover(store)
    store.settings.sources.rename(store.settings.sources.with_name("away"))
    if how == "empty":
        store.settings.sources.mkdir()
    with pytest.raises(SourceMissing, match="nothing was changed"):
        discover(store)
    assert placed(store) == ["acme/manuals/a.txt"]


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_missing_dataset_is_reported_kept_and_does_not_stop_the_others(
    store: Store, clock: Clock, how: str
) -> None:
    write(store, "acme/manuals/a.txt")
    write(store, "acme/other/b.txt")
    discover(store)
    folder = store.settings.sources / "acme/manuals"
    folder.rename(folder.with_name(".away"))
    if how == "empty":
        folder.mkdir()
    write(store, "acme/other/c.txt")
    found = discover(store)
    assert found.datasets == (OTHER,)
    assert found.added == 1
    assert "acme/manuals is missing: no file of it is there since 1970-01-12" in found.summary
    assert "semantic-assets rm acme/manuals" in found.summary
    clock.advance(167 * HOUR)
    assert list(discover(store).missing) == ["acme/manuals"]
    assert placed(store) == ["acme/manuals/a.txt"]
    if how == "empty":
        folder.rmdir()
    folder.with_name(".away").rename(folder)
    assert counts(discover(store)) == (0, 0, 0, 0)
    row = store.ledger.datasets.find(MANUALS)
    assert row is not None
    assert row.missing_since is None


def test_a_dataset_that_is_missing_for_longer_than_its_grace_period_is_removed(
    store: Store, clock: Clock
) -> None:
    write(store, "acme/manuals/a.txt")
    write(store, "acme/manuals/dataset.toml", "[discovery]\nremove_after_hours = 2")
    write(store, "acme/other/b.txt")
    discover(store)
    folder = store.settings.sources / "acme/manuals"
    folder.rename(folder.with_name(".away"))
    discover(store)
    clock.advance(2 * HOUR - 1)
    assert discover(store).discarded == []
    clock.advance(1)
    assert discover(store).discarded == ["acme/manuals"]
    assert store.ledger.sources.datasets() == [OTHER]
    assert store.ledger.sources.shards(MANUALS) == []
    folder.with_name(".away").rename(folder)
    assert counts(discover(store)) == (1, 0, 0, 0)
    assert [shard.key for shard in store.ledger.sources.shards(MANUALS)] == [FIRST]


def test_the_grace_period_is_a_setting(store: Store, clock: Clock) -> None:
    write(store, "acme/manuals/a.txt")
    write(store, "acme/other/b.txt")
    settings = replace(store.settings, remove_after_hours=0.0)
    with open_store(settings, clock=clock) as hasty:
        discover(hasty)
        folder = store.settings.sources / "acme/manuals"
        folder.rename(folder.with_name(".away"))
        assert discover(hasty).discarded == ["acme/manuals"]


def test_a_dataset_removed_by_hand_comes_back_only_when_asked_for(store: Store) -> None:
    write(store, "acme/manuals/a.txt")
    write(store, "acme/other/b.txt")
    discover(store)
    remove(store, MANUALS, dry_run=False)
    assert discover(store).datasets == (OTHER,)
    folder = store.settings.sources / "acme/manuals"
    folder.rename(folder.with_name(".away"))
    discover(store)
    folder.with_name(".away").rename(folder)
    assert discover(store).datasets == (OTHER,)  # nor by a disk that was not mounted for a while
    assert discover(store, datasets=(MANUALS,)).datasets == (MANUALS,)
    assert discover(store).datasets == (MANUALS, OTHER)
    assert [shard.key for shard in store.ledger.sources.shards(MANUALS)] == [FIRST]


def test_a_folder_that_cannot_be_a_dataset_is_reported_and_the_others_are_listed(
    store: Store,
) -> None:
    write(store, "acme/manuals/a.txt")
    write(store, "acme/My Files/b.txt")
    write(store, "Bad Project/x/b.txt")
    found = discover(store)
    assert found.datasets == (MANUALS,)
    assert found.passed_over[PassedOver.NAME] == ["Bad Project", "acme/My Files"]


def test_a_link_that_leads_nowhere_keeps_what_was_read_of_it(store: Store) -> None:
    target = write(store, "elsewhere.txt")
    write(store, "acme/manuals/a.txt")
    link = store.settings.sources / "acme/manuals/linked.txt"
    link.symlink_to(target)
    discover(store)
    [shard] = [shard.key for shard in store.ledger.sources.shards()]
    read_documents(store, shard)
    before = store.lake.read(layout.documents(shard), ["uri", "text"]).to_pylist()
    target.unlink()
    assert discover(store).changed == 1
    report = read_documents(store, shard)
    assert "link leads nowhere" in report.unsettled[0]
    assert store.lake.read(layout.documents(shard), ["uri", "text"]).to_pylist() == before


def test_a_dataset_asked_for_that_was_never_there_is_refused(store: Store) -> None:
    write(store, "acme/manuals/a.txt")
    with pytest.raises(ConfigError, match=r"there is no folder .*acme/other"):
        discover(store, datasets=(OTHER,))


def test_many_new_files_fill_one_shard_after_the_other(
    store: Store,
) -> None:
    folder = store.settings.sources / "acme/manuals"
    folder.mkdir(parents=True)
    for number in range(12_500):
        (folder / f"{number:05d}.txt").touch()
    discover(store)
    shards = store.ledger.sources.shards(MANUALS)
    assert [shard.documents for shard in shards] == [12_000, 500]
    assert len(store.ledger.sources.shard_slices(shards[1].key)) == 500
