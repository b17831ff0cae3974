"""What a scenario is: a world, what befalls it, and how it must end."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.chaos.steps import Blow


class End(StrEnum):
    """Where a patient worker gets to before a person does anything."""

    DONE = "done"
    #: Nobody can list: whether a job was created stays open.
    UNCONFIRMED = "unconfirmed"
    QUARANTINED = "quarantined"
    #: A paid results file is missing or altered.
    DAMAGED = "damaged"
    #: The canary cannot be run: an answer is there and is not used.
    WAITING = "waiting"
    #: Texts ended as FAILED rows, with the reason.
    FAILED = "failed"


class Incident(StrEnum):
    """What happens to the lake or the key once the first work is done or dead."""

    OLD_LEDGER = "then an old ledger"
    LOST_LEDGER = "then the ledger is lost"
    OLD_TABLES = "then old tables"
    LOST_TABLES = "then all that can be rebuilt is lost"
    CUT_TABLES = "then all that can be rebuilt is cut off"
    CUT_RESULTS = "then a paid file is cut off"
    EMPTY_RESULTS = "then a paid file is empty"
    FLIPPED_RESULTS = "then bits of a paid file flip"
    LOST_RESULTS = "then a paid file is lost"
    SWAPPED_RESULTS = "then a paid file lies over another"
    NEW_KEY = "then a new key"
    NEW_ROOT = "then a mistyped root"
    COPIED_LAKE = "then a copy of the lake is used"
    EMPTY_LEDGER = "then the ledger is an empty file"
    LOST_MANIFEST = "then a manifest is lost"
    CUT_MANIFEST = "then a manifest is cut off"


class Life(StrEnum):
    """How long a worker lives."""

    LONG = "one process"
    #: As cron has it: discovery, each pass, each end.
    EACH_STEP = "each step a process"


class Clock(StrEnum):
    """The clock of this machine; Google's goes on as ever."""

    STEADY = "steady"
    #: While the first process works; then it is put right.
    AHEAD = "clock a day ahead"
    BEHIND = "clock an hour behind"
    #: The machine is off after the first pass, and once more after a blow.
    ASLEEP = "asleep for 60 hours"


class Task(StrEnum):
    """What a worker is there for."""

    ALL = "all"
    #: As `ALL`, whose texts are embedded at once first.
    AT_ONCE = "at once"
    #: As Dagster's job of that name, shard by shard: it waits for no batch.
    EMBED_SHARD = "embed_shard"
    #: As `refresh`, which waits for its batches, under one cap.
    REFRESH = "refresh"
    #: Documents are read and cut; nothing is sent.
    PREPARE = "prepare"
    #: Twenty questions are embedded, and nothing else.
    QUESTIONS = "questions"


@dataclass(frozen=True, slots=True)
class Cap:
    """What the workers may spend until the blow has fallen; afterwards it is raised."""

    usd: float
    setting: str = "SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"
    #: Nobody consented to anything.
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the emulator."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    #: How often it fires; None: until a person has it mended.
    times: int | None = 1
    #: The step of the first process at which it is armed; None: from the start.
    since: str | None = None
    #: How long it may fire, by the emulator's clock.
    for_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One world and what befalls it. Processes run side by side; the first takes the blow."""

    name: str
    blow: Blow | None = None
    processes: int = 1
    faults: tuple[Fault, ...] = ()
    mishap: Incident | None = None
    #: The step of the first process after which the lake is copied; None: before the work.
    copied_at: str | None = None
    edit: bool = False
    window: int = 2_000
    chat_window: int = 8_000
    #: Generation tasks of every dataset: see `corpus.py`.
    tasks: tuple[str, ...] = ()
    #: As many documents as token counts are looked at from, in one generation job.
    many: bool = False
    #: Bytes of a job's input at most, through the Agent Platform; None: as ever.
    most_bytes: int | None = None
    #: The tasks are pinned by somebody once: their files name no dataset.
    by_hand: bool = False
    task: Task = Task.ALL
    life: Life = Life.LONG
    clock: Clock = Clock.STEADY
    cap: Cap | None = None
    #: A second dataset is cut while the first process works.
    grows: bool = False
    #: Nobody notices the mishap: work goes on, or is refused, before a person does what it takes.
    unnoticed: bool = False
    #: How the clock of the one who retries FAILED texts is off.
    retried_at: float = 0.0
    #: What the fault is of lasts when a person has retried once.
    in_vain: bool = False
    #: All must be done within so many rounds; None: as many as a patient worker has.
    rounds: int | None = None
    #: Seconds between the passes of the first workers; None: half a minute, then ever more.
    pause: float | None = None
    #: Listings have shown names of this ledger before: without that no job is given up.
    names_seen: bool = False
    #: One of its datasets goes through the Agent Platform, the other by the key.
    is_of_two: bool = False
    #: A slow body must end within a second here: nobody waits for three quarters of a minute.
    hurried: bool = False
    #: The task files are edited once the first work is done or dead.
    reworded: bool = False
    #: The one who takes over from a stalled process waits until all is done, days if need be.
    patient_takeover: bool = False
    ends: End = End.DONE
    #: At most so many jobs end quarantined, and exactly so many chunks and documents FAILED.
    affected: int = 0
    #: What the person says of an unconfirmed job: it was created, or it never was.
    was_created: bool = True
    #: Goes wrong by what the README says cannot be detected; the verdict must show it.
    apart: bool = False
    #: What of the verdict shows it.
    shows: str = "paid_twice"
    safeguard_off: str | None = None
    #: With the safeguard off: what of the verdict must be wrong.
    sees: str | None = None

    @property
    def at_once(self) -> bool:
        return self.task is Task.AT_ONCE

    @property
    def is_counted_by_estimate(self) -> bool:
        """Whether answers carry no count, or none that can be one."""
        is_scrambled = self.has("token-counts-scrambled") and self.ends is not End.QUARANTINED
        return is_scrambled or self.has("token-counts-missing")

    def has(self, fault: str) -> bool:
        return any(armed.name == fault for armed in self.faults)
