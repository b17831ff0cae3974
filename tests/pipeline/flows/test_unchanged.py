"""A refresh with nothing to do asks the ledger a few questions, opens no table and writes nothing.

It sees all the same whatever is not as it was.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from semantic_assets.errors import SourceMissing
from semantic_assets.lake import layout
from semantic_assets.ledger.database.schema import file_note
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.pipeline.flows.unchanged import settled_shards_unchanged, unchanged_shards
from semantic_assets.pipeline.pending.broken_files import require_readable
from semantic_assets.pipeline.reports.checks import check_index, check_shard
from semantic_assets.pipeline.reports.status import status
from semantic_assets.pipeline.scheduling.batch_runs import watch
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from semantic_assets.sources.passed_over import PassedOver
from tests.harms import HARMS
from tests.trial import Trial

BIRDS = DatasetKey("acme", "birds")
SHARD = ShardKey(BIRDS, 0)


@dataclass
class Counted:
    statements: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)


_OPENED: list[list[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _OPENED:
        _OPENED[-1].append(str(arguments[0]))


sys.addaudithook(_hear)


@contextmanager
def counting(trial: Trial) -> Iterator[Counted]:
    """Count the statements the ledger gets, and the files opened below the trial's folder."""
    found, opened, folder = Counted(), list[str](), str(trial.settings.root.parent)

    def hear(*arguments: object) -> None:
        found.statements.append(str(arguments[2]))

    engine = trial.store.ledger.database.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    _OPENED.append(opened)
    try:
        yield found
    finally:
        _OPENED.remove(opened)
        sa.event.remove(engine, "before_cursor_execute", hear)
        below = (name for name in opened if name.startswith(folder))
        found.opened += [name for name in below if f"{folder}/emulator" not in name]


