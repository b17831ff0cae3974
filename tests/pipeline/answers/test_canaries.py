"""Canaries: jobs share calls, a call that fails backs off, and an answer is downloaded once."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import numpy as np
import pytest

from semantic_assets.errors import SpendRefused, TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.answers.canary import (
    Canaries,
    CanaryWaits,
    calls_of,
    embed_again,
    is_waiting,
)
from semantic_assets.pipeline.batch_jobs import resolve
from semantic_assets.pipeline.costs.paid_calls import Sample, embed_samples
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.store import open_store
from tests.trial import LATENCY_SECONDS, Trial

S = JobState
TEXTS = 24
_GOOD_AND_BAD = (("good", "A text."), ("bad", ""))
EMBED, DOWNLOAD = "models.batchEmbedContents", "files.download"


@pytest.fixture
def prepared(trial: Trial) -> Iterator[Trial]:
    """Texts for half a dozen jobs, on the real backend, whose URL is the emulator's."""
    for n in range(TEXTS):
        trial.write(
            f"acme/texts/{n:02d}.txt",
            " ".join([f"{n:02d}", *("xyz"[n % 3] * (1 + (n * k) % 9) for k in range(1, 30))]),
        )
    found = trial.reopened(
        backend="gemini",
        gemini_url=trial.url,
        emulator_url=None,
        api_key="AIza-of-a-test-and-of-nobody",
        max_cost_usd_per_day=1.0,
        unprobed=True,
        enqueued_tokens=2_000,
    )
    with found.store:
        found.prepare()
        yield found


@pytest.fixture
def waiting(prepared: Trial) -> Trial:
    """Their jobs have ended."""
    return sent(prepared)


def sent(trial: Trial) -> Trial:
    advance(trial.store, trial.gemini)
    trial.pass_time(2 * LATENCY_SECONDS)
    return trial


def calls(trial: Trial, endpoint: str) -> int:
    made: dict[str, int] = httpx2.get(f"{trial.url}/emulator/state").json()["calls"]
    return made.get(endpoint, 0)


def states(trial: Trial) -> list[JobState]:
    return [job.state for job in trial.store.ledger.jobs.list()]


def kept(trial: Trial) -> list[str]:
    return sorted(path.name for path in trial.store.lake.path("downloads").iterdir())


def collect(trial: Trial) -> list[str]:
    return advance(trial.store, trial.gemini, submits=False).trouble


def test_jobs_that_have_ended_share_a_call(waiting: Trial) -> None:
    jobs = len(states(waiting))
    assert jobs == 3
    assert collect(waiting) == []
    assert states(waiting) == [S.COLLECTED] * jobs
    assert calls(waiting, EMBED) == 1
    # What each job's canaries cost counts where the job does.
    spending = waiting.store.ledger.spending
    for job in waiting.store.ledger.jobs.list():
        totals = spending.totals(of=job.job_id.__eq__)
        assert totals.realtime_usd > 0
        assert totals.possibly_billed_usd == totals.committed_usd == 0


def test_one_spoiled_vector_of_a_shared_call_keeps_back_its_own_job_alone(prepared: Trial) -> None:
    prepared.arm("swapped-keys", times=1, fraction=1.0)
    waiting = sent(prepared)
    jobs = len(states(waiting))
    collect(waiting)
    assert sorted(states(waiting)) == sorted([S.QUARANTINED] + [S.COLLECTED] * (jobs - 1))


def test_a_spoiled_call_keeps_back_no_job_that_agrees_when_asked_alone(waiting: Trial) -> None:
    jobs = len(states(waiting))
    waiting.arm("realtime-swapped", times=1)
    collect(waiting)
    assert states(waiting) == [S.COLLECTED] * jobs
    assert calls(waiting, EMBED) > 1


def test_a_call_that_fails_is_tried_after_a_minute_doubling_to_an_hour(waiting: Trial) -> None:
    jobs, began = len(states(waiting)), waiting.clock()
    waiting.arm("realtime-503", times=None)
    for _ in range(120):  # every 30 seconds of an hour, as the sensor does
        collect(waiting)
        waiting.pass_time(30.0)
    assert waiting.clock() - began > 3_600
    assert 5 <= calls(waiting, EMBED) <= 7
    assert calls(waiting, DOWNLOAD) == jobs
    assert states(waiting) == [S.ENDED] * jobs
    assert len(kept(waiting)) == 2 * jobs


def test_when_calls_are_answered_again_nothing_is_downloaded_twice(waiting: Trial) -> None:
    jobs = len(states(waiting))
    waiting.arm("realtime-503", times=2)
    for _ in range(8):
        collect(waiting)
        waiting.pass_time(60.0)
    assert states(waiting) == [S.COLLECTED] * jobs
    assert (calls(waiting, EMBED), calls(waiting, DOWNLOAD)) == (3, jobs)
    assert kept(waiting) == []
    assert waiting.paid_twice() == []


def test_a_process_that_dies_after_its_download_leaves_it_to_the_next(waiting: Trial) -> None:
    waiting.arm("realtime-503", times=1)
    collect(waiting)
    with open_store(waiting.settings, clock=waiting.clock) as store:
        waiting.pass_time(60.0)
        advance(store, Gemini(endpoint_of(waiting.settings)), submits=False)
    assert set(states(waiting)) == {S.COLLECTED}
    assert calls(waiting, DOWNLOAD) == len(states(waiting))


