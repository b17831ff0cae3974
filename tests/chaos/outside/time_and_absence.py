"""C, D, E and J: time alone, absence, answers that are not whole, late and stale hands."""

import signal
from dataclasses import replace

from tests.chaos.dimensions import lived
from tests.chaos.faults import fault, with_fault
from tests.chaos.scenarios import Clock, End, Fault, Life, Scenario
from tests.chaos.steps import Blow
from tests.chaos.work import PATIENCE

_HOUR = 3_600.0
_CREATED, _SUBMITTED = "create call", "move to submitted"
_ELEVEN_MINUTES = 660.0
_NOT_FOUND = {"code": 404, "message": "Requested entity was not found."}


def time_and_absence() -> list[Scenario]:
    return [*_time(), *_absence(), *_not_whole(), *_stale_hands()]


def _time() -> list[Scenario]:
    """C: nothing may be concluded from time alone."""
    return [
        slept_over_a_weekend(),
        lived(_named("C: jobs have SUCCEEDED"), Life.EACH_STEP, Clock.ASLEEP),
        never_ending(),
        unlisted_over_a_weekend(),
        lease_a_day_ahead(),
        *(retried(hours) for hours in (1, -2)),
    ]


def _named(name: str, *faults: Fault, **more: object) -> Scenario:
    return replace(Scenario(name, faults=faults), **more)  # type: ignore[arg-type]


def slept_over_a_weekend() -> Scenario:
    return lived(_named("C: jobs have SUCCEEDED"), Life.LONG, Clock.ASLEEP)


def never_ending() -> Scenario:
    """A job runs for a week, and cannot be cancelled."""
    stuck = Fault("stuck-running", {"seconds": 120 * _HOUR})
    deaf = Fault("any-error", {"method": "batches.cancel", "code": 400}, times=None)
    name = "C: a job does not end and cannot be cancelled"
    return lived(_named(name, stuck, deaf, rounds=2 * PATIENCE), Life.EACH_STEP)


def unlisted_over_a_weekend() -> Scenario:
    """A create call is unanswered, and no listing can be had until after the weekend."""
    unlisted = Fault("list-503", {}, None, _CREATED, 65 * _HOUR)
    name = "C: a create call is unanswered and nothing is listed"
    scenario = _named(name, fault("lost-create-response"), unlisted, rounds=PATIENCE)
    return lived(scenario, Life.LONG, Clock.ASLEEP)


def lease_a_day_ahead() -> Scenario:
    """Killed under the lease `plan`, whose expiry a clock wrote that was a day ahead."""
    blow = Blow("job row inserted", "before")
    scenario = _named(f"C: {blow}", blow=blow, rounds=25)
    return lived(scenario, Life.EACH_STEP, Clock.AHEAD)


def retried(hours: int) -> Scenario:
    """A person whose clock is off retries a text that fails for good, and then once more."""
    word = "ahead" if hours > 0 else "behind"
    scenario = with_fault("invalid-texts")
    name = f"C: retried by a clock {abs(hours)} h {word}"
    return replace(scenario, name=name, retried_at=hours * _HOUR, in_vain=True)


def _absence() -> list[Scenario]:
    """D: absence is not evidence, nor are words."""
    return [
        empty_listing(),
        nothing_found(),
        *(barred_downloads(hours) for hours in (2, 55)),
        barred_uploads(),
        repeated_tokens(),
        *(trickling(method) for method in ("batches.list", "batches.get")),
        *(model_refused(wording) for wording in ("no-longer-available", "not-found")),
        *(listed_as(shape) for shape in ("succeeded", "failed")),
    ]


def empty_listing() -> Scenario:
    """A create call is unanswered, and for hours the listing shows nothing; `get` shows jobs."""
    return _named(
        "D: an empty listing while get shows jobs",
        fault("lost-create-response"),
        # Not the job that is unanswered: what expires is not billed.
        Fault("stuck-running", {"seconds": 5 * _HOUR}, since=_SUBMITTED, times=3),
        Fault("list-contradicts-get", {"shape": "empty"}, None, _CREATED, 4 * _HOUR),
        names_seen=True,
        rounds=PATIENCE,
    )


