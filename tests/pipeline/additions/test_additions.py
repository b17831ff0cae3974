"""Files that a person adds: copied whole under valid names, never over others, and described."""

import os
import tomllib
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.additions import copying
from semantic_assets.pipeline.additions.copying import Added, copy_addition
from semantic_assets.pipeline.additions.plan import plan_additions, valid_name
from semantic_assets.settings.dataset_settings import DatasetSettings

PROSE = "The pump is stopped before its valve is opened, or the seal is lost."
DOCS = DatasetKey("acme", "docs")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return tmp_path / "sources"


def _write(path: Path, text: str = "Some text.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _add(sources: Path, *paths: Path, to: DatasetKey | None = DOCS, replace: bool = False) -> Added:
    (plan,) = plan_additions(paths, to, sources)
    return copy_addition(plan, sources, replace=replace)


def _names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ("manuals", "manuals"),
        ("My Papers (2024)", "my-papers-2024"),
        ("Señor Müller", "senor-muller"),
        ("__init__", "__init__"),
    ],
)
def test_a_valid_name_is_made_that_a_person_recognises(given: str, valid: str) -> None:
    assert valid_name(given) == valid


@pytest.mark.parametrize("given", ["手册", "Документы", "...", "x\udcff手册手册", "a" * 300])
def test_names_that_lose_most_letters_stay_apart(given: str) -> None:
    assert DatasetKey("default", valid_name(given))
    assert valid_name(given) != valid_name(given + "册")


def test_a_folder_becomes_a_dataset_of_its_name_and_keeps_its_tree(
    tmp_path: Path, sources: Path
) -> None:
    folder = tmp_path / "My Papers"
    for name in ("a.md", "sub/deep/b.txt", "sub/c.zzz", "node_modules/x.js", ".env"):
        _write(folder / name)
    done = _add(sources, folder, to=None)
    assert done.dataset == "default/my-papers"
    assert _names(Path(done.folder)) == ["a.md", "sub/c.zzz", "sub/deep/b.txt"]
    assert (done.copied, done.excluded, done.dataset_toml) == (3, 1, None)
    assert done.refused == {"My Papers/.env": "its name begins with a dot: rename it"}
    assert [(one.kind, one.files, one.is_read) for one in done.kinds] == [
        (".md", 1, True),
        (".txt", 1, True),
        (".zzz", 1, False),
    ]


def test_copies_are_private_keep_the_time_and_leave_the_original(
    tmp_path: Path, sources: Path
) -> None:
    original = _write(tmp_path / "papers" / "a.md")
    os.utime(original, ns=(5, 7_000_000_000))
    _add(sources, original.parent)
    copy = sources / "acme/docs/a.md"
    assert copy.stat().st_mtime_ns == 7_000_000_000
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert copy.stat().st_ino != original.stat().st_ino
    assert original.read_text() == "Some text."


def test_a_second_time_nothing_is_copied_and_no_other_file_is_overwritten(
    tmp_path: Path, sources: Path
) -> None:
    file = _write(tmp_path / "papers" / "a.md")
    _write(tmp_path / "papers" / "b.md")
    assert _add(sources, file.parent).copied == 2
    _write(file, "Another text.")
    done = _add(sources, file.parent)
    assert (done.copied, done.unchanged, done.replaced) == (0, 1, 0)
    assert "is there and differs: say --replace" in done.refused[str(file)]
    assert (sources / "acme/docs/a.md").read_text() == "Some text."
    assert _add(sources, file.parent, replace=True).replaced == 1
    assert (sources / "acme/docs/a.md").read_text() == "Another text."


def test_a_copy_that_is_cut_off_leaves_no_half_file(
    tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _write(tmp_path / "papers" / "a.md")

    def half(source: object, copy: object, size: int) -> None:
        copy.write(b"So")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying.shutil, "copyfileobj", half)
    done = _add(sources, file.parent)
    assert "No space left on device" in done.refused[str(file)]
    assert _names(sources) == []


def test_links_are_copied_inside_the_folder_only(tmp_path: Path, sources: Path) -> None:
    folder = tmp_path / "papers"
    _write(folder / "a.md")
    (folder / "inner.md").symlink_to("a.md")
    (folder / "out.md").symlink_to(_write(tmp_path / "private.md"))
    (folder / "dead.md").symlink_to("nowhere")
    done = _add(sources, folder)
    assert _names(sources / "acme/docs") == ["a.md", "inner.md"]
    assert not (sources / "acme/docs/inner.md").is_symlink()
    assert "link leads out" in done.refused[str(folder / "out.md")]
    assert "link leads nowhere" in done.refused[str(folder / "dead.md")]


