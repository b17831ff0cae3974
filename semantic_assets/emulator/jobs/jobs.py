"""A batch job: its row, and its state as a function of that row and the time.

Nothing ever moves a job. Creating it writes down when it will start, end, and how; cancelling
rewrites that future. The faults it was born with are part of its row. Not here: what clients
see of it, and what those faults do (`job_faults.py`, `result_faults.py`).
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from semantic_assets.emulator.http.errors import (
    CANCELLED_CODE,
    DEADLINE_EXCEEDED_CODE,
    INTERNAL_CODE,
    INVALID_ARGUMENT_CODE,
    PERMISSION_DENIED_CODE,
)
from semantic_assets.emulator.jobs.catalogue import Kind

# A job pending or running for longer is EXPIRED, without results (Google's docs).
LONGEST_LIFE_SECONDS = 48 * 3600.0
# Finished jobs are listed, and their results kept, for about so long (third-party reports).
KEPT_SECONDS = 42 * 86_400.0
# Part of the latency that a job spends PENDING.
_PENDING_SHARE = 0.3


class JobState(StrEnum):
    """Google's job states; live sends this prefix and not JOB_STATE_ (third-party reports)."""

    PENDING = "BATCH_STATE_PENDING"
    RUNNING = "BATCH_STATE_RUNNING"
    SUCCEEDED = "BATCH_STATE_SUCCEEDED"
    FAILED = "BATCH_STATE_FAILED"
    CANCELLED = "BATCH_STATE_CANCELLED"
    EXPIRED = "BATCH_STATE_EXPIRED"
    PARTIALLY_SUCCEEDED = "BATCH_STATE_PARTIALLY_SUCCEEDED"


