"""A loop that only asks for the status of what was submitted ends by itself, and spends no more."""

import json

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.follow_job import follow_job
from semantic_assets.pipeline.generation_jobs.follow import follow_generation
from semantic_assets.pipeline.generation_jobs.generate import (
    GenerationStatus,
    generation_status,
    quote_generation,
    stop_generation,
    submit_generation,
)
from semantic_assets.pipeline.generation_jobs.generation_files import dataset_of_file, take_file
from semantic_assets.pipeline.generation_jobs.job_answers import job_answers
from tests.pipeline.tasks import NEWS, article, write_news, write_task
from tests.trial import Trial


def submit_file(trial: Trial, articles: int = 6) -> DatasetKey:
    write_task(trial, datasets=())
    path = trial.settings.root.parent / "week.jsonl"
    rows = [{"id": f"a{n}", "text": article(n)} for n in range(articles)]
    path.write_text("\n".join(map(json.dumps, rows)))
    dataset = dataset_of_file(path, None)
    take_file(trial.store, path, dataset)
    submit_generation(trial.store, trial.gemini, dataset, "summary")
    return dataset


def follow(trial: Trial, dataset: DatasetKey) -> GenerationStatus:
    return follow_generation(trial.store, trial.gemini, dataset, "summary")


def test_a_file_larger_than_the_window_ends_by_its_status_alone(trial: Trial) -> None:
    small = trial.reopened(chat_enqueued_tokens=500)
    dataset = submit_file(small)
    assert 0 < sum(job["requestCount"] for job in trial.remote_jobs()) < 6
    for _ in range(60):
        found = follow(small, dataset)
        if found.is_done:
            break
        assert not found.needs_person
        small.pass_time()
    assert (found.ready, found.open_jobs) == (6, 0)
    assert trial.paid_twice() == []
    small.store.close()


def test_what_came_to_a_dataset_since_is_not_sent_by_its_status(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial, datasets=())
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    trial.write("acme/news/later.txt", article(9))
    quote_generation(trial.store, NEWS, "summary")  # reads it and writes its request
    trial.pass_time()
    found = follow(trial, NEWS)
    assert len(trial.prompts()) == 2
    assert (found.ready, found.pending, found.waiting) == (2, 1, 1)
    assert found.needs_person


def test_a_stopped_task_needs_a_person_and_sends_nothing(trial: Trial) -> None:
    small = trial.reopened(chat_enqueued_tokens=500)
    dataset = submit_file(small)
    sent = len(trial.prompts())
    stop_generation(small.store, dataset, "summary")
    small.pass_time()
    found = follow(small, dataset)
    assert len(trial.prompts()) == sent
    assert (found.is_done, found.needs_person, found.ready) == (False, True, sent)
    small.store.close()


def test_what_is_done_asks_nobody(trial: Trial) -> None:
    dataset = submit_file(trial, 2)
    trial.pass_time()
    assert follow(trial, dataset).is_done
    unreachable = trial.reopened(emulator_url="http://127.0.0.1:9")
    found = follow(unreachable, dataset)
    assert (found.is_done, found.trouble) == (True, None)
    unreachable.store.close()


def test_a_service_that_does_not_answer_is_named_and_the_counts_stay(trial: Trial) -> None:
    dataset = submit_file(trial, 2)
    trial.arm("any-503", times=None)
    found = follow(trial, dataset)
    assert found.trouble
    assert (found.is_done, found.open_jobs, found.needs_person) == (False, 1, False)


def test_through_a_store_for_reading_only_what_is_known_is_shown(trial: Trial) -> None:
    dataset = submit_file(trial, 2)
    trial.pass_time()
    reader = trial.store.for_reading()
    found = follow_generation(reader, trial.gemini, dataset, "summary")
    assert found.trouble is not None
    assert "read-only" in found.trouble
    assert (found.is_done, found.ready) == (False, 0)
    (job,) = found.job_ids
    assert follow_job(reader, trial.gemini, job).is_final is False
    assert generation_status(trial.store, dataset, "summary").open_jobs == 1


def test_a_batch_job_is_followed_by_its_id_and_has_its_own_answers(trial: Trial) -> None:
    dataset = submit_file(trial, 3)
    (job,) = generation_status(trial.store, dataset, "summary").job_ids
    assert follow_job(trial.store, trial.gemini, job).is_final is False
    trial.pass_time()
    assert follow_job(trial.store, trial.gemini, job).stage == "COMPLETED"
    rows = list(job_answers(trial.store, trial.store.ledger.jobs.find(job)))
    assert {row["id"] for row in rows} == {"a0", "a1", "a2"}
    assert all(row["is_placeholder"] for row in rows)
