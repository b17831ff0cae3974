"""What a worker does: in one long-lived process, or in a process for each step, as cron has it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from semantic_assets.errors import SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance
from semantic_assets.pipeline.flows.apply_outputs import feed_all
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.flows.realtime_mode import embed_in_realtime
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.store import Store
from tests.chaos.scenarios import Life, Task
from tests.chaos.world import LATENCY_SECONDS, World, is_through_platform

#: Rounds of a patient worker: the first minutes closely, then 70 hours in steps of 40 minutes.
PATIENCE = 120
WEEKEND = 60 * 3_600.0
_ROUNDS, _LONGEST_STEP = 12, 2_400.0
_DONE = 3
Verb = Callable[[World, Store, Gemini], bool]


@dataclass(frozen=True, slots=True)
class Shift:
    """How a worker works. `patient`: time passes for the ledger too."""

    patient: bool = True
    rounds: int | None = None
    task: Task = Task.ALL
    life: Life = Life.LONG
    #: Seconds between its passes; None: half a minute, then ever more.
    pause: float | None = None
    #: The machine is off for a weekend after the first pass.
    sleeps: bool = False


def work(world: World, shift: Shift) -> None:
    """Everything from the sources to the index, or the task of this shift."""
    verbs = _TASKS[shift.task]
    if shift.life is Life.EACH_STEP:
        _work(world, shift, verbs, lambda verb: _in_a_process(world, verb))
        return
    store, gemini = world.open()
    with store:
        _work(world, shift, verbs, lambda verb: verb(world, store, gemini))


def _work(world: World, shift: Shift, verbs: tuple[Verb, ...], run: Callable[[Verb], bool]) -> None:
    for verb in verbs:
        run(verb)
    if shift.task not in (Task.ALL, Task.AT_ONCE):
        return
    for number, seconds in enumerate(_pauses(shift)):
        if run(_pass):
            break
        if shift.sleeps and not number:
            world.pass_time(WEEKEND)
        world.pass_time(seconds, ledger=shift.patient)
    for verb in (_feed, _assemble, _index):
        run(verb)


def _pauses(shift: Shift) -> Iterator[float]:
    step = LATENCY_SECONDS / 2
    patience = PATIENCE * 2 if is_through_platform() else PATIENCE  # a job may wait for 72 hours
    for _ in range(shift.rounds or (patience if shift.patient else _ROUNDS)):
        yield shift.pause or step
        step = min(step * 1.4, _LONGEST_STEP) if shift.patient else step


def _in_a_process(world: World, verb: Verb) -> bool:
    """Run one step in a process of its own; what befalls it befalls its parent."""

    def step(world: World) -> int:
        store, gemini = world.open()
        with store:
            return _DONE if verb(world, store, gemini) else 0

    process = world.fork(step)
    while True:
        _, status = os.waitpid(process, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(process, signal.SIGCONT)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        os.kill(os.getpid(), -code)
    if code not in (0, _DONE):
        os._exit(code)  # it has left its trace
    return code == _DONE


def _prepare(world: World, store: Store, gemini: Gemini) -> bool:
    prepare_shards(store, discover(store))
    return False


def _embed_at_once(world: World, store: Store, gemini: Gemini) -> bool:
    shards = [shard.key for shard in store.ledger.sources.shards()]
    embed_in_realtime(store, gemini, shards, mode="sync")
    return False


def _pass(world: World, store: Store, gemini: Gemini) -> bool:
    """One pass of cron; whether it is the last."""
    report = advance(store, gemini)
    reasons = [*report.trouble, *report.refused]
    reasons += [report.blocked_by.reason] if report.blocked_by else []
    for reason in reasons:
        store.report_progress(reason)  # as the command line tells it
    return report.is_done or (_needs_person(report) and not report.open_jobs)


def _needs_person(report: AdvanceReport) -> bool:
    return report.blocked_by is not None and report.blocked_by.needs_person


def _feed(world: World, store: Store, gemini: Gemini) -> bool:
    feed_all(store, [shard.key for shard in store.ledger.sources.shards()])
    return False


def _assemble(world: World, store: Store, gemini: Gemini) -> bool:
    for shard in store.ledger.sources.shards():
        assemble(store, shard.key)
    return False


def _index(world: World, store: Store, gemini: Gemini) -> bool:
    for dataset in store.ledger.sources.datasets():
        build_index(store, dataset)
    return False


def _embed_shard(world: World, store: Store, gemini: Gemini) -> bool:
    """As the asset `batch_jobs` does, whose run is of one shard."""
    shard = store.ledger.sources.shards()[0].key
    embed_in_realtime(store, gemini, [shard])
    submit_pending(store, gemini, favour=shard)
    return False


def _ask(world: World, store: Store, gemini: Gemini) -> bool:
    space = store.settings.space_of()
    with suppress(SpendRefused):
        for number in range(20):
            embed_questions(store, gemini, space, [f"What is number {number} about? " * 20])
    return False


def _refresh(world: World, store: Store, gemini: Gemini) -> bool:
    cap = None if world.cap is None else world.cap.usd
    with suppress(SpendRefused):
        refresh(
            store,
            gemini,
            wait_minutes=1.0,
            max_cost_usd=cap,
            sleep=lambda _: world.pass_time(LATENCY_SECONDS),
        )
    return False


_TASKS: dict[Task, tuple[Verb, ...]] = {
    Task.ALL: (_prepare,),
    Task.AT_ONCE: (_prepare, _embed_at_once),
    Task.EMBED_SHARD: (_prepare, _embed_shard),
    Task.PREPARE: (_prepare,),
    Task.REFRESH: (_refresh,),
    Task.QUESTIONS: (_ask,),
}
