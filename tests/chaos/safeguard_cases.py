"""For each safeguard, the scenario that goes red without it, and what of it goes wrong."""

import signal
from dataclasses import replace

from tests.chaos.faults import fault, with_fault
from tests.chaos.generation_kinds import (
    forgotten,
    forgotten_at_once,
    half_answered,
    never_well_formed,
    quarantined,
    raced,
    swapped_requests,
    undisturbed,
    unlucky,
    with_task,
)
from tests.chaos.kinds import (
    THREE_HOURS,
    after_mishap,
    asleep_for_days,
    damaged,
    failing_canary,
    given_up_asleep,
    impossible_canary,
    late_job,
    untrusted_answers,
)
from tests.chaos.outside import cases as outside
from tests.chaos.platform import platform_guards as platform
from tests.chaos.scenarios import Fault, Incident, Scenario
from tests.chaos.steps import Blow
from tests.chaos.world import is_through_platform


def red_scenarios() -> list[Scenario]:
    cases = _CASES | outside.cases() | (platform.cases() if is_through_platform() else {})
    return [
        replace(scenario, name=f"{name}: {scenario.name}", safeguard_off=name, sees=sees)
        for name, (sees, scenario) in cases.items()
    ]


def controls(reds: list[Scenario]) -> list[Scenario]:
    """The same scenarios with every safeguard on, each once."""
    plain = [
        replace(red, name=red.name.partition(": ")[2], safeguard_off=None, sees=None)
        for red in reds
    ]
    return list({repr(scenario): scenario for scenario in plain}.values())


def _with(*names: str) -> Scenario:
    """Several faults at once."""
    return Scenario(" and ".join(names), faults=tuple(fault(name) for name in names))


def _stalled(step: str, when: str) -> Scenario:
    blow = Blow(step, when, signal=signal.SIGSTOP)
    return Scenario(f"{blow}", blow=blow, processes=2)


def _killed(scenario: Scenario, step: str, when: str) -> Scenario:
    blow = Blow(step, when)
    return replace(scenario, name=f"{scenario.name}, {blow}".removeprefix(", "), blow=blow)


_UNANSWERED = with_fault("lost-create-response")
_HIDDEN = _with("lost-create-response", "name-missing-from-list")
_NO_NAMES = Scenario(
    "lost-create-response and no name in any listing",
    faults=(
        fault("lost-create-response"),
        Fault("name-missing-from-list", {"seconds": THREE_HOURS}, times=None),
    ),
)
# The page breaks off behind a newer job, which is there for as long as it takes.
_EMPTY_PAGES = Scenario(
    "lost-create-response and empty pages",
    faults=(
        fault("lost-create-response"),
        fault("name-missing-from-list"),
        Fault("stuck-running", {"seconds": THREE_HOURS}, since="move to submitted"),
        Fault("list-empty-page", times=None),
    ),
)
# Whoever has the new key works for longer than it takes a job of the other one to be gone.
_SLOW_UNDER_A_NEW_KEY = replace(
    after_mishap(Incident.NEW_KEY, Blow("move to submitted", "after")),
    name="killed after move to submitted #1, then a new key, whose jobs take an hour",
    faults=(Fault("output-late", {"seconds": 3_600.0}, times=6, since="move to submitted"),),
)
_OLD_TABLES = replace(after_mishap(Incident.OLD_TABLES), edit=True)

