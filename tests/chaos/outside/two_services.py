"""Two services of Google in one lake: one dataset goes by a key, the other names the platform."""

from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.dimensions import lived
from tests.chaos.faults import fault
from tests.chaos.scenarios import Cap, Clock, Fault, Life, Scenario
from tests.chaos.steps import WHENS, Blow

_STEPS = ("move to creating", "create call", "move to submitted", "results file")
_STEPS += ("move to collected", "index written")
#: A good half of what all costs.
_HALF_USD = 0.000_30


def two_services() -> list[Scenario]:
    return [replace(one, name=f"O: {one.name}", is_of_two=True) for one in _cases()]


def both_are_sent() -> Scenario:
    """Nothing befalls: the texts of each dataset come back from its own service."""
    return next(one for one in two_services() if one.name == "O: nothing befalls, twice")


def _cases() -> Iterator[Scenario]:
    yield Scenario("nothing befalls, twice")
    yield Scenario("an edit of both", edit=True)
    for step in _STEPS:
        for when in WHENS:
            for nth in (1, 2):  # of the key, and often of the platform
                yield Scenario(f"{(blow := Blow(step, when, nth))}", blow=blow)
    for name in ("lost-create-response", "create-timeout-not-created", "create-429", "create-503"):
        yield Scenario(name, faults=(fault(name),))
    yield Scenario("realtime-503", faults=(Fault("realtime-503", times=3),))
    yield Scenario("2 processes race", processes=2)
    yield lived(Scenario("cron"), Life.EACH_STEP)
    yield lived(Scenario("a weekend"), Life.LONG, Clock.ASLEEP)
    yield Scenario("4 processes under one cap of the day", processes=4, cap=Cap(_HALF_USD))
