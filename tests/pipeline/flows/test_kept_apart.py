"""What stops one dataset does not keep the others from search, whoever brings them in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.collect_ended import CollectReport, collect_ended
from semantic_assets.pipeline.flows.flush import flush
from semantic_assets.pipeline.generation_jobs.generation_files import take_file
from tests.pipeline.tasks import write_task
from tests.trial import Trial

BAD, GOOD = DatasetKey("acme", "bad"), DatasetKey("acme", "good")


def _write(trial: Trial) -> None:
    for dataset in (BAD, GOOD):
        trial.write(f"{dataset}/a.txt", f"The {dataset.dataset} gate is oiled in May.")


def _in_the_way(trial: Trial, folder: str) -> None:
    """Put a file where a folder of the bad dataset should be."""
    path: Path = trial.settings.root / folder
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")


def _serves(trial: Trial) -> set[DatasetKey]:
    return set(trial.store.ledger.index_versions.serving_of_all())


def _collected(trial: Trial) -> CollectReport:
    flush(trial.store, trial.gemini)
    trial.pass_time()
    return collect_ended(trial.store, trial.gemini)


@pytest.mark.parametrize("stage", ["index", "embeddings"])
def test_collecting_publishes_the_other_datasets(trial: Trial, stage: str) -> None:
    _write(trial)
    flush(trial.store, trial.gemini)
    space = trial.store.serving_space(BAD).space_id
    folder = (
        "index/acme/bad"
        if stage == "index"
        else f"embeddings/space={space}/project=acme/dataset=bad"
    )
    _in_the_way(trial, folder)
    trial.pass_time()
    report = collect_ended(trial.store, trial.gemini)
    assert _serves(trial) == {GOOD}
    assert (report.collected_jobs, report.indexes_built) == (1, 1)
    assert any(line.startswith("acme/bad: ") for line in report.trouble)
    (trial.settings.root / folder).unlink()
    assert collect_ended(trial.store, trial.gemini).trouble == ()
    assert _serves(trial) == {BAD, GOOD}


def test_a_refresh_brings_in_the_others_and_says_at_the_end_what_stopped(trial: Trial) -> None:
    _write(trial)
    _in_the_way(trial, "index/acme/bad")
    report = trial.refresh()
    assert _serves(trial) == {GOOD}
    assert [*report.troubles] == ["acme/bad"]
    assert report.left_out == 1  # the exit code is 1
    assert f"acme/bad stopped: {report.troubles['acme/bad']}" in report.summary


def test_a_dataset_that_cannot_be_split_is_not_sent_and_the_others_are(trial: Trial) -> None:
    _write(trial)
    _in_the_way(trial, "documents/project=acme/dataset=bad")
    report = flush(trial.store, trial.gemini)
    assert report.texts == 1
    assert [line.partition(": ")[0] for line in report.trouble] == ["acme/bad"]
    trial.pass_time()
    refreshed = trial.refresh()
    assert _serves(trial) == {GOOD}
    assert [*refreshed.troubles] == ["acme/bad"]


def test_an_advance_settles_the_others(trial: Trial) -> None:
    _write(trial)
    flush(trial.store, trial.gemini)
    space = trial.store.serving_space(BAD).space_id
    _in_the_way(trial, f"embeddings/space={space}/project=acme/dataset=bad")
    trial.pass_time()
    report = advance(trial.store, trial.gemini)
    assert {one.shard.dataset for one in report.assembled} == {GOOD}
    assert [line.partition(": ")[0] for line in report.trouble] == ["acme/bad"]


def _articles(trial: Trial) -> DatasetKey:
    week = DatasetKey("generate", "week")
    path = trial.settings.root.parent / "articles.jsonl"
    path.write_text('{"id": "1", "text": "The kiln is fired on Fridays. It holds ninety bowls."}\n')
    take_file(trial.store, path, week)
    write_task(trial, datasets=(str(week), str(GOOD)))
    return week


def test_answers_of_a_dataset_that_is_not_embedded_do_not_stop_the_others(trial: Trial) -> None:
    _write(trial)
    week = _articles(trial)
    report = _collected(trial)
    assert (report.trouble, report.open_jobs) == ((), 0)
    assert _serves(trial) == {BAD, GOOD}
    assert not trial.store.is_embedded(week)
    assert collect_ended(trial.store, trial.gemini).trouble == ()


@pytest.mark.parametrize("loses_chunks", [False, True])
def test_a_dataset_that_is_embedded_no_more_while_its_job_is_out(
    trial: Trial, loses_chunks: bool
) -> None:
    _write(trial)
    flush(trial.store, trial.gemini)
    trial.write("acme/bad/dataset.toml", "embed = false\n")
    discover(trial.store)
    if loses_chunks:
        shutil.rmtree(trial.settings.root / "chunks/project=acme/dataset=bad")
    trial.pass_time()
    report = collect_ended(trial.store, trial.gemini)
    assert (report.trouble, report.open_jobs) == ((), 0)
    assert _serves(trial) == {GOOD}


def _pipe(path: Path) -> None:
    import os

    os.mkfifo(path)


_BROKEN: dict[str, Callable[[Path], object]] = {
    "value": lambda path: path.write_text("min_batch_size = many"),
    "key": lambda path: path.write_text("modle = 1"),
    "utf-16": lambda path: path.write_bytes("embed = false".encode("utf-16")),
    "huge": lambda path: path.write_text("# " + "x" * 2_000_000),
    "backend": lambda path: path.write_text('index_backend = "redis"'),
    "folder": lambda path: path.mkdir(),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "pipe": _pipe,
}


def test_each_broken_dataset_toml_stops_its_dataset_alone(trial: Trial) -> None:
    trial.write(f"{GOOD}/a.txt", "The good gate is oiled in May.")
    for name, make in _BROKEN.items():
        make(trial.write(f"acme/{name}/a.txt", "A gate.").with_name("dataset.toml"))
    report = trial.refresh()
    assert _serves(trial) == {GOOD}
    assert [*report.discovery.skipped] == sorted(f"acme/{name}" for name in _BROKEN)
    assert all("dataset.toml" in reason for reason in report.discovery.skipped.values())
