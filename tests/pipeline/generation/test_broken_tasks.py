"""A task file that cannot be used, and a model that is shut down, stop their own task alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.errors import ConfigError, SpendRefused
from semantic_assets.model import chat_models
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.batch_jobs.realtime import answer_now
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.costs.estimate_sources import estimate_sources
from semantic_assets.pipeline.generation.task_list import list_of_tasks, task_troubles
from semantic_assets.pipeline.generation.task_versions import find_task
from semantic_assets.pipeline.generation_jobs.generate import generation_status
from tests.pipeline.tasks import NEWS, results, write_news, write_task
from tests.trial import Trial

HEAD = 'model = "gemini-3.5-flash-lite"\ndatasets = ["*/*"]\nprompt = "{text}"\n'
MODEL = "gemini-3.5-flash-lite"


def _folder(path: Path) -> None:
    path.mkdir()


def _unreadable(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _text(text: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text.encode(encoding)) and None


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "no TOML": (_text("model = gemini\n"), "not valid TOML"),
    "deep": (_text("a = " + "[" * 5_000), "not valid TOML"),
    "a key of nobody": (_text(HEAD + 'modle = "x"\n'), "did you mean model"),
    "retired": (_text(HEAD.replace(MODEL, "gemini-2.5-flash")), "use gemini-3.5-flash-lite"),
    "unknown model": (_text(HEAD.replace(MODEL, "gemini-0")), "is unknown: use one of"),
    "schema": (_text(HEAD + "[schema]\ntype = 5\n"), "schema"),
    "module": (_text(HEAD + 'schema_model = "antigravity_9:M"\n'), "package.module:Model"),
    "folder": (_folder, "this is not a file"),
    "dangling": (_unreadable, "cannot be read"),
    "huge": (_text(HEAD + "# " + "x" * 10_000_000), "are too many for settings"),
    "UTF-16": (_text(HEAD, "utf-16"), "save it as UTF-8"),
}


def _write_broken(trial: Trial, kinds: dict[str, tuple[Callable[[Path], None], str]]) -> None:
    trial.settings.tasks.mkdir(parents=True, exist_ok=True)
    for number, (make, _) in enumerate(kinds.values()):
        make(trial.settings.tasks / f"broken{number}.toml")


def test_each_broken_file_stops_its_task_alone(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial)
    _write_broken(trial, BROKEN)
    (trial.settings.tasks / "Not A Name.toml").write_text(HEAD)
    (trial.settings.tasks / ".half-written.toml").write_text("model =")
    report = trial.refresh()
    assert [row["status"] for row in results(trial)] == ["READY"] * 2
    assert not report.is_waiting
    assert len(report.discovery.skipped) == len(BROKEN) + 1  # the exit code is 1
    listed = {one.task: one for one in list_of_tasks(trial.store)}
    said = {one.found for one in task_troubles(trial.store)}
    for number, (_, reason) in enumerate(BROKEN.values()):
        told = report.discovery.skipped[f"task broken{number}"]
        assert reason in told
        assert f"broken{number}.toml" in told
        assert f"task broken{number} skipped: {told}" in report.summary
        assert listed[f"broken{number}"].trouble == told
        assert told in said
        with pytest.raises(ConfigError, match=f"broken{number}"):
            find_task(trial.store, f"broken{number}")
    assert listed["summary"].trouble == ""
    assert any("broken0" in line for line in estimate_sources(trial.store).left_out)


def test_a_broken_file_beside_a_dataset_stops_itself_alone(trial: Trial) -> None:
    write_news(trial, 1)
    trial.write("acme/notes/a.txt", "The lock is oiled in May.")
    trial.write("acme/news/good.task.toml", HEAD.replace('datasets = ["*/*"]\n', ""))
    trial.write("acme/news/bad.task.toml", "model =")
    write_task(trial, datasets=("acme/*",))
    report = trial.refresh()
    assert "task bad of acme/news" in report.discovery.skipped
    assert [row["status"] for row in results(trial, task="good")] == ["READY"]
    assert [row["status"] for row in results(trial, DatasetKey("acme", "notes"))] == ["READY"]
    assert "bad" in {one.task for one in list_of_tasks(trial.store)}


@pytest.fixture
def retiring(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let Google announce the last day of a model that a task of the test uses."""

    def announce(day: str) -> None:
        model = replace(chat_models.CHAT_MODELS[MODEL], retires=day, replacement="gemini-3.8-flash")
        monkeypatch.setitem(chat_models.CHAT_MODELS, MODEL, model)

    return announce


def test_a_model_that_is_shut_down_stops_the_tasks_it_answers(
    trial: Trial, retiring: Callable[[str], None]
) -> None:
    write_news(trial, 2)
    write_task(trial)
    trial.refresh()
    retiring("2020-01-01")
    write_task(trial, "other", prompt="Tell.\\n\\n{text}")
    (trial.settings.tasks / "other.toml").write_text(
        (trial.settings.tasks / "other.toml").read_text().replace(MODEL, "gemini-3.8-flash")
    )
    trial.write("acme/news/new.txt", "The sluice is painted green.")
    report = trial.refresh()
    assert not report.is_waiting
    assert "generate regenerate -d acme/news -t summary" in report.summary
    assert "use gemini-3.8-flash" in report.discovery.skipped["task summary of acme/news"]
    assert [row["status"] for row in results(trial)] == ["READY"] * 2  # of before; none is sent
    assert [row["status"] for row in results(trial, task="other")] == ["READY"] * 3
    standing = generation_status(trial.store, NEWS, "summary")
    assert standing.is_stopped
    assert "use gemini-3.8-flash" in str(standing.blocked_by)
    listed = {one.task: one.trouble for one in list_of_tasks(trial.store)}
    assert "generate regenerate -d acme/news -t summary" in listed["summary"]


def test_nothing_is_sent_to_a_model_that_is_shut_down(
    trial: Trial, retiring: Callable[[str], None]
) -> None:
    write_news(trial, 2)
    write_task(trial)
    trial.prepare()
    [task] = [one.task for one in trial.store.ledger.tasks.all()]
    retiring("2020-01-01")
    with pytest.raises(SpendRefused, match=r"use gemini-3\.8-flash"):
        answer_now(trial.store, trial.gemini, task, ShardKey(NEWS, 0))
    assert submit_pending(trial.store, trial.gemini, only=task).submitted == ()
    assert trial.prompts() == []


def test_a_model_that_ends_soon_is_warned_of(trial: Trial, retiring: Callable[[str], None]) -> None:
    from datetime import UTC, datetime, timedelta

    day = datetime.fromtimestamp(trial.store.ledger.now(), UTC).date() + timedelta(days=20)
    retiring(day.isoformat())
    write_news(trial, 1)
    write_task(trial)
    report = trial.refresh()
    assert (report.discovery.skipped, report.is_waiting) == ({}, False)
    [trouble] = task_troubles(trial.store)
    assert trouble.is_warning
    assert f"is shut down on {day}: change to gemini-3.8-flash before" in trouble.found
    assert list_of_tasks(trial.store)[0].trouble or list_of_tasks(trial.store)[1].trouble
    assert estimate_sources(trial.store).warnings == (trouble.found,)