def test_a_link_below_the_sources_does_not_lead_a_copy_out(tmp_path: Path, sources: Path) -> None:
    file = _write(tmp_path / "papers" / "sub" / "a.md")
    (tmp_path / "elsewhere").mkdir()
    (sources / "acme/docs").mkdir(parents=True)
    (sources / "acme/docs/sub").symlink_to(tmp_path / "elsewhere")
    assert "link leads out" in _add(sources, tmp_path / "papers").refused[str(file)]
    assert _names(tmp_path / "elsewhere") == []


def test_several_folders_in_one_dataset_keep_their_names(tmp_path: Path, sources: Path) -> None:
    _write(tmp_path / "One" / "a.md")
    _write(tmp_path / "two" / "a.md")
    file = _write(tmp_path / "b.md")
    _add(sources, tmp_path / "One", tmp_path / "two", file)
    assert _names(sources / "acme/docs") == ["b.md", "one/a.md", "two/a.md"]


def test_files_without_a_dataset_go_to_that_of_their_folder(tmp_path: Path, sources: Path) -> None:
    plans = plan_additions(
        [_write(tmp_path / "A b" / "a.md"), _write(tmp_path / "c" / "d.md")], None, sources
    )
    assert [str(one.dataset) for one in plans] == ["default/a-b", "default/c"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("s3://b/p", "can be the sources itself"),
        ("none", "is not there"),
        (".", "holds the sources"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_remedy(
    path: str, reason: str, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.mkdir()
    monkeypatch.chdir(sources.parent)
    with pytest.raises(ConfigError, match=reason):
        plan_additions([path], None, sources)


def test_columns_of_records_are_proposed_and_written_once(tmp_path: Path, sources: Path) -> None:
    folder = tmp_path / "data"
    rows = [f'{{"pmid": "p{n}", "headline": "Pump {n}", "body": "{PROSE}"}}' for n in range(3)]
    _write(folder / "a.jsonl", "\n".join(rows))
    _write(folder / "b.jsonl", "\n".join(rows))
    _write(folder / "faq/c.csv", f"nr;frage;antwort\n1;Wann?;{PROSE}\n2;Wo?;{PROSE}\n")
    _write(folder / "d.json", f'{{"docs": [{{"id": "1", "title": "T", "text": "{PROSE}"}}]}}')
    done = _add(sources, folder)
    assert done.dataset_toml is not None
    written = tomllib.loads((sources / "acme/docs/dataset.toml").read_text())
    assert written == tomllib.loads(done.dataset_toml)
    settings = DatasetSettings.of(written)
    assert (settings.record_id, settings.title, settings.text) == ("pmid", "headline", "body")
    files = {one.glob: one for one in settings.column_files}
    assert set(files) == {"faq/c.csv", "d.json"}
    assert files["faq/c.csv"].text == "antwort"
    assert files["d.json"].text == "text"
    assert _add(sources, folder).dataset_toml is None


def test_a_dataset_file_of_the_folder_is_kept(tmp_path: Path, sources: Path) -> None:
    _write(tmp_path / "data/a.jsonl", f'{{"key": "1", "body": "{PROSE}"}}')
    _write(tmp_path / "data/dataset.toml", "[files]\nexclude = ['*.log']\n")
    _write(tmp_path / "data/b.log")
    done = _add(sources, tmp_path / "data")
    assert (done.copied, done.excluded, done.dataset_toml) == (2, 1, None)
    assert [one.kind for one in done.kinds] == [".jsonl"]


def test_a_large_json_is_proposed_from_its_beginning(
    tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_assets.pipeline.additions.columns._HEAD_BYTES", 1_000)
    monkeypatch.setattr("semantic_assets.pipeline.additions.columns._HEAD_CHARS", 900)
    rows = ",\n".join(f'{{"uid": "u{n}", "body": "{PROSE}"}}' for n in range(50))
    _write(tmp_path / "data/a.json", f"[{rows}]")
    assert 'text = "body"' in str(_add(sources, tmp_path / "data").dataset_toml)
