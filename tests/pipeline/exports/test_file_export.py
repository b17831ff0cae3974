"""Exports to files: what is in them, what the next one writes, and what a target must not be."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semantic_assets.errors import ConfigError, Conflict, NotFound
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.exports.dataset_export import ExportedTable, export_dataset
from semantic_assets.pipeline.exports.export_columns import export_schema
from semantic_assets.pipeline.exports.export_manifest import alone_in
from tests.pipeline.exports.conftest import DATASET, DOCUMENTS, OTHER, ROWS, write
from tests.trial import Trial


def export(trial: Trial, target: Path, **options: Any) -> ExportedTable:
    return export_dataset(trial.store, DATASET, str(target), **options)


def did(report: ExportedTable) -> tuple[int, int, int]:
    return report.shards_written, report.shards_kept, report.shards_removed


def read(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]
    tables = [pq.read_table(file) for file in files]
    return sorted(pa.concat_tables(tables).to_pylist(), key=lambda row: str(row["id"]))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def embedded(trial: Trial) -> dict[str, list[float]]:
    """The vectors as they came from the model, by chunk."""
    found: dict[str, list[float]] = {}
    for shard in trial.store.ledger.sources.shards(dataset=DATASET):
        space = trial.store.decide_space(DATASET).space_id
        table = trial.store.lake.read(
            layout.embeddings(space, shard.key), ["chunk_id", "vector", "token_count"]
        )
        found |= {row["chunk_id"]: row["vector"] for row in table.to_pylist() if row["vector"]}
    return found


def test_a_row_has_what_search_and_the_documents_say(world: Trial, tmp_path: Path) -> None:
    report = export(world, tmp_path / "out")
    rows = read(tmp_path / "out")
    assert (report.rows, len(rows), did(report)) == (ROWS, ROWS, (4, 0, 0))
    (row,) = (row for row in rows if row["uri"] == f"{DATASET}/03.md")
    vectors = embedded(world)
    assert row["vector"] == vectors[row["id"]]
    assert row["text"].endswith("Version 1 of pump 3: it hums, 水泵.")
    assert (row["title"], row["dataset"]) == ("Насос 3", str(DATASET))
    assert json.loads(row["metadata"])["author"] == "Lin 3"
    assert row["token_count"] > 0
    (record,) = (row for row in rows if row["record_id"] is not None)
    assert (record["record_id"], record["text"]) == ("r1", "A record.")
    assert json.loads(record["metadata"]) == {"colour": "blue"}


@pytest.mark.parametrize("name", ["out", "out.parquet", "out.jsonl"])
def test_formats_hold_the_same_rows(world: Trial, tmp_path: Path, name: str) -> None:
    expected = export(world, tmp_path / "expected")
    report = export(world, tmp_path / name)
    assert report.rows == expected.rows
    if name.endswith(".jsonl"):
        lines = (tmp_path / name).read_text().splitlines()
        rows = sorted(map(json.loads, lines), key=lambda row: str(row["id"]))
        single = np.float32
        for row in rows:
            row["vector"] = [float(single(number)) for number in row["vector"]]
    else:
        rows = read(tmp_path / name)
    assert rows == read(tmp_path / "expected")


def test_the_schema_is_that_of_every_format(world: Trial, tmp_path: Path) -> None:
    export(world, tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert pq.read_schema(path).equals(export_schema(128))


def test_a_second_export_writes_only_what_changed(changing: Trial, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(changing, out)
    before = contents(out)
    assert did(export(changing, out)) == (0, 4, 0)
    assert contents(out) == before
    write(changing, 5, version=2)
    changing.refresh()
    assert did(export(changing, out)) == (1, 3, 0)
    after = contents(out)
    assert sum(after[name] != before[name] for name in before) == 1
    export(changing, tmp_path / "fresh")
    assert read(out) == read(tmp_path / "fresh")


def test_removed_documents_and_the_files_of_shards_that_are_gone_go(
    changing: Trial, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(changing, out)
    (changing.settings.sources / str(DATASET) / "rows.jsonl").unlink()
    (changing.settings.sources / str(DATASET) / "00.md").unlink()
    changing.refresh()
    report = export(changing, out)
    assert did(report) == (1, 2, 1)
    assert (report.rows, len(read(out)), len(contents(out))) == (DOCUMENTS - 1, DOCUMENTS - 1, 3)


def test_a_file_that_was_altered_or_deleted_is_written_again(world: Trial, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(world, out)
    expected, (first, second, third, _) = read(out), sorted(out.iterdir())
    first.unlink()
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 1
    second.write_bytes(content)
    os.utime(third, ns=(1, 1))  # as a copy has it
    assert did(export(world, out)) == (2, 2, 0)
    assert read(out) == expected


def test_compact_vectors_are_exported_as_they_came_from_the_model(
    trial: Trial, tmp_path: Path
) -> None:
    trial.write(f"{DATASET}/dataset.toml", '[index]\nbackend = "faiss"\n')
    write(trial, 5)
    write(trial, 6)
    trial.refresh()
    vectors = embedded(trial)
    report = export(trial, tmp_path / "out")
    assert report.rounded == 0
    assert {row["id"]: row["vector"] for row in read(tmp_path / "out")} == vectors
    write(trial, 5, version=2)
    trial.refresh(wait_minutes=0)
    again = export(trial, tmp_path / "again")
    rows = read(tmp_path / "again")
    assert (again.rounded, again.rows, len(rows)) == (1, 2, 2)
    for row in rows:
        assert np.allclose(row["vector"], vectors[row["id"]], atol=1e-4)


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a folder of something else": (
        lambda at: (at / "out").mkdir() or (at / "out/a.txt").write_text("mine"),
        "out",
        "holds something that is no export: name another target",
    ),
    "a file of something else": (
        lambda at: (at / "out.parquet").write_text("mine"),
        "out.parquet",
        "holds something that is no export: name another target",
    ),
    "a file without an ending": (
        lambda at: (at / "out").write_text("mine"),
        "out",
        "is a file: name it .parquet or .jsonl, or name a folder",
    ),
    "no folder": (lambda at: None, "missing/out", "there is no folder"),
    "a bucket": (lambda at: None, "s3://bucket/out", "export to a folder, and copy it"),
    "a manifest that is none": (
        lambda at: (at / "out.export.json").write_text("[]"),
        "out",
        "is no manifest of an export: name another target",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_target_that_is_not_ours_is_refused(world: Trial, tmp_path: Path, case: str) -> None:
    prepare, name, said = REFUSED[case]
    prepare(tmp_path)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    target = name if "://" in name else str(tmp_path / name)
    with pytest.raises(ConfigError, match=said):
        export_dataset(world.store, DATASET, target, replace=True)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_export_of_something_else_is_replaced_only_on_request(
    world: Trial, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_dataset(world.store, OTHER, str(out))
    with pytest.raises(ConfigError, match=r"holds dataset acme/notes, .*--replace"):
        export(world, out)
    assert did(export(world, out, replace=True)) == (4, 0, 0)
    with pytest.raises(ConfigError, match="holds format parquet, not jsonl"):
        export(world, out, wanted_format="jsonl")
    export(world, out, wanted_format="jsonl", replace=True)
    assert {path.suffix for path in out.iterdir()} == {".jsonl"}
    assert did(export(world, out)) == (0, 4, 0)


def test_an_export_in_another_space_is_refused(world: Trial, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(world, out)
    manifest = tmp_path / "out.export.json"
    for name, value in (("space", "other-64"), ("dimensions", 64)):
        held = json.loads(manifest.read_text())
        manifest.write_text(json.dumps(held | {name: value}))
        with pytest.raises(ConfigError, match=f"holds {name} {value}, not .*--replace"):
            export(world, out)
        manifest.write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("out.jsonl", "parquet", "names jsonl, not parquet: name a folder, or leave out --format"),
        ("out", "lance", "a Lance table is named .lance: export to out.lance"),
    ],
)
def test_a_format_and_a_name_that_contradict_are_refused(
    world: Trial, tmp_path: Path, name: str, wanted: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        export(world, tmp_path / name, wanted_format=wanted)


def test_options_of_postgres_are_refused_for_files(world: Trial, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--table and --index are for postgresql://"):
        export(world, tmp_path / "out", table="rows")


def test_a_dataset_without_an_index_is_not_exported(world: Trial, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no index of acme/none: run `semantic-assets ref"):
        export_dataset(world.store, DatasetKey("acme", "none"), str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_two_exports_do_not_write_to_one_target(world: Trial, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with alone_in(tmp_path / "out"), pytest.raises(Conflict, match="another export writes to"):
        export(world, tmp_path / "out")


def test_a_hugging_face_folder_has_a_card_that_is_its_owners(world: Trial, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(world, out, wanted_format="huggingface")
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "data"]
    (out / "README.md").write_text("---\nlicense: mit\n---\n")
    export(world, out)
    assert "license: mit" in (out / "README.md").read_text()
