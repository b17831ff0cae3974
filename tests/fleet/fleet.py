"""The fleet at work: what is done to it, and how long that took."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg
from celery import Celery

from semantic_assets.store import Store, open_store
from tests.fleet.parts import Part, Parts
from tests.fleet.report import Times
from tests.fleet.runs import Runs, finished, launch_backfill, not_made_good
from tests.fleet.verdict import is_indexed
from tests.fleet.world import of_machine, settings_of

_DEADLINE_SECONDS = 1_200.0


@dataclass
class Fleet:
    parts: Parts
    environ: Mapping[str, str]
    runs: Runs
    store: Store
    datasets: Sequence[str]
    times: Times = field(default_factory=Times)

    def shards(self) -> list[str]:
        return sorted(self.runs.instance.get_dynamic_partitions("shards"))

    def launch_backfill(self) -> str:
        """Of every shard; its id."""
        backfill = launch_backfill(self.parts, self.environ, self.shards())
        self.times.note("backfill launched")
        return backfill

    def start_worker(self, name: str) -> Part:
        worker = self.parts.worker(name, of_machine(self.environ, name))
        self.times.note(f"worker {name} started")
        return worker

    def start_daemon(self) -> Part:
        daemon = self.parts.daemon(self.environ)
        self.times.note("daemon started")
        return daemon

    def kill_with_runs(self, worker: Part) -> list[str]:
        """Kill it in the middle of its runs; their ids. It is stopped first, to be sure of them."""
        found: list[str] = []

        def is_in_the_middle() -> bool:
            worker.signal(signal.SIGSTOP)
            found[:] = self.runs.held_by(worker.name)
            if not found:
                worker.signal(signal.SIGCONT)
            return bool(found)

        self.wait("the worker has a run", is_in_the_middle)
        worker.kill()
        self.times.note(f"worker {worker.name} killed in {len(found)} runs")
        return found

    def kill(self, part: Part) -> None:
        part.kill()
        self.times.note(f"{part.name} killed")

    def wait_for_runs(self, count: int) -> None:
        self.wait(f"{count} runs ended", lambda: finished(self.runs.all()) >= count)

    def wait_until_done(self, backfill: str) -> None:
        """Every index serves, the backfill has ended, and no run is left."""
        self.wait("every index serves", lambda: is_indexed(self.store, self.datasets))
        self.times.note("every index serves")
        self.wait("the backfill ended", lambda: self.state_of(backfill) != "REQUESTED")
        self.times.note("the backfill ended")
        self.wait("no run is left", lambda: finished(now := self.runs.all()) == len(now))
        self.times.note("no run is left")
        # The daemon retries a lost run some time after it has failed.
        self.wait("what failed is made good", lambda: not not_made_good(self.runs))
        self.times.note("what failed is made good")

    def state_of(self, backfill: str) -> str:
        found = self.runs.instance.get_backfill(backfill)
        return "" if found is None else found.status.value

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, f"not within {_DEADLINE_SECONDS:.0f} s: {what}"
            time.sleep(0.5)


@contextmanager
def opened_fleet(
    parts: Parts, environ: Mapping[str, str], datasets: Sequence[str]
) -> Iterator[Fleet]:
    """Registers the shards."""
    parts.run("register", environ, sys.executable, "-m", "semantic_assets.orchestration.register")
    celery = Celery(
        backend=environ["CELERY_RESULT_BACKEND"],
        redis_backend_use_ssl={"ssl_cert_reqs": "required"},
    )
    with dg.DagsterInstance.get() as instance, open_store(settings_of(environ)) as store:
        yield Fleet(parts, environ, Runs(instance, celery), store, datasets)
