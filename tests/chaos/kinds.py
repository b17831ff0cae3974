"""The scenarios: every durable step times every blow, every fault, races, mishaps, no listings.

A drawn part of each kind is lived in a process for each step, or by a clock that is wrong.
"""

import random
import signal
from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.dimensions import in_full, varied
from tests.chaos.faults import fault, fault_scenarios
from tests.chaos.generation_kinds import generation_faults, generation_kills, generation_others
from tests.chaos.incidents import LOCAL
from tests.chaos.outside.everything import outside
from tests.chaos.platform.scenarios import platform_scenarios
from tests.chaos.scenarios import End, Fault, Incident, Scenario
from tests.chaos.steps import USUAL, WHENS, Blow
from tests.chaos.world import is_through_platform

#: The listing fails from the create call on, as long as nobody mends it.
NO_LISTING = Fault("list-503", times=None, since="create call")
#: What may happen to a file that lies on a disk for a year.
PAID_FILES_HARMED = (
    Incident.CUT_RESULTS,
    Incident.EMPTY_RESULTS,
    Incident.FLIPPED_RESULTS,
    Incident.LOST_RESULTS,
    Incident.SWAPPED_RESULTS,
)
#: Longer than it takes to give a job up.
THREE_HOURS = 3 * 3_600.0


def all_scenarios(seed: int) -> list[Scenario]:
    """Each name once: what is drawn may be among those chosen in full."""
    found = {scenario.name: scenario for kind in _kinds(seed) for scenario in kind}
    return list(found.values())


def short_scenarios(seed: int, *, far: bool = False) -> list[Scenario]:
    """A seeded handful of each kind; one where the usual form is run beside it, or each takes long."""
    rng = random.Random(seed)
    kinds = [away_from_here(kind) if far else kind for kind in _kinds(seed)]
    taken = 1 if far or is_through_platform() else 2
    return [found for kind in kinds for found in rng.sample(kind, min(taken, len(kind)))]


def away_from_here(scenarios: list[Scenario]) -> list[Scenario]:
    """Those that befall no file of this machine."""
    return [scenario for scenario in scenarios if scenario.mishap not in LOCAL]


def _kinds(seed: int) -> list[list[Scenario]]:
    rng = random.Random(seed)
    laboratory = [varied(kind, rng) for kind in _laboratory(rng)]
    of_platform = [platform_scenarios()] if is_through_platform() else []
    return [*laboratory, in_full(), outside(), *of_platform]


def _laboratory(rng: random.Random) -> list[list[Scenario]]:
    return [
        _kills(),
        fault_scenarios(),
        _stalls(),
        _races(rng),
        list(_pairs(rng)),
        _rollbacks(),
        _mishaps(),
        _unsettled(),
        [late_job()],
        generation_kills(),
        [*generation_faults(), *generation_others()],
    ]


def _blows(nth: int) -> list[Blow]:
    return [Blow(step, when, nth) for step in USUAL for when in WHENS]


def _kills() -> list[Scenario]:
    first = [Scenario(f"{blow}", blow=blow) for blow in _blows(1)]
    second = [Scenario(f"{blow}", blow=blow) for blow in _blows(2)]
    edits = [Scenario(f"{blow}, in an update", blow=blow, edit=True) for blow in _blows(1)]
    return [*first, *second, *edits]


def _stalls() -> list[Scenario]:
    steps = ["manifests file", "job row inserted", "upload", "move to creating", "create call"]
    steps += ["download", "results file", "keys indexed", "embeddings file", "index written"]
    stalls = [Blow(step, when, signal=signal.SIGSTOP) for step in steps for when in WHENS]
    return [
        *(Scenario(f"{blow}", blow=blow, processes=2) for blow in stalls),
        asleep_for_days(),
        given_up_asleep(),
    ]


def asleep_for_days() -> Scenario:
    """A process stalls right before its create call, until the job is given up and sent anew."""
    blow = Blow("move to creating", "after", signal=signal.SIGSTOP)
    return Scenario(f"{blow} for days", blow=blow, processes=2, patient_takeover=True)


def given_up_asleep() -> Scenario:
    """A process gives a job up, stalls before it writes so, and the job turns up meanwhile."""
    blow = Blow("failure rows", "before", signal=signal.SIGSTOP)
    faults = (fault("lost-create-response"), Fault("name-missing-from-list", {"seconds": 5_400.0}))
    return Scenario(
        f"lost-create-response, {blow}",
        blow=blow,
        processes=2,
        faults=faults,
        patient_takeover=True,
    )


