"""A file that its reader cannot bear is a failed record within its limits, and harms nobody else."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.reports.status import documents_failed
from semantic_assets.sandbox.limits import limits_for
from semantic_assets.store import Store
from tests.hostile.conftest import ReadApart
from tests.hostile.files import HOSTILE, many_attributes, nested_forms
from tests.parsing.conftest import _make_pdf
from tests.trial import Trial


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_ends_within_its_limits(read_apart: ReadApart, tmp_path: Path, name: str):
    make, reason = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(make())
    began = time.monotonic()
    *others, last = read_apart(path)
    # The processor's limit, and as much again for a machine with other work.
    assert time.monotonic() - began < 2 * limits_for(name, path.stat().st_size).cpu_seconds + 5
    assert {record.parse_status for record in others} <= {ParseStatus.OK}
    if reason is None:
        assert last.parse_status == ParseStatus.OK
    else:
        assert re.search(reason, last.parse_error)
        assert "\n" not in last.parse_error


def test_rows_before_the_limit_are_kept(read_apart: ReadApart, tmp_path: Path):
    path = tmp_path / "wide.csv"
    path.write_bytes(HOSTILE["wide.csv"][0]())
    *rows, last = read_apart(path)
    assert len(rows) > 100
    assert "repeat long names of columns" in last.parse_error
    assert all(len(row.metadata) == 500 for row in rows)
    kept = sum(len(name) for row in rows for name in row.metadata)
    assert kept < 40 * path.stat().st_size + (16 << 20)


def test_columns_that_are_not_kept_are_not_repeated(trial: Trial):
    """The cure of what a wide file is refused for."""
    trial.write("acme/tables/wide.csv", HOSTILE["wide.csv"][0]())
    trial.write("acme/tables/dataset.toml", "[columns]\nmetadata = []\n")
    trial.prepare()
    (shard,) = trial.store.ledger.sources.shards()
    assert (shard.documents, documents_failed(trial.store, [shard])) == (1_500, 0)


def test_an_honest_wide_table_is_read_whole(read_apart: ReadApart, tmp_path: Path):
    path, names = tmp_path / "genes.csv", [f"expression_of_gene_{n:05}" for n in range(800)]
    rows = ["text," + ",".join(names)] + ["tissue," + ",".join(["0"] * 800)] * 1_000
    path.write_text("\n".join(rows))
    found = read_apart(path)
    assert (len(found), {row.parse_error for row in found}) == (1_000, {None})


def test_honest_neighbours_are_read_meanwhile(store: Store):
    sources = store.settings.sources
    for name, content in {
        "bad/forms/a.pdf": nested_forms(),
        "bad/page/a.html": many_attributes(100_000),
        "good/manuals/a.pdf": _make_pdf([["The pump sends water."]]),
        "good/manuals/b.html": b"<html><p>The valve closes.</p></html>",
    }.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_bytes(content)
    discover(store)
    shards = [shard.key for shard in store.ledger.sources.shards()]
    with ThreadPoolExecutor() as threads:
        began = time.monotonic()
        reports = {shard.dataset: threads.submit(read_documents, store, shard) for shard in shards}
        good = reports[DatasetKey("good", "manuals")].result()
        waited = time.monotonic() - began
        bad = [reports[DatasetKey("bad", name)].result() for name in ("forms", "page")]
    assert (good.documents, good.failed) == (2, 0)
    assert [report.failed for report in bad] == [1, 1]
    assert waited < limits_for("a.html", 1_000_000).cpu_seconds


def test_a_hostile_file_is_not_tried_again_until_it_changes(store: Store):
    path = store.settings.sources / "acme/manuals/forms.pdf"
    path.parent.mkdir(parents=True)
    path.write_bytes(nested_forms())
    discover(store)
    [shard] = store.ledger.sources.shards()
    assert read_documents(store, shard.key).failed == 1
    [row] = store.lake.read(layout.documents(shard.key)).to_pylist()
    assert row["parse_error"].startswith("it crashed its reader")
    discover(store)
    again = read_documents(store, shard.key)
    assert (again.failed, again.files_read, again.written) == (1, 0, False)
    path.write_bytes(_make_pdf([["The pump sends water."]]))
    discover(store)
    assert read_documents(store, shard.key).failed == 0
