"""The scenarios with generation tasks: their own steps and faults, and a choice of all the others."""

import signal
from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.faults import LARGE_WINDOW, fault
from tests.chaos.scenarios import End, Fault, Incident, Scenario, Task
from tests.chaos.steps import GENERATION, WHENS, Blow

TEXTS = ("summary",)
BOTH = ("summary", "describe")
_WINDOW = 16_000
#: All requests of a task in one job.
_LARGE_CHAT_WINDOW = 100_000
#: Documents of a world with `TEXTS`, those of both datasets twice.
_DOCUMENTS = 18
#: Where a generation job can be left half way; the first jobs of such a world are of tasks.
_STEPS = (
    *("documents file", "chunks file", "manifests file", "results file", "embeddings file"),
    *("listing applied", "job row inserted", "upload", "move to creating", "move to submitted"),
    *("move to ended", "download", "keys indexed", "move to collected", "manifest deleted"),
)
#: Two datasets of two tasks each write all of these once before anything is asked.
_FEEDING, _FED = ("generations file", "documents cut", "chunks file"), 5
_EVERYWHERE = (*_STEPS, *GENERATION)

#: By what happens to a generation job, which is the first to be created, of texts alone.
_FAULTS: dict[str, tuple[Fault, ...]] = {
    name: (fault(name),)
    for name in (
        *("lost-create-response", "create-500", "create-503", "create-timeout-not-created"),
        *("create-307", "create-429", "create-400", "create-unreadable-answer"),
        *("create-404", "create-400-schema", "list-contradicts-get", "output-late"),
        *("upload-lost-final", "ends-expired", "ends-failed", "ends-cancelled"),
        *("ends-partially-succeeded", "stuck-running", "deleted-by-somebody", "result-late"),
        *("name-missing-from-list", "shuffled-lines", "missing-keys", "error-lines"),
        *("transient-error-lines", "truncated-download-close-delimited"),
    )
}
_QUARANTINING = {
    "unknown-key": 1,
    "duplicated-keys": 1,
    "corrupted-line": 1,
    "swapped-result-files": 2,
}


def generation_kills() -> list[Scenario]:
    blows = [Blow(step, when) for step in _EVERYWHERE for when in WHENS]
    fed = [Blow(step, when, _FED) for step in _FEEDING for when in WHENS]
    return [struck(blow) for blow in [*blows, *fed]]


def struck(blow: Blow, tasks: tuple[str, ...] = BOTH) -> Scenario:
    return Scenario(f"tasks, {blow}", blow=blow, tasks=tasks, window=_WINDOW)


def with_task(name: str, *faults: Fault) -> Scenario:
    return Scenario(f"tasks, {name}", faults=faults, tasks=TEXTS, window=_WINDOW)


def generation_faults() -> list[Scenario]:
    return [
        *(with_task(name, *faults) for name, faults in _FAULTS.items()),
        *(quarantined(name, affected) for name, affected in _QUARANTINING.items()),
        *answer_faults(),
        swapped_requests(),
        swapped_in_a_small_job(),
        replace(with_task("upload-drop-chunk", fault("upload-drop-chunk")), tasks=BOTH),
        replace(with_task("upload-503", fault("upload-503")), tasks=BOTH),
        replace(with_task("cancelled", fault("stuck-running"), fault("cancel-ends-succeeded"))),
        replace(with_task("invalid-texts", fault("invalid-texts")), ends=End.FAILED, affected=2),
        replace(
            with_task("whole-job-fails-if", fault("whole-job-fails-if")),
            ends=End.FAILED,
            affected=2,
        ),
    ]


def quarantined(name: str, affected: int = 1) -> Scenario:
    return replace(with_task(name, fault(name)), ends=End.QUARANTINED, affected=affected)


def answer_faults() -> list[Scenario]:
    """Faults of the answers themselves; the emulator has them for chat models alone."""
    recited = Fault("stopped-answers", {"fraction": 0.5, "reason": "RECITATION"}, times=2)
    return [
        replace(
            with_task("blocked-prompts", fault("blocked-prompts")), ends=End.FAILED, affected=1
        ),
        with_task("stopped-answers", recited),
        with_task("broken-answers", Fault("broken-answers", {"fraction": 0.5}, times=3)),
        half_answered(),
        never_well_formed(),
    ]


def half_answered() -> Scenario:
    """The first two jobs lack a member in each answer: asked again, they are well formed."""
    parameters = {"fraction": 1.0, "shape": "missing-field"}
    return with_task("answers lack a member", Fault("broken-answers", parameters, times=2))


def never_well_formed() -> Scenario:
    """No answer obeys its schema until somebody mends that."""
    parameters = {"fraction": 1.0, "shape": "wrong-type"}
    scenario = with_task("no answer is well formed", Fault("broken-answers", parameters, None))
    return replace(scenario, ends=End.FAILED, affected=_DOCUMENTS)


def swapped_requests() -> Scenario:
    """Lengths differ, and there are enough of them to tell."""
    scenario = with_task("swapped-keys", Fault("swapped-keys", {"fraction": 1.0}))
    return replace(
        scenario,
        many=True,
        chat_window=_LARGE_CHAT_WINDOW,
        window=LARGE_WINDOW,
        ends=End.QUARANTINED,
        affected=1,
    )


