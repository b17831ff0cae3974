"""Every fault of the emulator, with the parameters and the ending that a scenario expects.

`unlisted` checks that none is left out.
"""

from collections.abc import Iterable
from dataclasses import replace

from semantic_assets.emulator.faults import faults_of_platform
from semantic_assets.emulator.faults.fault_table import FAULTS
from tests.chaos.scenarios import End, Fault, Scenario

#: In one text of one dataset.
_ONE_TEXT = {"contains": "Number 7."}
#: Parameters other than the emulator's own, fitted to a latency of a minute.
_PARAMETERS = {
    "create-500": {"created": True},
    "create-503": {"created": True},
    "create-timeout": {"seconds": 0.2},
    "create-timeout-not-created": {"seconds": 0.2},
    "hidden-quota": {"fraction": 0.002},
    "upload-slow-chunk": {"seconds": 0.2},
    "deleted-by-somebody": {"after_seconds": 90.0},
    "name-missing-from-list": {"seconds": 1_500.0},
    "result-late": {"seconds": 300.0},
    "slow": {"seconds": 0.2},
    "trickle": {"bytes": 200, "seconds": 0.01},
    "output-late": {"seconds": 300.0},
    "tokens-stay-enqueued": {"seconds": 3_600.0},
    # The worst of its shapes: what is listed as FAILED is sent again.
    "list-contradicts-get": {"shape": "failed"},
    "swapped-keys": {"fraction": 0.5},
    "invalid-texts": _ONE_TEXT,
    "whole-job-fails-if": _ONE_TEXT,
    "blocked-prompts": _ONE_TEXT,
}
_QUARANTINING = (
    "swapped-keys",
    "swapped-result-files",
    "duplicated-keys",
    "unknown-key",
    "wrong-dimensions",
    "nan-values",
    "null-values",
    "zero-vectors",
    "corrupted-line",
    "realtime-swapped",
    "token-counts-scrambled",
)
#: A call that jobs share is asked again by each of them alone.
_TWICE = ("swapped-result-files", "realtime-swapped")
#: One row of the text says so, or the jobs it is in, halved until it is alone in one.
_FAILING = ("invalid-texts", "whole-job-fails-if")
#: Of chat models' answers: `generation_kinds` has them.
_ANSWERS = ("blocked-prompts", "stopped-answers", "broken-answers", "create-400-schema")
#: Faults that meet a call, or a job, only another fault brings about.
_COMPANIONS = {
    # A job is asked for by name only when the listing does not show it.
    "get-503": "name-missing-from-list",
    # Nobody cancels a job that is not stuck.
    "cancel-ends-succeeded": "stuck-running",
}
#: Token counts are looked at from 30 rows on: all texts go into one job.
LARGE_WINDOW = 20_000


def fault(name: str) -> Fault:
    """A fault of the table as the scenarios have it: once, or until somebody mends it."""
    is_lasting = name in (*_FAILING, "blocked-prompts")
    times = None if is_lasting else 2 if name in _TWICE else 1
    return Fault(name, _PARAMETERS.get(name, {}), times=times)


def with_fault(name: str) -> Scenario:
    """The scenario of one fault."""
    companions = [fault(_COMPANIONS[name])] if name in _COMPANIONS else []
    scenario = Scenario(name, faults=(fault(name), *companions))
    if name in _FAILING:
        return replace(scenario, ends=End.FAILED, affected=1)
    if name == "token-counts-scrambled":
        scenario = replace(scenario, window=LARGE_WINDOW)
    if name in _QUARANTINING:
        affected = 2 if name in _TWICE else 1
        return replace(scenario, ends=End.QUARANTINED, affected=affected)
    return scenario


#: Faults that the Agent Platform alone has: `platform/scenarios.py` has them.
_OF_PLATFORM = frozenset(name for _, name, _, _ in faults_of_platform.ROWS)


def fault_scenarios() -> list[Scenario]:
    return [with_fault(name) for name in FAULTS if name not in {*_ANSWERS, *_OF_PLATFORM}]


def unlisted(scenarios: Iterable[Scenario], *, through_platform: bool) -> set[str]:
    """Faults of the emulator's table that are in no scenario."""
    known = set(FAULTS) if through_platform else set(FAULTS) - _OF_PLATFORM
    return known - {fault.name for scenario in scenarios for fault in scenario.faults}
