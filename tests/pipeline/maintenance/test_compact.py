"""Compacting tables leaves what they hold."""

import json

from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.lake import layout
from semantic_assets.lake.table_update import amended_tables
from semantic_assets.ledger import lease_names
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.maintenance.compact import compact_tables
from tests.trial import Trial

SHARD = ShardKey(DatasetKey("acme", "docs"), 0)


def amended(trial: Trial) -> Trial:
    """A lake of which every table has an amendment."""
    found = trial.reopened(amended_from_mb=0)
    for number in range(8):
        found.write(f"acme/docs/{number}.md", f"Page {number} is about pumps and valves.")
    found.refresh()
    found.write("acme/docs/3.md", "This page is about gaskets now.")
    found.refresh()
    assert [len(amended_tables(found.store.lake, f)) for f in layout.AMENDED] == [1, 1, 1]
    return found


def test_compacted_tables_are_current_and_one_file(trial: Trial) -> None:
    found = amended(trial)
    lake, sent = found.store.lake, found.sent()
    before = {f: lake.read(path) for f in layout.AMENDED for path in amended_tables(lake, f)}
    report = compact_tables(found.store, datasets=[SHARD.dataset])
    assert (len(report.tables), report.busy) == (3, ())
    for path in report.tables:
        assert lake.read(path).equals(before[path.partition("/")[0]])
        assert not lake.exists(layout.amendment(path, 1))
        assert found.store.trusted_fingerprint(path) is not None
    found.refresh()
    assert found.sent() == sent


def test_a_shard_that_is_being_written_is_left_alone(trial: Trial) -> None:
    found = amended(trial)
    with found.store.ledger.leases.holding(lease_names.of_shard(SHARD)):
        report = compact_tables(found.store)
    assert (report.tables, len(report.busy)) == ((), 3)


def test_the_command_names_the_tables(trial: Trial) -> None:
    found = amended(trial)
    root = ["--root", str(found.settings.root)]
    first = CliRunner().invoke(main, ["compact", *root, "--json", "acme/docs"])
    assert len(json.loads(first.output)["tables"]) == 3, first.output
    again = CliRunner().invoke(main, ["compact", *root])
    assert again.output == "0 tables are one file each\n"
