"""One scenario from an empty folder to a verdict."""

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from semantic_assets.pipeline.batch_jobs.recover import recover
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.generation.task_versions import find_task
from tests.chaos.account import charged_usd
from tests.chaos.corpus import corpus_of, documents, task_files
from tests.chaos.incidents import (
    befall,
    drop_empty_ledger,
    drop_refusals,
    keep_copy,
    needs_recovery,
)
from tests.chaos.judge import Verdict, judge
from tests.chaos.kinds import THREE_HOURS
from tests.chaos.operator import observe, settle
from tests.chaos.platform.fitted import limit_jobs
from tests.chaos.safeguards import SAFEGUARDS
from tests.chaos.scenarios import Clock, End, Incident, Scenario, Task
from tests.chaos.servers import running_servers
from tests.chaos.steps import on_step
from tests.chaos.work import WEEKEND, Shift, work
from tests.chaos.world import World, armed, arming, hurry, is_through_platform

#: Longer than a lease lives.
_LEASES_DIE = 40.0
#: Long enough for a name to appear in listings after its job was given up.
_LONG_SLEEP = 7_200.0
#: Ten hours are long enough to see that waiting does not help.
_ROUNDS_IN_VAIN = 25
#: Until the jobs that are out have ended.
_JOBS_END = 600.0
#: How the clock of the first process is off.
_OFF = {Clock.STEADY: 0.0, Clock.ASLEEP: 0.0, Clock.AHEAD: 86_400.0, Clock.BEHIND: -3_600.0}
#: Processes are killed here, the machine is not: what an fsync waits for need not be a disk.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Course:
    """How a scenario stood before a person did anything; jobs or chunks that concerned."""

    end: End
    affected: int


@dataclass(frozen=True, slots=True)
class Outcome:
    scenario: Scenario
    verdict: Verdict | None = None
    course: Course | None = None
    #: Whether the blow fell: a step that is never come to proves nothing.
    struck: bool = True
    fired: Counter[str] = field(default_factory=Counter)
    trouble: str | None = None

    @property
    def wrong(self) -> set[str]:
        """What is not as it must be."""
        wrong = self.verdict.wrong(self.scenario) if self.verdict else set()
        ended = self.course and _is_as_declared(self.scenario, self.course)
        return wrong | ({"trouble"} if self.trouble else set()) | (set() if ended else {"ending"})

    @property
    def is_good(self) -> bool:
        return not self.wrong


def _is_as_declared(scenario: Scenario, course: Course) -> bool:
    if course.end is not scenario.ends:
        return False
    if course.end is End.FAILED:
        return course.affected == scenario.affected
    return course.end is not End.QUARANTINED or course.affected <= scenario.affected


def run(scenario: Scenario) -> Outcome:
    if is_through_platform():
        limit_jobs(scenario)  # in this process, which lives for one scenario, and its children
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=place))
    world = World(
        folder,
        window=scenario.window,
        chat_window=scenario.chat_window,
        servers=running_servers(),
        cap=scenario.cap,
        is_of_two=scenario.is_of_two,
    )
    world.start()
    try:
        return _run(world, scenario)
    except Exception as error:
        return Outcome(scenario, trouble=f"{type(error).__name__}: {error}")
    finally:
        world.stop()
        shutil.rmtree(world.folder, ignore_errors=True)


def _run(world: World, scenario: Scenario) -> Outcome:
    _prepare(world, scenario)
    for fault in scenario.faults:
        if fault.since is None:
            world.arm(fault)
    struck = _strike(world, scenario)
    if scenario.clock is Clock.ASLEEP:
        world.pass_time(WEEKEND)
    if scenario.reworded:
        world.write_tasks(task_files(scenario, reworded=True))
    if scenario.mishap:
        befall(world, scenario.mishap, _switch_off(scenario))
    if scenario.unnoticed:
        world.join(
            world.fork(
                partial(work, shift=Shift(patient=False, task=scenario.task)),
                *_switch_off(scenario),
            )
        )
        drop_refusals(world)
    _lift_cap(world, scenario)
    world.pass_time(_LEASES_DIE)
    course = _finish(world, scenario)
    verdict = world.call(partial(judge, scenario=scenario))
    trouble = "\n".join(path.read_text() for path in world.folder.glob("trace-*.txt"))
    return Outcome(scenario, verdict, course, struck, world.fired, trouble or None)


def _lift_cap(world: World, scenario: Scenario) -> None:
    """Note what was charged above the cap until now, all jobs that are out included."""
    if world.cap is None:
        return
    if needs_recovery(scenario.mishap):
        _must(world, world.fork(_recover, *_switch_off(scenario)))
        world.join(
            world.fork(
                partial(work, shift=Shift(patient=False, task=scenario.task)),
                *_switch_off(scenario),
            )
        )
    world.pass_time(_JOBS_END)
    usd = charged_usd(world)
    world.over_cap = max(0, round((usd - world.cap.usd) * 1e9))
    world.cap = None


def _prepare(world: World, scenario: Scenario) -> None:
    corpus = corpus_of(scenario)
    world.write_corpus(corpus.files)
    world.write_tasks(task_files(scenario))
    if scenario.names_seen:
        world.call(_see_names)
    if scenario.by_hand:
        world.call(partial(_pin_by_hand, scenario=scenario))
    if scenario.edit:
        _must(world, world.fork(partial(work, shift=Shift())))
    if scenario.mishap in (Incident.OLD_LEDGER, Incident.OLD_TABLES) and not scenario.copied_at:
        world.call(_make)
        keep_copy(world)
    if scenario.edit:
        world.write_corpus(corpus.edits)


