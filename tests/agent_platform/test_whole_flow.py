"""Texts go through the bucket to the Agent Platform and come back as vectors, each once."""

from semantic_assets.model.batch_job import JobState
from tests.trial import Trial


def write_notes(trial: Trial, count: int = 12) -> None:
    for number in range(count):
        trial.write(f"acme/notes/{number}.txt", f"The buoy {number} is painted in spring.")


def test_a_refresh_brings_all_texts_to_search(platform: Trial) -> None:
    write_notes(platform)
    report = platform.refresh()
    assert not report.is_waiting
    assert sum(one.ready for one in report.embeddings) == 12
    (job,) = platform.store.ledger.jobs.list()
    assert job.state == JobState.COLLECTED
    assert str(job.remote_name).startswith("projects/harbour/locations/us-central1/")
    assert platform.paid_twice() == []
    assert platform.gemini.batches.list_files() == []
