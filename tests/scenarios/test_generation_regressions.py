"""What the chaos harness found in generation jobs, each as a test of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.batch_jobs.collect import collect_some
from semantic_assets.pipeline.batch_jobs.plan import plan
from semantic_assets.pipeline.batch_jobs.poll import poll
from semantic_assets.pipeline.batch_jobs.realtime import answer_now
from semantic_assets.pipeline.batch_jobs.recover import recover
from semantic_assets.pipeline.batch_jobs.submit import release_orphans, submit_pending
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.generation.task_versions import find_task
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.store import open_store
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
TASK = """
model = "gemini-3.5-flash-lite"
prompt = "Sum up: {text}"
[schema]
type = "object"
required = ["summary"]
properties = { summary = { type = "string" } }
[use]
vector_text = ["summary"]
"""


@pytest.fixture
def asking(trial: Trial, tmp_path: Path) -> Iterator[Trial]:
    """Three documents that wait for their summaries; somebody asked for them by hand."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/summary.toml").write_text(TASK)
    for name in ("a", "b", "c"):
        trial.write(f"{DATASET}/{name}.txt", f"Paper {name} is about the letter {name}.")
    found = trial.reopened(tasks=tmp_path / "tasks")
    with found.store as store:
        discover(store)
        file = find_task(store, "summary", DATASET)
        store.ledger.tasks.pin(DATASET, file.task, file.use)
        prepare_shards(store, discover(store))
        yield found


def with_lost_ledger(trial: Trial) -> Trial:
    trial.store.close()
    for path in trial.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    store = open_store(trial.settings, create=True, clock=trial.clock, unchecked=True)
    return replace(trial, store=store)


def pinned(trial: Trial) -> list[DatasetTask]:
    return trial.store.ledger.tasks.of(DATASET)


def test_a_task_of_a_job_that_is_out_is_pinned_again_after_the_ledger_was_lost(
    asking: Trial,
) -> None:
    before = pinned(asking)
    submit_pending(asking.store, asking.gemini)
    again = with_lost_ledger(asking)
    with again.store as store:
        discover(store)
        recover(store)
        assert pinned(again) == before
        again.refresh()
        assert again.paid_twice() == []
        [shard] = store.ledger.sources.shards(DATASET)
        texts = store.lake.read(layout.chunks(shard.key), ["vector_text"])["vector_text"]
        assert all(text.count("is about the letter") == 2 for text in texts.to_pylist())


def test_documents_that_are_cut_in_the_last_step_are_embedded_by_it(asking: Trial) -> None:
    submit_pending(asking.store, asking.gemini)
    asking.pass_time()
    poll(asking.store, asking.gemini)
    assert collect_some(asking.store, asking.gemini)
    # Whoever collected died before it fed the documents: the next one finds all answers landed.
    report = advance(asking.store, asking.gemini)
    assert report.fed
    assert report.submitted_texts == 3


def test_cleanup_takes_the_note_of_uploads_whose_job_was_released(asking: Trial) -> None:
    [planned, *_] = plan(asking.store, endpoint=asking.gemini.endpoint).jobs
    note = asking.settings.root / layout.uploads(planned.job.job_id)
    note.write_text("files/one\n")
    assert not cleanup(asking.store, asking.gemini, dry_run=False).count
    asking.pass_time()  # the lease of its process, which died, expires
    release_orphans(asking.store)
    assert cleanup(asking.store, asking.gemini, dry_run=False).manifests == (
        layout.uploads(planned.job.job_id),
    )
    assert not note.exists()


def test_tables_of_two_tasks_that_were_lost_are_all_made_again(
    asking: Trial, tmp_path: Path
) -> None:
    for name in ("summary", "topic"):
        named = 'datasets = ["acme/manuals"]\n' + TASK
        (tmp_path / f"tasks/{name}.toml").write_text(named)
    asking.refresh()
    [shard] = asking.store.ledger.sources.shards(DATASET)
    before = asking.store.lake.read(layout.chunks(shard.key))
    for table in ("documents", "requests", "generations", "chunks"):
        shutil.rmtree(asking.settings.root / table)
    asking.refresh()
    assert asking.store.lake.read(layout.chunks(shard.key)) == before
    assert before.num_rows == 3


def test_answers_of_real_time_say_which_task_a_dataset_is_processed_by(
    asking: Trial, tmp_path: Path
) -> None:
    before = pinned(asking)
    [shard] = asking.store.ledger.sources.shards(DATASET)
    answer_now(asking.store, asking.gemini, before[0].task, shard.key)
    (tmp_path / "tasks/summary.toml").write_text(TASK.replace("Sum up", "In one word"))
    again = with_lost_ledger(asking)
    with again.store as store:
        recover(store)
        assert pinned(again) == before
        assert [job.succeeded for job in store.ledger.jobs.list()] == [3]