def _make(world: World) -> None:
    world.open()[0].close()


def _see_names(world: World) -> None:
    store, gemini = world.open()
    with store:
        endpoint, scopes = gemini.endpoint, store.ledger.scopes
        scopes.register(endpoint.scope_id, backend=endpoint.backend, base_url=endpoint.identity)
        scopes.names_seen(endpoint.scope_id)


def _pin_by_hand(world: World, scenario: Scenario) -> None:
    """As `generate submit` does, whose word only the ledger knows."""
    store, _ = world.open()
    with store:
        for dataset in discover(store).datasets:
            for name in scenario.tasks:
                file = find_task(store, name, dataset)
                store.ledger.tasks.pin(dataset, file.task, file.use)


def _must(world: World, process: int) -> None:
    code = world.join(process)
    if code:
        raise RuntimeError(f"a worker that nothing befell ended with {code}")


def _strike(world: World, scenario: Scenario) -> bool:
    """Let the processes work; the first takes the blow. Whether it fell."""
    world.clock.advance(_OFF[scenario.clock])
    try:
        return _take_blow(world, scenario)
    finally:
        world.clock.advance(-_OFF[scenario.clock])


def _take_blow(world: World, scenario: Scenario) -> bool:
    off = _switch_off(scenario)
    shift = Shift(
        patient=scenario.patient_takeover,
        task=scenario.task,
        life=scenario.life,
        sleeps=scenario.clock is Clock.ASLEEP,
        pause=scenario.pause,
    )
    first = world.fork(partial(work, shift=shift), *off, *_preparations(world, scenario))
    if scenario.blow and scenario.blow.signal == signal.SIGSTOP:
        return _stall(world, scenario, first, shift)
    others = [world.fork(partial(work, shift=shift), *off) for _ in range(scenario.processes - 1)]
    code = world.join(first)
    for other in others:
        world.join(other)
    return scenario.blow is None or code == -signal.SIGKILL


def _preparations(world: World, scenario: Scenario) -> list[Callable[[], None]]:
    """What the first process has in wait for itself."""
    found = [arming(world, fault) for fault in scenario.faults if fault.since]
    if step := scenario.copied_at:
        found.append(lambda: on_step(step, "after", 1, lambda: keep_copy(world)))
    if scenario.grows:
        found.append(lambda: on_step("job row inserted", "after", 1, lambda: _grow(world)))
    return [*found, *([armed(scenario.blow)] if scenario.blow else [])]


def _grow(world: World) -> None:
    """Let another process cut a large dataset."""
    world.write_corpus(documents("three", range(100, 220)))
    _must(world, world.fork(partial(work, shift=Shift(task=Task.PREPARE))))


def _stall(world: World, scenario: Scenario, stalled: int, shift: Shift) -> bool:
    """One process sleeps over its leases; another takes over; then the sleeper wakes."""
    off = _switch_off(scenario)
    struck = world.stopped(stalled)
    if not struck:
        return False
    world.pass_time(_LONG_SLEEP if scenario.patient_takeover else _LEASES_DIE)
    _must(world, world.fork(partial(work, shift=shift), *off))
    os.kill(stalled, signal.SIGCONT)
    world.join(stalled)
    for trace in world.folder.glob("trace-*.txt"):
        # The sleeper may find that its lease is gone; that it says so is right.
        if "Conflict" in trace.read_text():
            trace.unlink()
    return True


def _finish(world: World, scenario: Scenario) -> Course:
    """A patient worker, then a person who settles what that one could not, and again."""
    # With a safeguard off it may never end.
    in_vain = scenario.ends in (End.UNCONFIRMED, End.WAITING) or scenario.safeguard_off
    _work(world, scenario, rounds=scenario.rounds or (_ROUNDS_IN_VAIN if in_vain else None))
    first = Course(*world.call(observe))
    end = first.end
    for _ in range(3):
        if end is End.DONE:
            break
        world.call(partial(settle, scenario=scenario, end=end))
        _work(world, scenario, rounds=_ROUNDS_IN_VAIN)
        end, _ = world.call(observe)
    if scenario.apart:
        world.pass_time(THREE_HOURS)  # its name becomes visible
        _work(world, scenario)
    return first


def _work(world: World, scenario: Scenario, rounds: int | None = None) -> None:
    off = _switch_off(scenario)
    if needs_recovery(scenario.mishap):
        _must(world, world.fork(_recover, *off))
    shift = Shift(rounds=rounds, life=scenario.life)
    # Twice as many rounds, which may each be a process.
    seconds = 360.0 if is_through_platform() else 120.0
    world.join(world.fork(partial(work, shift=shift), *off), seconds=seconds)


def _switch_off(scenario: Scenario) -> list[Callable[[], None]]:
    found = [hurry] if scenario.hurried else []
    return [*found, *([SAFEGUARDS[scenario.safeguard_off]] if scenario.safeguard_off else [])]


def _recover(world: World) -> None:
    drop_empty_ledger(world)
    store, _ = world.open(unchecked=True)
    with store:
        recover(store)