_CASES: dict[str, tuple[str, Scenario]] = {
    "no-unconfirmed": ("paid_twice", _UNANSWERED),
    "no-adoption": ("unconfirmed", _UNANSWERED),
    "no-withholding": ("paid_twice", Scenario("2 processes race", processes=2)),
    "no-plan-lease": ("paid_twice", Scenario("4 processes race", processes=4)),
    "no-plan-fence": ("paid_twice", _stalled("job row inserted", "before")),
    "no-fence": ("paid_twice", _stalled("upload", "after")),
    "no-age-check": ("paid_twice", asleep_for_days()),
    "retries-on": ("paid_twice", with_fault("create-503")),
    "redirects-on": ("repeated_calls", with_fault("create-307")),
    "no-patience": ("paid_twice", _HIDDEN),
    "no-names-seen": ("paid_twice", _NO_NAMES),
    "no-complete-listing": ("paid_twice", _EMPTY_PAGES),
    "no-unknown-remote": (
        "paid_twice",
        after_mishap(Incident.NEW_ROOT, Blow("create call", "after")),
    ),
    "no-manifests-recovered": (
        "paid_twice",
        after_mishap(Incident.OLD_LEDGER, Blow("create call", "after")),
    ),
    "no-scopes": ("paid_twice", _SLOW_UNDER_A_NEW_KEY),
    "no-gone-delay": ("paid_twice", with_fault("name-missing-from-list")),
    "no-reopening": ("unbilled", late_job()),
    "no-stop-after-two": ("ending", untrusted_answers()),
    "early-clearing": ("lost", _killed(Scenario(""), "download", "after")),
    "no-second-download": ("paid_twice", with_fault("truncated-download-close-delimited")),
    "no-output-first": ("paid_twice", with_fault("ends-partially-succeeded")),
    "no-key-check": ("misplaced", with_fault("shuffled-lines")),
    "no-foreign-key-check": ("ending", with_fault("swapped-result-files")),
    "no-duplicate-key-check": ("lost", with_fault("duplicated-keys")),
    "no-verification": ("misplaced", with_fault("swapped-keys")),
    "no-canary": ("misplaced", with_fault("swapped-keys")),
    "no-token-counts": ("ending", with_fault("token-counts-scrambled")),
    "no-waiting-for-canaries": ("ending", impossible_canary()),
    "no-kept-downloads": ("repeated_downloads", failing_canary()),
    "no-canary-backoff": ("hasty_calls", impossible_canary()),
    "no-vector-check": ("misplaced", with_fault("zero-vectors")),
    "no-missing-rows": ("lost", with_fault("missing-keys")),
    "no-bisection": ("ending", with_fault("whole-job-fails-if")),
    "no-attempt-limit": ("ending", with_fault("invalid-texts")),
    "no-results-fence": ("results_differ", given_up_asleep()),
    "no-landed-files": (
        "unconfirmed",
        after_mishap(Incident.OLD_LEDGER, copied_at="move to creating"),
    ),
    "no-index-completion": ("lost", after_mishap(Incident.LOST_TABLES)),
    "no-table-record": ("stale", _OLD_TABLES),
    "no-paid-digest": ("ending", damaged(Incident.FLIPPED_RESULTS)),
    "no-setting-aside": ("lost", damaged(Incident.LOST_RESULTS)),
    "no-ledger-id": ("ending", after_mishap(Incident.LOST_LEDGER, Blow("create call", "after"))),
    "no-index-rebuild": ("index_differs", after_mishap(Incident.LOST_TABLES)),
    "no-schema-check": ("ill_formed", half_answered()),
    "no-document-wait": ("needless", undisturbed()),
    "no-standing-answers": ("misplaced", undisturbed()),
    "no-repair-limit": ("ending", never_well_formed()),
    "no-media-deleted": ("media_left", undisturbed()),
    "no-request-keys": ("misplaced", with_task("shuffled-lines", fault("shuffled-lines"))),
    "no-foreign-request-check": ("ending", quarantined("swapped-result-files", 2)),
    "no-withheld-requests": ("paid_twice", raced(4)),
    "no-prompt-counts": ("misplaced", swapped_requests()),
    "no-task-in-real-time": ("paid_twice", forgotten_at_once()),
    "no-trusted-outputs": ("lost", unlucky(Incident.LOST_TABLES)),
    "no-tasks-recovered": ("lost", forgotten(Blow("results file", "after"))),
}
