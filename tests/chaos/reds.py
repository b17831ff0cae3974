"""For each safeguard, the scenario that goes red without it."""

import signal

from tests.chaos.scenarios import Scenario
from tests.chaos.steps import Blow


def red_scenarios() -> list[Scenario]:
    stall = Blow("upload", "after", signal=signal.SIGSTOP)
    cases = {
        "no-adoption": Scenario("", fault="lost-create-response"),
        "no-withholding": Scenario("", processes=2),
        "no-plan-lease": Scenario("", processes=4),
        "no-fence": Scenario("", blow=stall, processes=2),
        "no-key-check": Scenario("", fault="shuffled-lines"),
        "no-verification": Scenario("", fault="swapped-keys", parameters={"fraction": 0.5}),
        "no-vector-check": Scenario("", fault="zero-vectors"),
        "no-missing-rows": Scenario("", fault="missing-keys"),
        "no-gone-delay": Scenario(
            "", fault="name-missing-from-list", parameters={"seconds": 1500.0}
        ),
    }
    return [
        Scenario(
            f"{name}: {case.fault or case.blow or f'{case.processes} processes race'}",
            blow=case.blow,
            processes=case.processes,
            fault=case.fault,
            parameters=case.parameters,
            safeguard_off=name,
        )
        for name, case in cases.items()
    ]