def files_of(trial: Trial) -> dict[str, tuple[int, int]]:
    """Size and time of all files of the lake; readers of the ledger mark themselves in `-shm`."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in trial.settings.root.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def settle(trial: Trial) -> RefreshReport:
    trial.refresh()
    return trial.refresh()


@pytest.fixture
def built(trial: Trial) -> Trial:
    trial.write("acme/birds/owl.md", "# Owl\n\n" + "The owl hunts at night. " * 30)
    trial.write("acme/birds/wren.txt", "The wren is small and loud. " * 30)
    trial.write("acme/fish/pike.txt", "The pike waits in the reeds. " * 30)
    settle(trial)
    return trial


USES: dict[str, Callable[[Trial], object]] = {
    "refresh": lambda trial: trial.refresh(),
    "status": lambda trial: status(trial.store, scope_id=trial.gemini.scope_id),
    "batch tick": lambda trial: watch(trial.store, trial.gemini),
    "source tick": lambda trial: watch_sources(trial.store),
}


@pytest.mark.parametrize("use", USES)
def test_its_cost_is_that_of_one_dataset_and_nothing_is_written(built: Trial, use: str) -> None:
    USES[use](built)  # a first tick asks for runs
    with counting(built) as few:
        USES[use](built)
    for number in range(8):
        built.write(f"acme/more{number}/a.txt", f"Number {number} is a number. " * 20)
    settle(built)
    USES[use](built)
    before = files_of(built)
    with counting(built) as many:
        USES[use](built)
    assert len(many.statements) == len(few.statements) < 150
    assert many.opened == few.opened
    assert not [one for one in many.statements if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert files_of(built) == before


def test_its_report_is_that_of_a_pass_over_all(built: Trial) -> None:
    built.write("acme/birds/scan.pdf", b"%PDF-1.4 nothing")
    built.write("acme/birds/.hidden.txt", "Not read.")
    settle(built)
    with built.store.ledger.database.write() as connection:
        connection.execute(sa.delete(file_note))
    passed, told = built.refresh(), built.refresh()
    assert passed.files.failed == 1
    assert passed.left_out == told.left_out == 2
    for name in ("discovery", "documents", "chunks", "embeddings", "indexes", "files", "summary"):
        assert getattr(told, name) == getattr(passed, name), name
    assert SHARD in unchanged_shards(built.store, [BIRDS])


def _path(trial: Trial, name: str) -> str:
    space = trial.store.serving_space(BIRDS).space_id
    return {
        "documents": layout.documents(SHARD),
        "chunks": layout.chunks(SHARD),
        "embeddings": layout.embeddings(space, SHARD),
    }[name]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["documents", "chunks", "embeddings"])
def test_a_table_that_is_harmed_is_made_again(built: Trial, name: str, harm: str) -> None:
    path, sent = _path(built, name), built.sent()
    HARMS[harm](built.store.lake.path(path))
    built.refresh()
    require_readable(built.store, path)
    assert all(check.passed for check in check_shard(built.store, SHARD))
    assert check_index(built.store, BIRDS).passed
    assert built.sent() == sent


def test_a_table_put_back_by_a_copy_is_read_and_then_known_again(
    built: Trial, tmp_path: Path
) -> None:
    table = built.store.lake.path(_path(built, "embeddings"))
    shutil.copy(table, tmp_path / "copy")
    table.unlink()
    shutil.copy(tmp_path / "copy", table)
    assert SHARD not in settled_shards_unchanged(built.store, [SHARD])
    built.refresh()
    assert SHARD in settled_shards_unchanged(built.store, [SHARD])


@pytest.mark.parametrize("harm", ["cut_off", "emptied", "missing"])
def test_an_index_that_is_harmed_is_built_again(built: Trial, harm: str) -> None:
    folder = built.store.lake.path(layout.index_dir(BIRDS))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        HARMS[harm](path)
    assert [index.dataset for index in built.refresh().indexes if index.written] == [BIRDS]
    assert check_index(built.store, BIRDS).passed


def test_changed_settings_and_patterns_are_seen(built: Trial) -> None:
    built.write("acme/birds/dataset.toml", "[chunking]\nmax_tokens = 60\nmin_tokens = 10\n")
    assert [cut.shard for cut in built.refresh().chunks if cut.written] == [SHARD]
    built.write("acme/birds/dataset.toml", '[html]\ncontent = "all"\n')
    assert [read.shard for read in built.refresh().documents if read.written] == [SHARD]
    built.write("acme/birds/.semanticignore", "wren.txt\n")
    assert built.refresh().discovery.removed == 1
    (built.settings.sources / "acme/birds/dataset.toml").write_text("chunking = 3\n")
    assert "acme/birds" in built.refresh().discovery.skipped


def test_a_task_that_names_the_dataset_is_seen(built: Trial) -> None:
    built.settings.tasks.mkdir(parents=True, exist_ok=True)
    (built.settings.tasks / "short.toml").write_text(
        'model = "gemini-3.5-flash-lite"\nprompt = "Say it shortly: {text}"\n'
        'datasets = ["acme/birds"]\n'
    )
    report = built.refresh()
    assert [one.shard for one in report.requests if one.written] == [SHARD]
    assert SHARD not in unchanged_shards(built.store, [BIRDS])


def test_what_is_not_read_is_told_each_time(built: Trial) -> None:
    built.write("acme/stray.txt", "In no dataset.")
    built.write("acme/birds/.dot.txt", "Hidden.")
    (built.settings.sources / "acme" / "empty").mkdir()
    found = [built.refresh().discovery.passed_over for _ in range(2)]
    assert found[0] == found[1]
    assert set(found[0]) == {PassedOver.STRAY, PassedOver.HIDDEN, PassedOver.EMPTY}


def test_a_file_that_may_not_be_read_is_read_once_it_may(built: Trial) -> None:
    built.write("acme/birds/broken.pdf", b"%PDF-1.4 nothing")
    assert settle(built).files.failed == 1
    built.write("acme/birds/broken.pdf", b"")
    (built.settings.sources / "acme/birds/broken.pdf").unlink()
    assert settle(built).files.failed == 0


def test_sources_that_are_gone_are_an_error_and_delete_nothing(built: Trial) -> None:
    shutil.move(built.settings.sources, built.settings.sources.with_name("away"))
    before = files_of(built)
    with pytest.raises(SourceMissing):
        built.refresh()
    built.settings.sources.mkdir()
    with pytest.raises(SourceMissing):
        built.refresh()
    assert files_of(built) == before


def test_a_shard_that_an_event_unsettled_is_assembled(built: Trial) -> None:
    space = built.store.serving_space(BIRDS).space_id
    built.store.ledger.progress.note(SHARD, space, settled_fingerprint=None, pending=None)
    assert SHARD not in settled_shards_unchanged(built.store, [SHARD])
    built.refresh()
    assert SHARD in settled_shards_unchanged(built.store, [SHARD])