def _races(rng: random.Random) -> list[Scenario]:
    quiet = [Scenario(f"{n} processes race", processes=n) for n in (2, 4, 4)]
    kills = [
        Scenario(f"{n} processes race, one {blow}", blow=blow, processes=n)
        for n in (2, 4)
        for blow in rng.sample(_blows(1), 12)
    ]
    return [*quiet, *kills]


def _pairs(rng: random.Random) -> Iterator[Scenario]:
    """Each fault with a blow."""
    for scenario in fault_scenarios():
        blow = rng.choice(_blows(1))
        while scenario.has("realtime-swapped") and (blow.step, blow.when) == ("canary", "after"):
            blow = rng.choice(_blows(1))  # the one canary that the fault spoils would die unseen
        yield replace(scenario, name=f"{scenario.name}, {blow}", blow=blow)


def _rollbacks() -> list[Scenario]:
    steps = ["job row inserted", "create call", "move to ended", "move to collected"]
    blows = [Blow(step, "after", nth) for step in steps for nth in (1, 2)]
    copies = ["move to creating", "move to submitted", "move to ended"]
    return [
        *(after_mishap(Incident.OLD_LEDGER, blow) for blow in blows),
        *(after_mishap(Incident.OLD_LEDGER, copied_at=step) for step in copies),
        after_mishap(Incident.OLD_LEDGER),
    ]


def _mishaps() -> list[Scenario]:
    unanswered, ended = Blow("create call", "after"), Blow("move to ended", "after")
    submitted, landed = Blow("move to submitted", "after"), Blow("results file", "after")
    return [
        *(after_mishap(Incident.NEW_KEY, blow) for blow in (submitted, ended)),
        *(after_mishap(Incident.NEW_ROOT, blow) for blow in (unanswered, submitted)),
        *(after_mishap(Incident.LOST_LEDGER, blow) for blow in (None, unanswered, ended, landed)),
        *(after_mishap(Incident.LOST_TABLES, blow) for blow in (None, submitted, landed)),
        after_mishap(Incident.CUT_TABLES),
        *(damaged(incident) for incident in PAID_FILES_HARMED),
        replace(after_mishap(Incident.OLD_TABLES), edit=True),
        replace(after_mishap(Incident.OLD_TABLES, submitted), edit=True),
    ]


def damaged(incident: Incident) -> Scenario:
    """A paid file is harmed; a person puts it back from a backup."""
    return replace(after_mishap(incident), ends=End.DAMAGED)


def after_mishap(
    mishap: Incident, blow: Blow | None = None, copied_at: str | None = None
) -> Scenario:
    after = f"copied at {copied_at}" if copied_at else f"{blow or 'all was done'}"
    return Scenario(f"{after}, {mishap}", blow=blow, mishap=mishap, copied_at=copied_at)


def _unsettled() -> list[Scenario]:
    """What only a person can settle, or a service that comes back."""
    created = (fault("lost-create-response"), NO_LISTING)
    not_created = (fault("create-timeout-not-created"), NO_LISTING)
    return [
        Scenario("listing is impossible, adopted", faults=created, ends=End.UNCONFIRMED),
        Scenario(
            "listing is impossible, given up",
            faults=not_created,
            ends=End.UNCONFIRMED,
            was_created=False,
        ),
        impossible_canary(),
        failing_canary(),
        untrusted_answers(),
        Scenario(
            "a result that can never be read",
            faults=(Fault("result-late", {"seconds": 1e9}),),
        ),
    ]


def impossible_canary() -> Scenario:
    """Answers are there, and nothing to hold them against."""
    faults = (Fault("realtime-503", times=None),)
    return Scenario("the canary is impossible", faults=faults, ends=End.WAITING)


def failing_canary() -> Scenario:
    """Real-time calls fail for hours, each of them possibly billed, and then are answered again."""
    return Scenario("the canary fails repeatedly", faults=(Fault("realtime-503", times=9),))


def untrusted_answers() -> Scenario:
    """Every answer is wrong; `affected` is what was out when the second one was found to be."""
    faults = (Fault("corrupted-line", times=None),)
    return Scenario(
        "no answer can be trusted", faults=faults, window=600, ends=End.QUARANTINED, affected=10
    )


def late_job() -> Scenario:
    """Created, not answered, and not listed for longer than it takes to give it up."""
    faults = (
        fault("lost-create-response"),
        Fault("name-missing-from-list", {"seconds": THREE_HOURS}),
    )
    return Scenario("listed too late", faults=faults, apart=True)
