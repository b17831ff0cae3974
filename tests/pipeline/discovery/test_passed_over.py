"""Nothing below the source root is passed over without a word, unless it is excluded on purpose."""

from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.sources.passed_over import PassedOver
from semantic_assets.store import Store, open_store
from tests.factories import Clock

MANUALS = DatasetKey("acme", "manuals")


@pytest.fixture
def root(store: Store) -> Path:
    folder = store.settings.sources / "acme/manuals"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("One two three.")
    return store.settings.sources


def _write(root: Path, uri: str, text: str = "Some text.") -> Path:
    path = root / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _placed(store: Store) -> list[str]:
    return sorted(uri.removeprefix("acme/manuals/") for uri in store.ledger.sources.slices(MANUALS))


def test_each_kind_is_one_line_with_count_names_and_remedy(store: Store, root: Path) -> None:
    for uri in ("top.txt", "acme/beside.pdf", ".old/a/b.txt", "acme/manuals/.draft.txt"):
        _write(root, uri)
    _write(root, "acme/My Files/b.txt")
    _write(root, "Bad Project/x/b.txt")
    (root / "acme/hollow").mkdir()
    (root / "bare").mkdir()
    found = discover(store)
    assert found.passed_over == {
        PassedOver.STRAY: ["top.txt", "acme/beside.pdf"],
        PassedOver.HIDDEN: [".old/", "acme/manuals/.draft.txt"],
        PassedOver.NAME: ["Bad Project", "acme/My Files"],
        PassedOver.EMPTY: ["bare", "acme/hollow"],
    }
    stray, hidden, name, empty = found.troubles
    assert stray.startswith("2 files are in no dataset's folder and are not read (top.txt, acme/b")
    assert "`semantic-assets add PATH --to PROJECT/DATASET`" in stray
    assert hidden.startswith("2 names begin with a dot")
    assert "[files] exclude" in hidden
    assert "use only a-z" in name
    assert empty.startswith("2 folders have no file that is read (bare, acme/hollow)")


def test_many_names_of_one_kind_are_counted_and_the_first_are_shown(
    store: Store, root: Path
) -> None:
    for number in range(40):
        _write(root, f"acme/stray-{number:02}.txt")
    [line] = discover(store).troubles
    assert line.startswith("40 files are in no")
    assert "(acme/stray-00.txt, acme/stray-01.txt, acme/stray-02.txt, ...)" in line


def test_what_is_excluded_on_purpose_is_counted_and_no_finding(store: Store, root: Path) -> None:
    for name in ("node_modules/x/readme.md", ".DS_Store", "poetry.lock", "b.log", "c.csv"):
        _write(root, f"acme/manuals/{name}")
    _write(root, "acme/.DS_Store")
    _write(root, "acme/manuals/dataset.toml", "[files]\nexclude = ['*.log']")
    _write(root, "acme/manuals/.semanticignore", "*.csv\n")
    found = discover(store)
    assert (found.passed_over, found.troubles) == ({}, [])
    assert found.excluded == 5
    assert found.summary.endswith("(1 new, 5 excluded)")
    assert _placed(store) == ["a.txt"]


def test_a_file_that_is_excluded_later_is_removed_as_a_deleted_one_is(
    store: Store, root: Path
) -> None:
    _write(root, "acme/manuals/b.log")
    assert discover(store).added == 2
    _write(root, "acme/manuals/.semanticignore", "*.log\n")
    assert discover(store).removed == 1
    assert _placed(store) == ["a.txt"]


def test_a_wrong_pattern_leaves_its_dataset_as_it_was(store: Store, root: Path) -> None:
    discover(store)
    _write(root, "acme/manuals/dataset.toml", "[files]\nexclude = ['[z-a]']")
    found = discover(store)
    assert "dataset.toml: files.exclude: pattern 1, '[z-a]'" in found.skipped["acme/manuals"]
    assert _placed(store) == ["a.txt"]


def test_a_link_to_a_folder_is_a_row_that_names_the_setting(store: Store, root: Path) -> None:
    (root / "acme/manuals/loop").symlink_to(root / "acme/manuals")
    discover(store)
    read_documents(store, ShardKey(MANUALS, 0))
    rows = store.lake.read(layout.documents(ShardKey(MANUALS, 0)), ["uri", "parse_error"])
    [error] = [row["parse_error"] for row in rows.to_pylist() if row["uri"].endswith("loop")]
    assert error.startswith("it is a link to a folder, which is not followed")
    assert "SEMANTIC_ASSETS_FOLLOW_LINKS=true" in error


def test_links_are_followed_by_a_setting_and_rings_end(
    store: Store, root: Path, tmp_path: Path, clock: Clock
) -> None:
    outside = _write(tmp_path, "outside/b.txt").parent
    (outside / "back").symlink_to(root / "acme/manuals")
    (root / "acme/manuals/linked").symlink_to(outside)
    (root / "acme/manuals/ring").symlink_to(root / "acme/manuals")
    with open_store(replace(store.settings, follow_links=True), clock=clock) as following:
        discover(following)
        assert _placed(following) == ["a.txt", "linked/b.txt"]
        assert read_documents(following, ShardKey(MANUALS, 0)).failed == 0
