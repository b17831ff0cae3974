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


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the emulator."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    #: How often it fires; None: until a person has it mended.
    times: int | None = 1
    #: The step of the first process at which it is armed; None: from the start.
    since: str | None = None


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
    #: The tasks are pinned by somebody once: their files name no dataset.
    by_hand: bool = False
    #: The first process has everything answered in real time.
    at_once: bool = False
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

    def has(self, fault: str) -> bool:
        return any(armed.name == fault for armed in self.faults)