@pytest.mark.parametrize("harm", ["cut", "flipped", "note", "gone"])
def test_a_kept_answer_that_has_changed_is_downloaded_again(waiting: Trial, harm: str) -> None:
    waiting.arm("realtime-503", times=1)
    collect(waiting)
    jobs = len(states(waiting))
    place = waiting.store.lake.path("downloads")
    path = sorted(place.glob("*.json" if harm == "note" else "*.parquet"))[0]
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "flipped":
        path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    else:
        path.write_bytes(content[:-30])
    waiting.pass_time(60.0)
    collect(waiting)
    assert states(waiting) == [S.COLLECTED] * jobs
    assert calls(waiting, DOWNLOAD) == jobs + 1


def test_what_is_quarantined_is_accepted_from_what_is_kept(waiting: Trial) -> None:
    waiting.arm("realtime-swapped", times=2)
    collect(waiting)
    held = next(j for j in waiting.store.ledger.jobs.list() if j.state == S.QUARANTINED)
    downloads = calls(waiting, DOWNLOAD)
    resolve.accept(waiting.store, waiting.gemini, held.job_id)
    assert calls(waiting, DOWNLOAD) == downloads
    assert f"{held.job_id}.parquet" not in kept(waiting)


def test_cleanup_shows_and_deletes_what_another_machine_collected(waiting: Trial) -> None:
    waiting.arm("realtime-503", times=1)
    collect(waiting)
    here = waiting.store.lake.path("downloads")
    aside = here.with_name("aside")
    here.rename(aside)  # as if the next process were on another machine
    waiting.pass_time(60.0)
    collect(waiting)
    assert set(states(waiting)) == {S.COLLECTED}
    here.rmdir()
    aside.rename(here)
    shown = cleanup(waiting.store, waiting.gemini, dry_run=True).temporary_files
    assert len(shown) == len(kept(waiting)) > 0
    cleanup(waiting.store, waiting.gemini, dry_run=False)
    assert kept(waiting) == []


def test_a_collecting_machine_sweeps_what_others_collected(waiting: Trial) -> None:
    collect(waiting)
    job = waiting.store.ledger.jobs.list()[0]
    stale = waiting.store.lake.path(f"downloads/{job.job_id}.parquet")
    stale.write_text("answers")
    unknown = stale.with_name("a-job-of-a-lost-ledger.parquet")
    unknown.write_text("answers")
    collect(waiting)
    assert kept(waiting) == [unknown.name]


def test_unanswered_calls_are_booked_and_more_of_them_need_room_under_the_cap(
    waiting: Trial,
) -> None:
    space, store = waiting.settings.space, waiting.store
    sample = Sample("job1", ["A text."], 5)
    waiting.arm("realtime-503", times=1)
    with pytest.raises(Exception, match="503"):
        embed_samples(store, waiting.gemini, space, [sample])
    assert store.ledger.spending.has_open_calls("job1")
    assert not store.ledger.spending.has_open_calls("job")
    poor = replace(store, settings=replace(store.settings, max_cost_usd_per_day=1e-9))
    with pytest.raises(SpendRefused):
        embed_samples(poor, waiting.gemini, space, [sample])
    # The first call for a job was reserved with it.
    assert len(embed_samples(poor, waiting.gemini, space, [replace(sample, job_id="job2")])) == 1


def asking(space: EmbeddingSpace, name: str, texts: list[str]) -> Canaries:
    return Canaries(space, Sample(name, texts, 5), np.zeros((len(texts), 128), np.float32))


def test_a_refusal_of_one_text_keeps_back_no_other_job(waiting: Trial) -> None:
    space = waiting.settings.space
    good, bad = (asking(space, name, [text]) for name, text in _GOOD_AND_BAD)
    good = replace(good, vectors=waiting.gemini.embed_documents(space, ["A text."]))
    answers = embed_again(waiting.store, waiting.gemini, [good, bad])
    assert np.shape(answers[0]) == (1, 128)
    assert isinstance(answers[1], TransientError)
    assert not isinstance(answers[1], CanaryWaits)
    assert not is_waiting(waiting.store, waiting.gemini, space.model)


def test_calls_hold_canaries_of_one_space_and_not_too_many_or_too_long(trial: Trial) -> None:
    space = trial.settings.space
    other = replace(space, dimensions=256)
    many = asking(space, "many", ["A text."] * 60)
    few = asking(space, "few", ["A text."] * 30)
    long = asking(space, "long", ["ж" * 400_000])
    foreign = asking(other, "foreign", ["A text."])
    found = calls_of([many, foreign, few, many, long, few])
    names = [[one.sample.job_id for one in call] for call in found]
    assert names == [["many", "few"], ["many", "long", "few"], ["foreign"]]
    assert len(list(calls_of([long, long]))) == 2
    assert list(calls_of([])) == []


def test_a_few_texts_of_a_rare_kind_hold_up_no_others_of_their_job(trial: Trial) -> None:
    """Token counts four times off their lengths, which any author can write, are no swap."""
    for number in range(60):
        trial.write(f"acme/honest/{number}.txt", f"Pump {number} is oiled. " * (1 + number % 9))
    for number in range(6):
        trial.write(f"foes/junk/{number}.txt", f"x{' ' * 900}{number}")
    trial.prepare()
    advance(trial.store, trial.gemini)
    (job,) = trial.store.ledger.jobs.list()
    manifest = trial.store.lake.read(layout.manifest(job.job_id), ["token_estimate"])
    assert manifest.num_rows == 66
    trial.pass_time(2 * LATENCY_SECONDS)
    advance(trial.store, trial.gemini)
    assert states(trial) == [S.COLLECTED]
    results = trial.store.lake.read(
        layout.results(job.product_id, job.job_id), ["text_hash", "token_count"]
    )
    assert sum(count < 10 for count in results["token_count"].to_pylist()) >= 6
