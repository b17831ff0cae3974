"""How workers live and what their clocks do, drawn for a part of all scenarios, in full for some."""

import random
import signal
from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.faults import with_fault
from tests.chaos.scenarios import Clock, Life, Scenario, Task
from tests.chaos.steps import Blow

#: Parts of each kind that are drawn: a process for each step, another clock, both.
_LIVES, _CLOCKS, _BOTH = 0.2, 0.15, 0.05
_UNSTEADY = (Clock.AHEAD, Clock.BEHIND, Clock.ASLEEP)
#: Where a process that dies leaves most behind it.
_STEPS = (
    *("manifests file", "job row inserted", "move to creating", "create call"),
    *("results file", "move to collected"),
)
_FAULTS = (
    *("lost-create-response", "result-late", "name-missing-from-list", "stuck-running"),
    *("create-429", "ends-expired", "realtime-503", "error-lines"),
)


def varied(kind: list[Scenario], rng: random.Random) -> list[Scenario]:
    """The same scenarios, a drawn part of them in another life or by another clock."""
    return [_drawn(scenario, rng) for scenario in kind]


def _drawn(scenario: Scenario, rng: random.Random) -> Scenario:
    draw, clock = rng.random(), rng.choice(_UNSTEADY)
    if scenario.apart:
        return scenario  # what it shows is of its own time
    if draw < _BOTH:
        return lived(scenario, Life.EACH_STEP, clock)
    if draw < _BOTH + _CLOCKS:
        return lived(scenario, Life.LONG, clock)
    if draw < _BOTH + _CLOCKS + _LIVES:
        return lived(scenario, Life.EACH_STEP)
    return scenario


def lived(scenario: Scenario, life: Life = Life.LONG, clock: Clock = Clock.STEADY) -> Scenario:
    """A scenario in a life and by a clock, which its name tells."""
    words = [scenario.name]
    words += [life] if life is not Life.LONG else []
    words += [clock] if clock is not Clock.STEADY else []
    return replace(scenario, name=", ".join(words), life=life, clock=clock)


def in_full() -> list[Scenario]:
    """A chosen few in each life, by each clock."""
    return [*_kills(), *_faults(), *_stalls(), *_others()]


def _kills() -> Iterator[Scenario]:
    for step in _STEPS:
        blow = Blow(step, "after")
        for clock in _UNSTEADY:
            yield lived(Scenario(f"{blow}", blow=blow), Life.LONG, clock)
        for clock in Clock:
            yield lived(Scenario(f"{blow}", blow=blow), Life.EACH_STEP, clock)


def _faults() -> Iterator[Scenario]:
    for name in _FAULTS:
        for clock in _UNSTEADY:
            yield lived(with_fault(name), Life.LONG, clock)
        yield lived(with_fault(name), Life.EACH_STEP)


def _stalls() -> Iterator[Scenario]:
    for step in ("create call", "results file"):
        blow = Blow(step, "after", signal=signal.SIGSTOP)
        scenario = Scenario(f"{blow}", blow=blow, processes=2)
        yield lived(scenario, Life.EACH_STEP)
        for clock in _UNSTEADY:
            yield lived(scenario, Life.LONG, clock)


def _others() -> Iterator[Scenario]:
    for clock in Clock:
        yield lived(Scenario("nothing befalls"), Life.EACH_STEP, clock)
        yield lived(Scenario("nothing befalls"), Life.LONG, clock)
    yield lived(Scenario("at once", task=Task.AT_ONCE), Life.EACH_STEP)
    yield lived(Scenario("3 crons race", processes=3), Life.EACH_STEP)
