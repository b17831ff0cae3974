"""Patterns of what is read: as git writes them, the last that fits decides, and none is slow."""

from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.settings.selection import IGNORE_FILE, Selection, Verdict


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("a.txt", Verdict.READ),
        ("sub/guide.md", Verdict.READ),
        ("rebuild/a.txt", Verdict.READ),
        ("sub/node_modules/x/readme.md", Verdict.EXCLUDED),
        (".git/config", Verdict.EXCLUDED),
        ("dist/page.html", Verdict.EXCLUDED),
        ("Cargo.lock", Verdict.EXCLUDED),
        ("sub/package-lock.json", Verdict.EXCLUDED),
        ("Thumbs.db", Verdict.EXCLUDED),
        ("notes.txt~", Verdict.EXCLUDED),
        (".#notes.txt", Verdict.EXCLUDED),
        ("~$report.docx", Verdict.EXCLUDED),
        (".draft.txt", Verdict.HIDDEN),
        ("sub/.private/a.txt", Verdict.HIDDEN),
        ("_ingested/files/dist/a.lock", Verdict.READ),
        ("_ingested/files/.part", Verdict.EXCLUDED),
    ],
)
def test_what_tools_leave_is_excluded_and_other_names_with_a_dot_are_told(
    path: str, verdict: Verdict
) -> None:
    assert Selection.of().of_path(path)[0] is verdict


def test_a_later_pattern_takes_in_what_an_earlier_one_excludes() -> None:
    chosen = Selection.of(exclude=["drafts/", "*.log", "!dist/", "!.notes/"])
    assert chosen.of_path("drafts/a.txt") == (Verdict.EXCLUDED, "drafts/")
    assert chosen.of_path("sub/x.log")[0] is Verdict.EXCLUDED
    assert chosen.of_path("dist/a.txt")[0] is Verdict.READ
    assert chosen.of_path(".notes/a.txt")[0] is Verdict.READ


def test_include_names_the_only_files_that_are_read() -> None:
    chosen = Selection.of(include=["*.md", "/manuals/**"], exclude=["old.md"])
    read = [
        path
        for path in ("a.md", "sub/b.md", "a.txt", "manuals/x.txt", "sub/manuals/x.txt", "old.md")
        if chosen.of_path(path)[0] is Verdict.READ
    ]
    assert read == ["a.md", "sub/b.md", "manuals/x.txt"]


def test_the_ignore_file_comes_after_the_settings(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_text("# what nobody searches\n*.csv\n!keep.log\n\n")
    chosen = Selection.of(exclude=["*.log"]).with_ignore_file(tmp_path / IGNORE_FILE, "there")
    found = {name: chosen.of_entry(name) for name in ("a.csv", "a.log", "keep.log", "a.txt")}
    assert [name for name, verdict in found.items() if verdict is Verdict.READ] == [
        "keep.log",
        "a.txt",
    ]


@pytest.mark.parametrize("pattern", ["[z-a]", "*a*a*a*a*b", "**/a/**/b/**/c/**/d/**/e/*"])
def test_a_wrong_pattern_is_refused_with_file_key_and_remedy(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"d\.toml: files\.exclude: pattern .*(write|use at most)"
    ):
        DatasetSettings.of({"files": {"exclude": [pattern]}}, "d.toml")
    (tmp_path / IGNORE_FILE).write_text(pattern)
    with pytest.raises(ConfigError, match="there: pattern"):
        Selection.of().with_ignore_file(tmp_path / IGNORE_FILE, "there")


def test_patterns_are_a_list() -> None:
    with pytest.raises(ConfigError, match=r"files\.include = '\*\.md': use a list of patterns"):
        DatasetSettings.of({"files": {"include": "*.md"}})


def test_an_ignore_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"there: link leads nowhere: mend it or remove it"):
        Selection.of().with_ignore_file(tmp_path / IGNORE_FILE, "there")