def nothing_found() -> Scenario:
    lasting = Fault(
        "any-error", {"method": "*", **_NOT_FOUND}, None, "move to running", _ELEVEN_MINUTES
    )
    # These end well, later: an expired job would be paid for once.
    state = {"state": "BATCH_STATE_RUNNING", "seconds": 1_500.0}
    stuck = Fault("unknown-state", state, times=5)
    return _named(
        "D: every call answers 404 for 11 minutes",
        lasting,
        stuck,
        patient_takeover=True,
        pause=50.0,
    )


def barred_downloads(hours: int) -> Scenario:
    barred = Fault("files-403-blocked", {}, None, "download", hours * _HOUR)
    name = f"D: the key is barred from files, {hours} h of downloads"
    return _named(name, barred, rounds=PATIENCE)


def barred_uploads() -> Scenario:
    barred = Fault("files-403-blocked", times=None, for_seconds=2 * _HOUR)
    return _named("D: the key is barred from files at the upload", barred)


def repeated_tokens() -> Scenario:
    repeats = Fault("list-repeats-token", times=None, for_seconds=2 * _HOUR)
    return _named("D: page tokens repeat", fault("lost-create-response"), repeats)


def trickling(method: str) -> Scenario:
    drop = Fault("trickle", {"method": method, "bytes": 1, "seconds": 0.1}, times=3)
    unlisted = [Fault("name-missing-from-list", {"seconds": 600.0})] if "get" in method else []
    return _named(f"D: {method} trickles", drop, *unlisted, hurried=True)


def model_refused(wording: str) -> Scenario:
    refused = Fault("create-404", {"wording": wording}, None, None, 2 * _HOUR)
    return _named(f"D: create answers 404 {wording} for 2 hours", refused)


def listed_as(shape: str) -> Scenario:
    bare = Fault("list-contradicts-get", {"shape": shape}, None, None, 2 * _HOUR)
    stuck = Fault("stuck-running", {"seconds": _HOUR}, times=2)
    return _named(f"D: a bare listing shows jobs that run as {shape}", bare, stuck)


def _not_whole() -> list[Scenario]:
    """E: an answer that is not whole is not an answer."""
    return [
        empty_body(),
        cut_body(0.5, "a body cut at a line end"),
        lasting_emptiness(),
    ]


def empty_body() -> Scenario:
    return cut_body(0.0, "an empty body")


def cut_body(fraction: float, words: str) -> Scenario:
    cut = Fault("truncated-download-close-delimited", {"fraction": fraction}, None, None, 2 * _HOUR)
    return _named(f"E: {words} for 2 hours", cut)


def lasting_emptiness() -> Scenario:
    """24 of 24 by its statistics, and nothing in it, until somebody looks."""
    cut = Fault("truncated-download-close-delimited", {"fraction": 0.0}, None)
    return _named(
        "E: all of all by statistics, and an empty body", cut, ends=End.QUARANTINED, affected=6
    )


def _stale_hands() -> list[Scenario]:
    """J: a process that slept, and what a person decided."""
    return [slept_before_taking_back(), abandoned_by_hand(), eight_advancers()]


def slept_before_taking_back() -> Scenario:
    """A job that was given up turns up; who takes it back sleeps until another has landed it."""
    blow = Blow("rows taken back", "before", signal=signal.SIGSTOP)
    late = Fault("name-missing-from-list", {"seconds": 3 * _HOUR})
    return _named(
        f"J: {blow}",
        fault("lost-create-response"),
        late,
        Fault("stuck-running", {"seconds": 5 * _HOUR}, since=_SUBMITTED),
        blow=blow,
        processes=2,
        patient_takeover=True,
        apart=True,
    )


def abandoned_by_hand() -> Scenario:
    """A person gives up a job that was created; the listing then shows it."""
    silent = Fault("list-503", times=None, since=_CREATED)
    return _named(
        "J: resolve --abandon, then a pass",
        fault("lost-create-response"),
        silent,
        ends=End.UNCONFIRMED,
        was_created=False,
        apart=True,
    )


def eight_advancers() -> Scenario:
    return _named("J: 8 processes race", processes=8)
