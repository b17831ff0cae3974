"""For each safeguard, the scenario that goes red without it, and what of it goes wrong."""

import signal
from dataclasses import replace

from tests.chaos.faults import with_fault
from tests.chaos.scenarios import Scenario
from tests.chaos.steps import Blow

_STALL = Blow("upload", "after", signal=signal.SIGSTOP)


def red_scenarios() -> list[Scenario]:
    return [
        replace(scenario, name=f"{name}: {scenario.name}", safeguard_off=name, sees=sees)
        for name, (sees, scenario) in _CASES.items()
    ]


def controls(reds: list[Scenario]) -> list[Scenario]:
    """The same scenarios with every safeguard on, each once."""
    plain = [
        replace(red, name=red.name.partition(": ")[2], safeguard_off=None, sees=None)
        for red in reds
    ]
    return list({repr(scenario): scenario for scenario in plain}.values())


_CASES: dict[str, tuple[str, Scenario]] = {
    "no-adoption": ("paid_twice", with_fault("lost-create-response")),
    "no-withholding": ("paid_twice", Scenario("2 processes race", processes=2)),
    "no-plan-lease": ("paid_twice", Scenario("4 processes race", processes=4)),
    "no-fence": ("paid_twice", Scenario(f"{_STALL}", blow=_STALL, processes=2)),
    "no-key-check": ("misplaced", with_fault("shuffled-lines")),
    "no-verification": ("misplaced", with_fault("swapped-keys")),
    "no-vector-check": ("misplaced", with_fault("zero-vectors")),
    "no-missing-rows": ("lost", with_fault("missing-keys")),
    "no-gone-delay": ("paid_twice", with_fault("name-missing-from-list")),
}
