"""What one machine derives for itself, while another goes on: never paid for again, never stale."""

from collections.abc import Callable
from typing import Any

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.batch_jobs import plan
from semantic_assets.pipeline.batch_jobs.collect import collect_some
from semantic_assets.pipeline.batch_jobs.poll import poll
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending import pending
from semantic_assets.pipeline.pending.broken_files import paid_file
from semantic_assets.pipeline.pending.landed import RETRY, complete_key_index
from semantic_assets.pipeline.pending.retry import write_retry
from tests.bucket_and_postgres.conftest import Far, lines
from tests.trial import Trial

URI = "acme/manuals/pumps.jsonl"


def prepare(trial: Trial) -> None:
    discover(trial.store)
    for shard in trial.store.ledger.sources.shards():
        read_documents(trial.store, shard.key)
        chunk_documents(trial.store, shard.key)


@pytest.mark.parametrize("first", ["withheld_texts", "complete_key_index"])
def test_a_job_that_lands_elsewhere_while_a_plan_is_made_is_not_sent_again(
    far: Far, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the crash harness: five texts were paid twice when four machines raced."""
    far.put(URI, lines(40, "pump"))
    one, other = far.machine("one"), far.machine("other")
    prepare(one)
    advance(one.store, one.gemini)
    assert [job.state for job in one.store.ledger.jobs.list()] == [JobState.SUBMITTED]
    one.pass_time()
    landed: list[int] = []

    def then_lands(asked: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            found = asked(*arguments)
            if not landed:
                landed.append(1)
                _collect(one)
            return found

        return wrapped

    monkeypatch.setattr(pending, first, then_lands(getattr(pending, first)))
    made = plan.plan(other.store, endpoint=other.gemini.endpoint)
    assert landed
    assert made.jobs == ()
    assert one.paid_twice() == []


def _collect(trial: Trial) -> None:
    """As `advance` does, beside a planner that holds the lease."""
    poll(trial.store, trial.gemini)
    assert collect_some(trial.store, trial.gemini)
    assert [job.state for job in trial.store.ledger.jobs.list()] == [JobState.COLLECTED]


def test_outcomes_that_were_replaced_elsewhere_are_read_again(far: Far) -> None:
    far.put(URI, lines(40, "pump"))
    one, other = far.machine("one"), far.machine("other")
    one.refresh()
    space = one.store.settings.space
    (job,) = one.store.ledger.jobs.list()
    path = layout.results(space.space_id, job.job_id)
    keys = one.store.lake.read(path, ["text_hash"])["text_hash"].to_pylist()
    assert complete_key_index(other.store, space.space_id).known(keys).is_answered.all()
    answers = one.store.lake.read(path)
    with one.store.lake.writing(path, answers.schema, one.store.lake.metadata(path)) as file:
        file.write(answers.slice(0, 10))
    one.store.ledger.paid.record(paid_file(one.store, path))
    known = complete_key_index(other.store, space.space_id).known(keys)
    assert known.is_answered.sum() == 10
    assert complete_key_index(other.store, space.space_id).etags() == {
        f"{job.job_id}.parquet": one.store.lake.etags(layout.results_dir(space.space_id))[
            f"{job.job_id}.parquet"
        ]
    }


def test_a_retry_asked_for_on_one_machine_is_known_on_the_other(far: Far) -> None:
    far.put(URI, lines(4, "pump"))
    one, other = far.machine("one"), far.machine("other")
    one.refresh()
    space = one.store.settings.space
    index = complete_key_index(other.store, space.space_id)
    write_retry(one.store, space.space_id, [])
    assert not [name for name in index.etags() if name.startswith(RETRY)]
    again = complete_key_index(other.store, space.space_id)
    assert [name for name in again.etags() if name.startswith(RETRY)]
