"""The scenarios: every durable step times every blow, every fault, races, rollbacks, new keys."""

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.steps import STEPS, WHENS, Blow

#: Faults that time mends. Parameters fitted to a latency of a minute.
HEALING: dict[str, dict[str, Any]] = {
    "create-429": {},
    "create-400": {},
    "create-400-location": {},
    "create-400-key": {},
    "create-403-billing": {},
    "create-reset": {},
    "create-500": {"created": True},
    "create-503": {"created": True},
    "create-307": {},
    "create-timeout": {"seconds": 0.2},
    "create-timeout-not-created": {"seconds": 0.2},
    "lost-create-response": {},
    "create-unreadable-answer": {},
    "hidden-quota": {"fraction": 0.002},
    "upload-slow-chunk": {"seconds": 0.2},
    "upload-drop-chunk": {},
    "upload-mime-400": {},
    "upload-lost-final": {},
    "stuck-pending": {},
    "stuck-running": {},
    "ends-expired": {},
    "ends-failed": {},
    "ends-cancelled": {},
    "cancel-ends-succeeded": {},
    "ends-partially-succeeded": {},
    "unknown-state": {},
    "deleted-by-somebody": {"after_seconds": 90.0},
    "job-state-spelling": {},
    "list-503": {},
    "list-empty-page": {},
    "list-error-details-objects": {},
    "name-missing-from-list": {"seconds": 1_500.0},
    "output-in-response-only": {},
    "output-in-metadata-only": {},
    "result-late": {"seconds": 300.0},
    "shuffled-lines": {},
    "missing-keys": {},
    "error-lines": {},
    "transient-error-lines": {},
    "token-counts-missing": {},
    "truncated-download-with-length": {},
    "truncated-download-close-delimited": {},
    "realtime-noise": {},
    "realtime-503": {},
    "realtime-429": {},
    "any-503": {},
    "slow": {"seconds": 0.2},
    "key-revoked": {},
}
#: Faults that end in quarantine; the harness then resolves with --resubmit.
QUARANTINING: dict[str, dict[str, Any]] = {
    "swapped-keys": {"fraction": 0.5},
    "duplicated-keys": {},
    "unknown-key": {},
    "wrong-dimensions": {},
    "nan-values": {},
    "null-values": {},
    "zero-vectors": {},
    "corrupted-line": {},
    "realtime-swapped": {},
}
FAULTS = HEALING | QUARANTINING


@dataclass(frozen=True, slots=True)
class Scenario:
    """One world and what befalls it. Processes run side by side; the first takes the blow."""

    name: str
    blow: Blow | None = None
    processes: int = 1
    fault: str | None = None
    #: Restore the ledger from before the work, when the work is done or dead.
    rollback: bool = False
    new_key: bool = False
    edit: bool = False
    safeguard_off: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def all_scenarios(seed: int) -> list[Scenario]:
    rng = random.Random(seed)
    found = [*_kills(), *_faults(), *_stalls(), *_races(rng), *_pairs(rng), *_rollbacks()]
    return [*found, *_keys()]


def short_scenarios(seed: int) -> list[Scenario]:
    """A seeded handful of each kind."""
    rng = random.Random(seed)
    kinds = [_kills(), _faults(), _stalls(), _races(rng), _pairs(rng), _rollbacks(), _keys()]
    return [scenario for kind in kinds for scenario in rng.sample(list(kind), 2)]


def _blows(nth: int) -> list[Blow]:
    return [Blow(step, when, nth) for step in STEPS for when in WHENS]


def _kills() -> list[Scenario]:
    first = [Scenario(f"{blow}", blow=blow) for blow in _blows(1)]
    second = [Scenario(f"{blow}", blow=blow) for blow in _blows(2)]
    edits = [Scenario(f"{blow}, in an update", blow=blow, edit=True) for blow in _blows(1)]
    return [*first, *second, *edits]


def _faults() -> list[Scenario]:
    return [Scenario(name, fault=name, parameters=FAULTS[name]) for name in FAULTS]


def _stalls() -> list[Scenario]:
    steps = ["manifests file", "upload", "move to creating", "create call", "download"]
    steps += ["results file", "keys indexed", "embeddings file", "index written"]
    return [
        Scenario(f"{blow}", blow=blow, processes=2)
        for step in steps
        for when in WHENS
        for blow in [Blow(step, when, signal=signal.SIGSTOP)]
    ]


def _races(rng: random.Random) -> list[Scenario]:
    quiet = [Scenario(f"{n} processes race", processes=n) for n in (2, 4, 4)]
    kills = [
        Scenario(f"{n} processes race, one {blow}", blow=blow, processes=n)
        for n in (2, 4)
        for blow in rng.sample(_blows(1), 12)
    ]
    return [*quiet, *kills]


def _pairs(rng: random.Random) -> Iterator[Scenario]:
    blows = _blows(1)
    for fault, parameters in FAULTS.items():
        blow = rng.choice(blows)
        yield Scenario(f"{fault}, {blow}", blow=blow, fault=fault, parameters=parameters)


def _rollbacks() -> list[Scenario]:
    steps = ["job row inserted", "create call", "move to ended", "move to collected"]
    blows = [Blow(step, "after", nth) for step in steps for nth in (1, 2)]
    found = [Scenario(f"{blow}, then an old ledger", blow=blow, rollback=True) for blow in blows]
    return [*found, Scenario("an old ledger after all was done", rollback=True)]


def _keys() -> list[Scenario]:
    blows = [Blow("move to submitted", "after"), Blow("move to ended", "after")]
    return [Scenario(f"{blow}, then a new key", blow=blow, new_key=True) for blow in blows]
