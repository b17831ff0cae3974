"""One scenario from an empty folder to a verdict."""

import os
import random
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from semantic_assets.model.jobs import JobState
from semantic_assets.verbs import resolve
from semantic_assets.verbs.recover import recover
from semantic_assets.verbs.trust import forget_check
from tests.chaos.judge import Verdict, judge
from tests.chaos.safeguards import SAFEGUARDS
from tests.chaos.scenarios import QUARANTINING, Scenario
from tests.chaos.world import World, armed, flow

_LETTERS = "etaoinshrdlucm"
#: Longer than a lease lives.
_LEASES_DIE = 40.0


@dataclass(frozen=True, slots=True)
class Outcome:
    scenario: Scenario
    verdict: Verdict | None
    #: Quarantined jobs met (and resolved) on the way.
    quarantined: int
    #: Whether the blow fell: a step that is never come to proves nothing.
    struck: bool
    trouble: str | None

    @property
    def is_good(self) -> bool:
        return self.trouble is None and self.verdict is not None and self.verdict.is_good


def run(scenario: Scenario) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    world = World(folder)
    world.start()
    try:
        return _run(world, scenario)
    except Exception as error:
        return Outcome(scenario, None, 0, struck=True, trouble=f"{type(error).__name__}: {error}")
    finally:
        world.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(world: World, scenario: Scenario) -> Outcome:
    _prepare(world, scenario)
    if scenario.fault:
        # Twice: one job of several meets it, and one sent again may meet it again.
        body = {"name": scenario.fault, "times": 1, "parameters": scenario.parameters}
        world.control("faults", body)
    struck = _strike(world, scenario)
    if scenario.rollback:
        _restore(world)
    if scenario.new_key:
        _while_the_key_is_another(world)
    world.pass_time(_LEASES_DIE)
    quarantined = _finish(world, scenario)
    trouble = "\n".join(path.read_text() for path in world.folder.glob("trace-*.txt"))
    verdict = judge(world, may_be_gone=scenario.fault == "deleted-by-somebody")
    return Outcome(scenario, verdict, quarantined, struck, trouble or None)


def _prepare(world: World, scenario: Scenario) -> None:
    world.write_corpus(_documents("one", range(24)) | _documents("two", range(12, 30)))
    if scenario.edit:
        _must(world, world.fork(partial(flow, patient=True)))
        (world.folder / "sources/acme/one/03.txt").unlink()
        world.write_corpus(_documents("one", range(40, 46)))
        world.write_corpus({"acme/one/05.txt": "Number 5 was written anew. " + "tide " * 40})
    if scenario.rollback:
        world.open()[0].close()
        shutil.copytree(world.folder / "lake", world.folder / "backup")


def _documents(dataset: str, numbers: range) -> dict[str, str]:
    """One-chunk documents of different lengths; numbers shared by datasets share their text."""
    found = {}
    for n in numbers:
        # Unlike each other: a swap of texts that are nearly the same is no swap to a vector.
        rng = random.Random(n)
        words = " ".join("".join(rng.choices(_LETTERS, k=6)) for _ in range(5 + (n * 7) % 60))
        found[f"acme/{dataset}/{n:02d}.txt"] = f"Number {n}. {words}"
    return found


def _must(world: World, process: int) -> None:
    code = world.join(process)
    if code:
        raise RuntimeError(f"a worker that nothing befell ended with {code}")


def _strike(world: World, scenario: Scenario) -> bool:
    """Let the processes work; the first takes the blow. Whether it fell."""
    off = _switch_off(scenario)
    work = partial(flow, patient=False)
    blows = [armed(scenario.blow)] if scenario.blow else []
    first = world.fork(work, *off, *blows)
    if scenario.blow and scenario.blow.signal == signal.SIGSTOP:
        return _stall(world, first, off)
    others = [world.fork(work, *off) for _ in range(scenario.processes - 1)]
    code = world.join(first)
    for other in others:
        world.join(other)
    return scenario.blow is None or code == -signal.SIGKILL


def _stall(world: World, stalled: int, off: list[Callable[[], None]]) -> bool:
    """One process sleeps over its leases; another takes over; then the sleeper wakes."""
    struck = world.stopped(stalled)
    if not struck:
        return False
    world.pass_time(_LEASES_DIE)
    _must(world, world.fork(partial(flow, patient=False), *off))
    os.kill(stalled, signal.SIGCONT)
    world.join(stalled)
    for trace in world.folder.glob("trace-*.txt"):
        # The sleeper may find that its lease is gone; that it says so is right.
        if "Conflict" in trace.read_text():
            trace.unlink()
    return True


def _restore(world: World) -> None:
    """An older ledger over a newer lake, as from a backup."""
    for path in (world.folder / "lake").glob("ledger.sqlite3*"):
        path.unlink()
    for path in (world.folder / "backup").glob("ledger.sqlite3*"):
        shutil.copy(path, world.folder / "lake" / path.name)


def _while_the_key_is_another(world: World) -> None:
    other = replace(world, key="k2", _emulator=0)
    world.join(other.fork(partial(flow, patient=False)))


def _finish(world: World, scenario: Scenario) -> int:
    """A patient worker, and a person who resolves what is quarantined. How many that were."""
    off = _switch_off(scenario)
    quarantined = 0
    for _ in range(4):
        if scenario.rollback:
            _must(world, world.fork(_recover))
        world.join(world.fork(partial(flow, patient=True), *off))
        found = _resolve(world)
        quarantined += found
        if not found:
            break
    return quarantined


def _switch_off(scenario: Scenario) -> list[Callable[[], None]]:
    return [SAFEGUARDS[scenario.safeguard_off]] if scenario.safeguard_off else []


def _recover(world: World) -> None:
    store, _ = world.open()
    with store:
        recover(store)


def _resolve(world: World) -> int:
    store, gemini = world.open()
    with store:
        jobs = store.ledger.jobs.list(states=[JobState.QUARANTINED])
        for job in jobs:
            resolve.resubmit(store, gemini, job.job_id)
        forget_check(gemini)
    return len(jobs)


def expected_quarantines(scenario: Scenario) -> bool:
    return scenario.fault in QUARANTINING
