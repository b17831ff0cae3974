"""How far the work is: each text is counted once, whatever becomes of its jobs."""

import pytest

from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.reports.how_far import HowFar, Tally
from semantic_assets.pipeline.reports.status import status
from tests.trial import Trial

#: Two of 42 have the same text: it is sent once.
TEXTS = 41


@pytest.fixture
def world(trial: Trial) -> Trial:
    for number in range(TEXTS):
        trial.write(f"acme/docs/{number}.txt", f"Heron number {number} stands in the reeds. " * 20)
    trial.write("acme/copies/0.txt", "Heron number 0 stands in the reeds. " * 20)
    small = trial.reopened(enqueued_tokens=4_000)
    small.prepare()
    return small


def looks(world: Trial) -> list[HowFar]:
    """Work until nothing is left; every look on the way."""
    tally = Tally(world.store)
    found = [tally.look()]
    for _ in range(80):
        step = advance(world.store, world.gemini, told=lambda _: found.append(tally.look()))
        if step.is_done:
            break
        world.pass_time()
    world.store.close()
    return found


FAULTS: dict[str, dict[str, float]] = {
    "nothing": {},
    "create-429": {},
    "hidden-quota": {"fraction": 0.01},
    "ends-failed": {},
    "ends-expired": {},
    "ends-cancelled": {},
    "error-lines": {},
    "transient-error-lines": {},
    "lost-create-response": {},
}


@pytest.mark.sample(2)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_total_stays_and_the_counts_add_up_to_it(world: Trial, fault: str) -> None:
    if fault != "nothing":
        world.arm(fault, **FAULTS[fault])
    found = looks(world)
    assert {one.wanted for one in found} == {TEXTS}
    for one in found:
        counts = (one.answered, one.out, one.held, one.waiting, one.failed)
        assert sum(counts) == one.wanted
        assert min(counts) >= 0
    assert found[0].waiting == TEXTS
    assert (found[-1].answered, found[-1].share) == (TEXTS, 1.0)
    answered = [one.answered for one in found]
    assert answered == sorted(answered)
    assert any(one.out for one in found)


def test_what_failed_for_good_is_told_as_failed_and_no_longer_waits(world: Trial) -> None:
    world.arm("error-lines", times=None, fraction=0.3)
    found = looks(world)
    assert {one.wanted for one in found} == {TEXTS}
    assert found[-1].failed > 0
    assert found[-1].answered + found[-1].failed == TEXTS
    assert "FAILED" in found[-1].line


def test_the_total_grows_with_the_wish_alone(world: Trial) -> None:
    tally = Tally(world.store)
    advance(world.store, world.gemini)
    assert tally.look().wanted == TEXTS
    for number in range(3):
        world.write(f"acme/docs/new{number}.txt", f"Crane number {number} flies south. " * 20)
    world.prepare()
    assert tally.look(is_changed=True).wanted == TEXTS + 3
    world.store.close()


def test_a_full_window_is_a_wait_and_no_failure_of_a_job(world: Trial) -> None:
    world.arm("hidden-quota", times=None, fraction=0.001)
    advance(world.store, world.gemini)
    found = status(world.store, scope_id=world.gemini.scope_id)
    assert found.released_jobs > 0
    assert "FAILED" not in found.stages
    jobs = world.store.ledger.jobs.list(states=[JobState.RELEASED])
    assert jobs
    for job in jobs:
        assert "window of enqueued tokens is full" in str(job.error_message)
        assert "billing" not in str(job.error_message)
    world.store.close()


def test_a_line_fits_a_terminal_and_says_what_matters(world: Trial) -> None:
    found = looks(world)
    assert found[0].line == f"0 %: 0 of {TEXTS} texts; {TEXTS} wait; emulator: $0"
    assert found[-1].line.startswith(f"100 %: {TEXTS} of {TEXTS} texts; ")
    on_the_way = next(one for one in found if one.answered and one.waiting)
    assert "done " in on_the_way.line
    assert on_the_way.finish is not None
    assert on_the_way.finish.latest > world.clock() - 3_600