#: with output, which is billed
SUCCESSFUL = frozenset({JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED})
TERMINAL = SUCCESSFUL | {JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The times at which a job starts and ends, and how it ends."""

    starts_at: float
    ends_at: float
    end_state: JobState
    error_code: int | None = None
    error_message: str | None = None
    #: rows answered before the end; None: all
    served_count: int | None = None


@dataclass(frozen=True, kw_only=True)
class JobFault:
    """A fault a job was born with."""

    name: str
    parameters: dict[str, Any]
    #: the seed of what it chooses later
    number: int
    #: the rows it answers with an error
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A row of the table `job`."""

    job_id: str
    owner: str
    kind: Kind
    model: str
    display_name: str | None
    #: None: the requests came inlined
    source_file: str | None
    blob: str
    request_count: int
    token_count: int
    invalid_lines: tuple[int, ...]
    created_at: float
    deleted_at: float | None
    plan: Plan
    #: None: from the beginning
    listed_from: float | None = None
    #: its tokens stay enqueued for so long after its end
    lingers_seconds: float = 0.0
    faults: tuple[JobFault, ...] = ()
    #: of the Agent Platform: the URI below which its output folder is made
    output_prefix: str | None = None
    #: position among all jobs; 0 until stored
    sequence: int = 0

    def state(self, now: float) -> JobState:
        """Return the state at that time."""
        if now < self.plan.starts_at and now < self.plan.ends_at:
            return JobState.PENDING
        return JobState.RUNNING if now < self.plan.ends_at else self.plan.end_state

    def changed_at(self, now: float) -> float:
        """Return when the state of that time was entered."""
        if now >= self.plan.ends_at:
            return self.plan.ends_at
        return self.plan.starts_at if now >= self.plan.starts_at else self.created_at

    def has_output(self, now: float) -> bool:
        """Return whether there is something to download."""
        return self.state(now) in SUCCESSFUL

    def is_billed(self, now: float) -> bool:
        """Return whether the requests it has answered are paid for."""
        state = self.state(now)
        return state in SUCCESSFUL or (state is JobState.FAILED and bool(self.plan.served_count))

    def fault(self, name: str) -> JobFault | None:
        """Return the fault of that name, if the job was born with it."""
        return next((fault for fault in self.faults if fault.name == name), None)

    def is_deleted(self, now: float) -> bool:
        """Return whether clients have lost sight of the job."""
        return self.deleted_at is not None and self.deleted_at <= now

    @property
    def served_count(self) -> int:
        """The number of requests answered, with a vector or with an error of their own."""
        served = self.plan.served_count
        return self.request_count if served is None else served

    @property
    def failed_count(self) -> int:
        """The number of requests that end as an error line."""
        unserved = self.request_count - self.served_count
        return unserved + sum(number < self.served_count for number in self.failed_lines)

    @property
    def failed_lines(self) -> frozenset[int]:
        """The rows that end as an error of their own, if they are reached."""
        return frozenset(self.invalid_lines).union(*(fault.lines for fault in self.faults))


def plan_normal(
    created_at: float, latency_seconds: float, *, longest_seconds: float = LONGEST_LIFE_SECONDS
) -> Plan:
    """Plan a job: PENDING, RUNNING, then SUCCEEDED; EXPIRED if that takes too long."""
    starts_at = created_at + _PENDING_SHARE * latency_seconds
    deadline = created_at + longest_seconds
    if created_at + latency_seconds <= deadline:
        ends_at = created_at + latency_seconds
        return Plan(starts_at=starts_at, ends_at=ends_at, end_state=JobState.SUCCEEDED)
    return Plan(
        starts_at=starts_at,
        ends_at=deadline,
        end_state=JobState.EXPIRED,
        error_code=DEADLINE_EXCEEDED_CODE,  # guess: live is not known
        error_message="Batch expired.",
    )


def plan_malformed(created_at: float, latency_seconds: float, message: str) -> Plan:
    """Plan a job that is FAILED when its input is read, which is when it would start."""
    starts_at = created_at + _PENDING_SHARE * latency_seconds
    return Plan(
        starts_at=starts_at,
        ends_at=starts_at,
        end_state=JobState.FAILED,
        error_code=INVALID_ARGUMENT_CODE,
        error_message=message,
    )


def cancelled_message(job: Job) -> str:
    """Return what the service says of a cancelled job (live, third-party report)."""
    return f"Batch {job.job_id} failed without error."


def plan_cancelled(job: Job, now: float) -> Plan:
    """Plan the future of a job cancelled now (third-party reports).

    Before its start: CANCELLED with code 13 and this message (live), where the REST page says 1.
    After its start: SUCCEEDED, with the rows not yet reached in error. After its end: nothing
    changes (guess).
    """
    plan = job.plan
    if job.state(now) is JobState.PENDING:
        return Plan(
            starts_at=plan.starts_at,
            ends_at=now,
            end_state=JobState.CANCELLED,
            error_code=INTERNAL_CODE,
            error_message=cancelled_message(job),
        )
    if job.state(now) is JobState.RUNNING:
        share = (now - plan.starts_at) / (plan.ends_at - plan.starts_at)
        if fault := job.fault("cancel-ends-succeeded"):
            share = fault.parameters["served_fraction"]
        return Plan(
            starts_at=plan.starts_at,
            ends_at=now,
            end_state=JobState.SUCCEEDED,
            served_count=int(share * job.request_count),
        )
    return plan


def cancel(db: sqlite3.Connection, job_id: str, now: float) -> None:
    """Give a job the future of one that is cancelled now, inside the caller's transaction."""
    current = decode_row(db.execute("SELECT * FROM job WHERE job_id = ?", [job_id]).fetchone())
    replace_plan(db, current, plan_cancelled(current, now))


def lose_input(db: sqlite3.Connection, blob: str, refusal: str, now: float) -> None:
    """Let the jobs that still need a deleted input file end FAILED (guess: live is not known).

    One that waits finds it gone when it starts; one that runs when it reads on, and what it had
    answered by then is billed.
    """
    db.execute(
        "UPDATE job SET ends_at = max(:now, starts_at), end_state = :state, served_count ="
        " CAST(max(0.0, (:now - starts_at) / (ends_at - starts_at)) * request_count AS INTEGER),"
        " error_code = :code, error_message = :refusal WHERE blob = :blob AND ends_at > :now",
        {
            **{"now": now, "state": JobState.FAILED, "code": PERMISSION_DENIED_CODE},
            **{"refusal": refusal, "blob": blob},
        },
    )


#: the error of an unserved row, which has no message
UNSERVED_ERROR = {"code": CANCELLED_CODE}


def insert(db: sqlite3.Connection, job: Job) -> None:
    """Store a new job."""
    row = asdict(job)
    del row["sequence"]
    row |= row.pop("plan")
    row["invalid_lines"] = json.dumps(job.invalid_lines)
    row["faults"] = json.dumps(row["faults"])
    names = ", ".join(row)
    db.execute(f"INSERT INTO job ({names}) VALUES ({', '.join(':' + name for name in row)})", row)


def replace_plan(db: sqlite3.Connection, job: Job, plan: Plan) -> None:
    """Replace the plan of a job."""
    row = asdict(plan)
    sets = ", ".join(f"{name} = :{name}" for name in row)
    db.execute(f"UPDATE job SET {sets} WHERE job_id = :job_id", {**row, "job_id": job.job_id})


def decode_row(row: sqlite3.Row) -> Job:
    """Return the job of a stored row."""
    return Job(
        job_id=row["job_id"],
        owner=row["owner"],
        kind=Kind(row["kind"]),
        model=row["model"],
        display_name=row["display_name"],
        source_file=row["source_file"],
        blob=row["blob"],
        request_count=row["request_count"],
        token_count=row["token_count"],
        invalid_lines=tuple(json.loads(row["invalid_lines"])),
        created_at=row["created_at"],
        deleted_at=row["deleted_at"],
        listed_from=row["listed_from"],
        lingers_seconds=row["lingers_seconds"],
        faults=tuple(map(_decode_fault, json.loads(row["faults"]))),
        output_prefix=row["output_prefix"],
        sequence=row["sequence"],
        plan=Plan(
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            end_state=JobState(row["end_state"]),
            error_code=row["error_code"],
            error_message=row["error_message"],
            served_count=row["served_count"],
        ),
    )


def _decode_fault(stored: dict[str, Any]) -> JobFault:
    return JobFault(**{**stored, "lines": tuple(stored["lines"])})
