"""The durable steps of the engine, and how a process is killed or stalled at one of them.

Wraps the functions that make things durable; the package itself knows nothing of this.
"""

import mmap
import os
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semantic_assets.gemini.agent_platform import AgentPlatform
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.developer_api import DeveloperApi
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.lake import Lake
from semantic_assets.ledger.index_versions import IndexVersions
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.lake_files.table_fingerprints import TableFiles
from semantic_assets.ledger.sources.sources import Sources
from semantic_assets.ledger.spending import Spending
from semantic_assets.ledger.tasks import Tasks
from semantic_assets.model.batch_job import REOPENING, JobState
from semantic_assets.pipeline.batch_jobs import deadlines, realtime
from semantic_assets.pipeline.flows import apply_outputs
from semantic_assets.pipeline.generation import media_uploads
from semantic_assets.pipeline.product_kinds import generation_kind
from semantic_assets.pipeline.vector_index import build

S = JobState


@dataclass(frozen=True, slots=True)
class Step:
    """A durable step: whose function it is, and which of its calls count."""

    name: str
    owner: Any
    function: str
    matches: Callable[[tuple[Any, ...]], bool] = lambda _: True


def _to(state: JobState) -> Callable[[tuple[Any, ...]], bool]:
    return lambda arguments: arguments[2] == state


def _below(folder: str) -> Callable[[tuple[Any, ...]], bool]:
    return lambda arguments: str(arguments[1]).startswith(f"{folder}/")


#: Files: killed when written and not yet renamed ("before"), or just renamed ("after").
FILES = [
    Step(f"{folder} file", Lake, "replacing", _below(folder))
    for folder in ("documents", "chunks", "manifests", "results", "embeddings")
]
CALLS = [
    Step("listing applied", Sources, "apply_listing"),
    Step("table recorded", TableFiles, "record"),
    Step("job row inserted", Jobs, "insert_if_fits"),
    Step("spend booked", Spending, "book"),
    Step("upload", DeveloperApi, "upload"),
    Step("move to creating", Jobs, "move", _to(S.CREATING)),
    Step("create call", DeveloperApi, "create_embedding_job"),
    Step("move to submitted", Jobs, "move", _to(S.SUBMITTED)),
    Step("move to running", Jobs, "move", _to(S.RUNNING)),
    Step("move to ended", Jobs, "move", _to(S.ENDED)),
    Step("download", DeveloperApi, "download"),
    Step("canary", Gemini, "embed_documents"),
    Step("keys indexed", KeyIndex, "add"),
    Step("move to collected", Jobs, "move", _to(S.COLLECTED)),
    Step("manifest deleted", Lake, "delete", _below("manifests")),
    Step("input deleted", DeveloperApi, "delete_file"),
    Step("remote job deleted", DeveloperApi, "delete_job"),
    Step("shard settled", Sources, "update_shard"),
    Step("index version started", IndexVersions, "start"),
    Step("index written", build, "write_description"),
    Step("index version switched", IndexVersions, "switch"),
]
#: Come to only where there are generation tasks.
GENERATION_FILES = [
    Step(f"{folder} file", Lake, "replacing", _below(folder))
    for folder in ("requests", "generations")
]
GENERATION_CALLS = [
    Step("task pinned", Tasks, "pin"),
    Step("media upload", DeveloperApi, "upload_media"),
    Step("media noted", media_uploads, "_note"),
    Step("generation create call", DeveloperApi, "create_generation_job"),
    # Between the outputs and the chunks that stand with them.
    Step("documents cut", apply_outputs, "chunk_documents"),
    Step("media deleted", generation_kind, "clear_uploads"),
]
#: Of answers in real time.
AT_ONCE = [
    Step("answers kept", realtime, "_keep"),
    Step("part deleted", Lake, "delete", _below("results")),
]
GENERATION = [step.name for step in [*GENERATION_FILES, *GENERATION_CALLS]]
#: Come to only when a job is refused, given up, distrusted, or turns up after all.
RARE = [
    Step("failure rows", deadlines, "write_job_failure"),
    Step("move to released", Jobs, "move", _to(S.RELEASED)),
    Step("move to rejected", Jobs, "move", _to(S.REJECTED)),
    Step("move to abandoned", Jobs, "move", _to(S.ABANDONED)),
    Step("move to gone", Jobs, "move", _to(S.GONE)),
    Step("move to quarantined", Jobs, "move", _to(S.QUARANTINED)),
    Step("rows taken back", Jobs, "held", lambda arguments: arguments[1].state in REOPENING),
]
USUAL = [step.name for step in [*FILES, *CALLS]]
_ALL_FILES = [*FILES, *GENERATION_FILES]
STEPS = {step.name: step for step in [*_ALL_FILES, *CALLS, *GENERATION_CALLS, *AT_ONCE, *RARE]}
WHENS = ("before", "after")


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens to a process: `kill` or `stop`, at the nth time it comes to a step."""

    step: str
    when: str
    nth: int = 1
    signal: int = signal.SIGKILL

    def __str__(self) -> str:
        word = "killed" if self.signal == signal.SIGKILL else "stalled"
        return f"{word} {self.when} {self.step} #{self.nth}"


def install(blow: Blow) -> None:
    """Arm this process: for good, it is a child that lives for one scenario."""
    on_step(blow.step, blow.when, blow.nth, lambda: os.kill(os.getpid(), blow.signal))


def on_step(name: str, when: str, nth: int, action: Callable[[], None]) -> None:
    """Do something the nth time this process comes to a step, before it or after."""
    step = STEPS[name]
    count = _counter(nth, action)
    if step in _ALL_FILES:
        _wrap_file(step, when, count)
    else:
        _wrap_call(step, when, count)


def _counter(nth: int, action: Callable[[], None]) -> Callable[[], None]:
    """Count over all processes forked from here: a worker may be one for each step."""
    memory = mmap.mmap(-1, 8)

    def come() -> None:
        seen = int(struct.unpack("q", memory[:8])[0]) + 1
        memory[:8] = struct.pack("q", seen)
        if seen == nth:
            action()

    return come


def _wrap_call(step: Step, when: str, come: Callable[[], None]) -> None:
    owners = (DeveloperApi, AgentPlatform) if step.owner is DeveloperApi else (step.owner,)
    for owner in owners:
        _wrap_call_of(owner, step, when, come)


def _wrap_call_of(owner: Any, step: Step, when: str, come: Callable[[], None]) -> None:
    original = getattr(owner, step.function)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        counts = step.matches(arguments)
        if counts and when == "before":
            come()
        found = original(*arguments, **named)
        if counts and when == "after":
            come()
        return found

    setattr(owner, step.function, wrapped)


def _wrap_file(step: Step, when: str, come: Callable[[], None]) -> None:
    original = Lake.replacing

    @contextmanager
    def wrapped(lake: Lake, relative: str, *more: Any) -> Iterator[Path]:
        counts = step.matches((lake, relative))
        with original(lake, relative, *more) as path:
            yield path
            if counts and when == "before":
                come()
        if counts and when == "after":
            come()

    Lake.replacing = wrapped  # type: ignore[method-assign]
