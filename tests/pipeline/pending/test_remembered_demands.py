"""What a planner remembers equals what it would derive, costs what changed, and decides nothing."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

import numpy as np
import pytest
import sqlalchemy as sa

from semantic_assets.lake import key_index_file, layout
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.manifests import manifest_key_column
from semantic_assets.model.batch_job import ACTIVE_REMOTE, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.batch_jobs.collect import collect_some
from semantic_assets.pipeline.batch_jobs.deadlines import abandon
from semantic_assets.pipeline.batch_jobs.poll import poll
from semantic_assets.pipeline.batch_jobs.reopen import take_back
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending.pending import demand, shard_demand
from semantic_assets.pipeline.pending.products import wanted_spaces
from semantic_assets.pipeline.pending.remembered_demands import (
    ProductDemands,
    RememberedDemands,
    remembering,
)
from semantic_assets.pipeline.pending.retry import write_retry
from tests.trial import Trial

SHARD = ShardKey.parse("acme.birds.00000")
WINDOW = 1_200


def fill(trial: Trial, texts: int, *, word: str = "heron") -> None:
    for number in range(texts):
        trial.write(f"acme/birds/{word}{number}.txt", f"The {word} of pool {number} stands. " * 4)
    trial.prepare()


@contextmanager
def narrow(trial: Trial, **changes: object) -> Iterator[Trial]:
    """The same lake, opened by somebody else, with a window of a few jobs of a few texts."""
    found = trial.reopened(**{"enqueued_tokens": WINDOW, **changes})
    with found.store:
        yield found


def held_of(trial: Trial, demands: RememberedDemands) -> ProductDemands:
    [wanted] = wanted_spaces(trial.store)
    return demands.of(wanted.product)


def require_the_same(trial: Trial, held: ProductDemands) -> None:
    """Compare what is remembered with what is derived from files and ledger alone."""
    table = trial.store.ledger.files.find(layout.chunks(SHARD))
    assert table is not None
    held.look()
    found, derived = (
        held.of(SHARD, table.fingerprint),
        shard_demand(trial.store, SHARD, held.product),
    )
    assert found.table_fingerprint == derived.table_fingerprint
    assert np.array_equal(found.is_pending, derived.is_pending)
    assert np.array_equal(found.is_failed, derived.is_failed)
    assert np.array_equal(found.known.attempts, derived.known.attempts)
    places = range(len(derived.texts.keys))
    assert [found.known.at(at) for at in places] == [derived.known.at(at) for at in places]
    named = [
        [known.job_ids[n] for n in known.job if n >= 0] for known in (found.known, derived.known)
    ]
    assert named[0] == named[1]


def submit(other: Trial, rng: random.Random) -> None:
    submit_pending(other.store, other.gemini)


def collect(other: Trial, rng: random.Random) -> None:
    other.pass_time()
    poll(other.store, other.gemini)
    collect_some(other.store, other.gemini)


def fail_one(other: Trial, rng: random.Random) -> None:
    other.arm(rng.choice(["missing-keys", "ends-failed", "ends-expired"]))
    submit(other, rng)
    collect(other, rng)
    other.disarm()


def give_up_one(other: Trial, rng: random.Random) -> None:
    jobs = other.store.ledger.jobs.list(states=ACTIVE_REMOTE)
    if jobs:
        abandon(other.store, rng.choice(jobs), "a test", billed=rng.random() < 0.5)


def reopen_one(other: Trial, rng: random.Random) -> None:
    jobs = other.store.ledger.jobs.list(states=[JobState.ABANDONED])
    if jobs and (job := rng.choice(jobs)).remote_name:
        take_back(other.store, job, job.remote_name, "a test")


def reopen_and_land(other: Trial, rng: random.Random) -> None:
    """Its results file is another one by the same name, and between two looks it was never out."""
    give_up_one(other, rng)
    reopen_one(other, rng)
    collect(other, rng)


def retry_all(other: Trial, rng: random.Random) -> None:
    [wanted] = wanted_spaces(other.store)
    found = shard_demand(other.store, SHARD, wanted.product)
    write_retry(other.store, wanted.product.product_id, found.texts.keys.to_pylist())


def edit(other: Trial, rng: random.Random) -> None:
    other.write(f"acme/birds/edited{rng.randrange(3)}.txt", f"A swan of {rng.random()} swims. " * 5)
    other.prepare()


def lose_index(other: Trial, rng: random.Random) -> None:
    [wanted] = wanted_spaces(other.store)
    key_index_file.delete(other.store.key_index(wanted.product.product_id).path)


OTHERS: tuple[Callable[[Trial, random.Random], None], ...] = (
    *(submit, collect, submit, collect, fail_one, give_up_one, reopen_one),
    *(reopen_and_land, retry_all, edit, lose_index),
)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_another_process_does_is_seen_at_the_next_look(trial: Trial, seed: int) -> None:
    rng = random.Random(seed)
    fill(trial, 40)
    with narrow(trial) as one, narrow(trial) as other, remembering(one.store) as demands:
        submit(other, rng)
        held = held_of(one, demands)
        require_the_same(one, held)
        for _ in range(14):
            for step in rng.sample(OTHERS, rng.randrange(1, 4)):
                step(other, rng)
            require_the_same(one, held)


def test_a_job_that_came_back_and_landed_between_two_looks_is_seen(trial: Trial) -> None:
    rng = random.Random(0)
    fill(trial, 12)
    with narrow(trial) as one, narrow(trial) as other, remembering(one.store) as demands:
        submit(other, rng)
        give_up_one(other, rng)
        held = held_of(one, demands)
        require_the_same(one, held)
        reopen_one(other, rng)
        collect(other, rng)
        assert not other.store.ledger.jobs.list(states=[JobState.ABANDONED])
        require_the_same(one, held)


def test_two_planners_of_which_one_remembers_never_send_a_text_twice(trial: Trial) -> None:
    fill(trial, 60)
    # The other has the smaller window: when it has filled that, this one still has room.
    with (
        narrow(trial) as one,
        narrow(trial, enqueued_tokens=WINDOW // 3) as other,
        remembering(one.store) as demands,
    ):
        sent_by_the_other = 0
        for turn in range(60):
            sent_by_the_other += len(submit_pending(other.store, other.gemini).submitted)
            submit_pending(one.store, one.gemini, demands=demands)
            collect(other if turn % 3 else one, random.Random(turn))
            if not shard_demand(one.store, SHARD, held_of(one, demands).product).is_pending.any():
                break
    assert sent_by_the_other > 2
    assert set(trial.sent().values()) == {1}
    assert len(trial.sent()) == 60
    assert trial.paid_twice() == []


def test_a_table_that_was_written_again_is_read_again(trial: Trial) -> None:
    fill(trial, 30)
    with narrow(trial) as one, remembering(one.store) as demands:
        assert submit_pending(one.store, one.gemini, demands=demands).submitted
        fill(trial, 30, word="swan")
        require_the_same(one, held_of(one, demands))
        while not advance(one.store, one.gemini, demands=demands).is_done:
            one.pass_time()
    assert len(trial.sent()) == 60
    assert trial.paid_twice() == []


@contextmanager
def counting(*functions: Callable[..., object]) -> Iterator[dict[str, list[int]]]:
    """Count calls, and for each the keys it was given, where it was given some."""
    codes: dict[CodeType, str] = {function.__code__: function.__name__ for function in functions}
    calls: dict[str, list[int]] = {name: [] for name in codes.values()}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            keys = frame.f_locals.get("keys")
            calls[codes[frame.f_code]].append(0 if keys is None else len(keys))

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def drain(trial: Trial, texts: int) -> tuple[dict[str, list[int]], int, int]:
    """Return the calls counted, the jobs, and the rounds of a first drain."""
    fill(trial, texts)
    rounds = 0
    with (
        narrow(trial) as one,
        remembering(one.store) as demands,
        counting(manifest_key_column, KeyIndex.known, demand) as calls,
    ):
        while not advance(one.store, one.gemini, demands=demands).is_done:
            one.pass_time()
            rounds += 1
        jobs = len(one.store.ledger.jobs.list())
    return calls, jobs, rounds


@pytest.mark.parametrize("texts", [60, 180])
def test_a_drain_reads_each_manifest_once_and_looks_up_each_text_a_few_times(
    trial: Trial, texts: int
) -> None:
    calls, jobs, rounds = drain(trial, texts)
    assert rounds >= texts // 40
    # Once to be withheld; once more where it is collected.
    assert len(calls["manifest_key_column"]) <= 2 * jobs
    # When it is derived, submitted, and landed; and all of them for the table of a settled shard.
    assert sum(calls["known"]) <= 4 * texts
    assert max(calls["known"][1:-2], default=0) < texts
    assert len(calls["demand"]) == 1


def statements_of_a_round(trial: Trial, demands: RememberedDemands) -> int:
    """Count the statements of a round in which nothing has changed."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    engine = trial.store.ledger.database.engine
    advance(trial.store, trial.gemini, demands=demands)
    sa.event.listen(engine, "before_cursor_execute", note)
    advance(trial.store, trial.gemini, demands=demands)
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_a_round_asks_the_ledger_as_often_with_many_jobs_and_rows_as_with_few(
    trial: Trial,
) -> None:
    with (
        narrow(trial, enqueued_tokens=WINDOW * 40) as one,
        remembering(one.store) as demands,
    ):
        counts = []
        for number in range(8):
            fill(trial, 5 + 4 * number, word=f"bird{number}-")
            counts.append(statements_of_a_round(one, demands))
        assert len(one.store.ledger.jobs.list(states=ACTIVE_REMOTE)) == 8
    assert len(set(counts)) == 1
