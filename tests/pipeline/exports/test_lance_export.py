"""Exports to a table of Lance: what the next one merges, also after one that was killed."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.pipeline.exports import lance_export
from semantic_assets.pipeline.exports.dataset_export import ExportedTable, export_dataset
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.factories import killed_in
from tests.pipeline.exports.conftest import DATASET, OTHER, ROWS, write
from tests.trial import Trial

pytestmark = [
    pytest.mark.dear,
    pytest.mark.skipif(find_spec("lancedb") is None, reason="needs semantic-assets[lance]"),
]


def export(trial: Trial, target: Path, **options: Any) -> ExportedTable:
    return export_dataset(trial.store, DATASET, str(target), **options)


def did(report: ExportedTable) -> tuple[int, int, int]:
    return report.shards_written, report.shards_kept, report.shards_removed


def rows_of(target: Path) -> list[dict[str, Any]]:
    if target.suffix == ".parquet":
        table = pq.read_table(target)
    else:
        import lancedb

        table = lancedb.connect(target.parent).open_table(target.stem).to_arrow()
    return sorted(table.to_pylist(), key=lambda row: str(row["id"]))


def test_the_next_export_merges_what_changed_and_deletes_what_is_gone(
    changing: Trial, tmp_path: Path
) -> None:
    table = tmp_path / "rows.lance"
    assert did(export(changing, table)) == (4, 0, 0)
    assert did(export(changing, table)) == (0, 4, 0)
    write(changing, 5, version=2)
    (changing.settings.sources / str(DATASET) / "rows.jsonl").unlink()
    (changing.settings.sources / str(DATASET) / "00.md").unlink()
    changing.refresh()
    assert did(export(changing, table)) == (2, 1, 1)
    export(changing, tmp_path / "fresh.parquet")
    assert rows_of(table) == rows_of(tmp_path / "fresh.parquet")


def test_a_table_of_another_dataset_is_replaced_only_on_request(
    world: Trial, tmp_path: Path
) -> None:
    table = tmp_path / "rows.lance"
    export_dataset(world.store, OTHER, str(table))
    with pytest.raises(ConfigError, match=r"holds dataset acme/notes, .*--replace"):
        export(world, table)
    assert did(export(world, table, replace=True)) == (4, 0, 0)
    assert len(rows_of(table)) == ROWS


def export_and_die(settings: Settings, table: Path) -> None:
    """Killed when two shards are in the table, and the manifest knows of one."""
    merge = lance_export._merge
    count = 0

    def struck(*arguments: Any) -> Any:
        nonlocal count
        found = merge(*arguments)
        count += 1
        if count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    lance_export._merge = struck
    with open_store(settings) as store:
        export_dataset(store, DATASET, str(table))


def test_a_killed_export_leaves_whole_shards_and_the_next_one_ends_it(
    world: Trial, tmp_path: Path
) -> None:
    table = tmp_path / "rows.lance"
    killed_in(export_and_die, world.settings, table)
    assert len(rows_of(table)) == 8
    assert did(export(world, table)) == (3, 1, 0)
    assert len(rows_of(table)) == ROWS
