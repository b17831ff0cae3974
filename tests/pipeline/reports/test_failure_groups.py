"""What is not in search, grouped by reason with its remedy; listing it writes nothing."""

from pathlib import Path

from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.reports.failure_groups import failure_groups
from semantic_assets.store import Store

MANUALS = DatasetKey("acme", "manuals")


def _folder(store: Store) -> Path:
    folder = store.settings.sources / "acme/manuals"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("One two three.")
    return folder


def test_reasons_that_differ_in_numbers_are_one_group(store: Store) -> None:
    folder = _folder(store)
    (folder / "table.csv").write_text("id,text\n1\n2,Beta\n3\n4\n")
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    [group] = failure_groups(store)
    assert (group.what, group.count, group.examples) == (
        "documents",
        3,
        ("acme/manuals/table.csv",),
    )
    assert group.reason == "row N: N fields where the header has N"
    assert group.remedy.startswith("mend the file, or exclude it")


def test_the_remedy_that_a_reader_names_is_told_apart(store: Store) -> None:
    folder = _folder(store)
    for number in range(5):
        (folder / f"{number}.zzz").write_text("x")
    [before] = failure_groups(store, examples=3)
    assert (before.what, before.count) == ("sources", 5)
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    [group] = failure_groups(store, examples=3)
    assert (group.what, group.count) == ("documents", 5)
    assert group.reason == before.reason == "no reader takes files that end in .zzz"
    assert (
        group.remedy
        == before.remedy
        == ("save it in another format, or exclude it in dataset.toml")
    )
    assert group.examples == tuple(f"acme/manuals/{number}.zzz" for number in range(3))


def test_what_a_listing_passes_over_is_a_group_of_each_kind(store: Store) -> None:
    folder = _folder(store)
    (folder / ".hidden").write_text("x")
    (folder.parent / "stray.txt").write_text("x")
    hidden = [group for group in failure_groups(store) if ".hidden" in str(group.examples)]
    assert [group.reason for group in hidden] == ["name begins with a dot and is not read"]
    assert len(failure_groups(store)) == 2
    assert [group.examples for group in failure_groups(store, (MANUALS,))] == [
        ("acme/manuals/.hidden",)
    ]
    assert store.ledger.sources.datasets() == []


def test_sources_that_are_gone_hide_no_failure(store: Store) -> None:
    folder = _folder(store)
    (folder / "1.zzz").write_text("x")
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    store.settings.sources.rename(store.settings.sources.with_name("away"))
    documents, sources = failure_groups(store)
    assert documents.what == "documents"
    assert "is not there (unmounted?)" in sources.reason
