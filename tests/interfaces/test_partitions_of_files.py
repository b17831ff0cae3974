"""A file that was submitted to a task has no partitions: there is nothing to turn green."""

import dagster as dg
import pytest

from semantic_assets.model.keys import DatasetKey
from semantic_assets.orchestration.partitions import partition_requests, register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.generation_jobs.generate import submit_generation
from semantic_assets.pipeline.generation_jobs.generation_files import take_file
from semantic_assets.pipeline.scheduling.batch_runs import watch
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from tests.pipeline.tasks import results, write_task
from tests.trial import Trial

WEEK = DatasetKey("generate", "week")


@pytest.fixture
def submitted(trial: Trial) -> Trial:
    path = trial.settings.root.parent / "articles.jsonl"
    path.write_text('{"id": "1", "text": "The kiln is fired on Fridays. It holds ninety bowls."}\n')
    write_task(trial, datasets=())
    take_file(trial.store, path, WEEK)
    submit_generation(trial.store, trial.gemini, WEEK, "summary")
    trial.write("acme/news/a.txt", "The lock is oiled in May.")
    return trial


def test_a_submitted_file_ends_without_a_run_or_a_partition(submitted: Trial) -> None:
    trial = submitted
    due = watch_sources(trial.store).due
    assert [run.partition for run in due] == ["acme.news.00000"]
    trial.pass_time()
    advance(trial.store, trial.gemini)
    assert [row["status"] for row in results(trial, WEEK)] == ["READY"]
    kinds = {run.kind for run in watch(trial.store, trial.gemini).due}
    assert "generations" not in kinds
    with dg.DagsterInstance.ephemeral() as instance:
        assert register_partitions(instance, trial.store, Place()) == 2
        assert instance.get_dynamic_partitions(str(Place().shards.name)) == ["acme.news.00000"]


def test_partitions_that_were_made_of_files_before_are_taken_away(submitted: Trial) -> None:
    shards = Place().shards
    watch_sources(submitted.store)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(shards.name), ["generate.week.00000"])
        asked = partition_requests(instance, submitted.store, Place())
    [gone] = [
        one
        for one in asked
        if isinstance(one, dg.DeleteDynamicPartitionsRequest) and one.partition_keys
    ]
    assert list(gone.partition_keys) == ["generate.week.00000"]