def swapped_in_a_small_job() -> Scenario:
    """A generated answer cannot be held against a second one: with few of them nothing tells."""
    scenario = with_task("swapped-keys in a small job", Fault("swapped-keys", {"fraction": 1.0}))
    return replace(scenario, apart=True, shows="misplaced")


def generation_others() -> list[Scenario]:
    """Stalls, races, edits, mishaps, and what only a person can settle."""
    return [*_stalls(), *_races(), *_edits(), *_mishaps(), *_unsettled(), *_at_once()]


def _stalls() -> Iterator[Scenario]:
    steps = ["media noted", "generation create call", "generations file", "documents cut"]
    for step in [*steps, "job row inserted", "upload", "results file"]:
        blow = Blow(step, "after", signal=signal.SIGSTOP)
        yield replace(struck(blow), processes=2)


def _races() -> list[Scenario]:
    blows = [Blow(step, "after") for step in ("generations file", "generation create call")]
    return [
        *(
            replace(raced(n), name=f"tasks, {n} processes race, all tasks", tasks=BOTH)
            for n in (2, 4)
        ),
        raced(2),
        *(
            replace(raced(2), name=f"tasks, 2 processes race, one {blow}", blow=blow, tasks=BOTH)
            for blow in blows
        ),
    ]


def undisturbed() -> Scenario:
    return Scenario("tasks, nothing befalls", tasks=BOTH, window=_WINDOW)


def raced(processes: int) -> Scenario:
    name = f"tasks, {processes} processes race"
    return Scenario(name, processes=processes, tasks=TEXTS, window=_WINDOW)


def _edits() -> Iterator[Scenario]:
    steps = ["requests file", "generations file", "documents cut", "chunks file", "media upload"]
    yield replace(struck(Blow(steps[0], "after")), name="tasks, in an update", blow=None, edit=True)
    for step in steps:
        blow = Blow(step, "after")
        yield replace(struck(blow), name=f"tasks, {blow}, in an update", edit=True)


def _mishaps() -> Iterator[Scenario]:
    created, landed = Blow("generation create call", "after"), Blow("results file", "after")
    cut, fed = Blow("documents cut", "after"), Blow("generations file", "after")
    for blow in (None, created, fed):
        yield unlucky(Incident.LOST_LEDGER, blow)
    yield reworded(landed)
    yield forgotten(landed)
    yield forgotten(created)
    for blow in (created, landed):
        yield unlucky(Incident.OLD_LEDGER, blow)
    yield unlucky(Incident.NEW_KEY, Blow("move to submitted", "after"))
    yield unlucky(Incident.NEW_ROOT, created)
    for blow in (None, landed, cut):
        yield unlucky(Incident.LOST_TABLES, blow)
    yield replace(unlucky(Incident.OLD_TABLES), edit=True)


def unlucky(mishap: Incident, blow: Blow | None = None) -> Scenario:
    name = f"tasks, {blow or 'all was done'}, {mishap}"
    return Scenario(name, blow=blow, mishap=mishap, tasks=BOTH, window=_WINDOW)


def forgotten(blow: Blow) -> Scenario:
    """The ledger alone knew what the datasets are processed by; by then each is in some job."""
    scenario = unlucky(Incident.LOST_LEDGER, blow)
    return replace(
        scenario,
        name=f"{scenario.name}, by hand",
        by_hand=True,
        chat_window=_LARGE_CHAT_WINDOW,
    )


def reworded(blow: Blow | None = None) -> Scenario:
    """Datasets stay with the version that their jobs were of."""
    scenario = unlucky(Incident.LOST_LEDGER, blow)
    return replace(
        scenario,
        name=f"{scenario.name}, and the tasks are edited",
        reworded=True,
        chat_window=_LARGE_CHAT_WINDOW,
    )


def _unsettled() -> list[Scenario]:
    no_listing = Fault("list-503", times=None, since="generation create call")
    created = with_task("no listing, adopted", fault("lost-create-response"), no_listing)
    never = with_task("no listing, given up", fault("create-timeout-not-created"), no_listing)
    return [
        replace(created, ends=End.UNCONFIRMED, tasks=BOTH),
        replace(never, ends=End.UNCONFIRMED, was_created=False, tasks=BOTH),
    ]


def _at_once() -> Iterator[Scenario]:
    blows = [Blow("answers kept", when) for when in WHENS]
    blows += [Blow("move to collected", when) for when in WHENS]
    for blow in [None, *blows]:
        yield replace(
            undisturbed(),
            name=f"tasks at once, {blow or 'undisturbed'}",
            blow=blow,
            task=Task.AT_ONCE,
        )
    for blow in (blows[1], Blow("part deleted", "after")):
        scenario = unlucky(Incident.LOST_LEDGER, blow)
        yield replace(scenario, name=f"at once: {scenario.name}", task=Task.AT_ONCE)
    yield forgotten_at_once()


def forgotten_at_once() -> Scenario:
    """Answers of real time alone tell which version the datasets are processed by."""
    scenario = reworded()
    return replace(scenario, name=f"at once: {scenario.name}", task=Task.AT_ONCE)
