"""Faults a job is born with: their choice, and their effects on its life.

All is decided when the job is created and written into its row, so its state stays a function of
the row and the time. Not here: what happens to result lines (`result_faults.py`).
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from semantic_assets.emulator.faults import answer_faults
from semantic_assets.emulator.faults import armed as faults
from semantic_assets.emulator.faults.armed import Armed
from semantic_assets.emulator.faults.fault import At, Parameters
from semantic_assets.emulator.faults.fault_table import FAULTS
from semantic_assets.emulator.faults.refusals import not_yet_readable
from semantic_assets.emulator.http.errors import (
    DEADLINE_EXCEEDED_CODE,
    INTERNAL_CODE,
    PERMISSION_DENIED_CODE,
)
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.jobs import (
    Job,
    JobFault,
    JobState,
    Plan,
    cancelled_message,
    decode_row,
)
from semantic_assets.emulator.jobs.texts import SentText
from semantic_assets.emulator.state import State

_AT_BIRTH = (At.JOB, At.JOB_OR_REALTIME)
_CONTAINS = ("whole-job-fails-if", "invalid-texts", answer_faults.BLOCKED)
_TRANSIENT = "transient-error-lines"
_SWAPPED_FILES = "swapped-result-files"
_OF_VECTORS = frozenset(
    {
        *("wrong-dimensions", "nan-values", "null-values", "zero-vectors"),
        *("token-counts-missing", "token-counts-scrambled"),
    }
)
_OF_FILES = frozenset({"result-late", "corrupted-line", _SWAPPED_FILES})
_OF_FOLDERS = frozenset(
    {
        *("output-folder-late", "output-folder-half-written", "output-wrong-prefix"),
        *("output-in-many-files", "output-with-others", "stats-disagree"),
        *("bucket-refused-to-service", "queued-for"),
    }
)
_OF_SEVERAL_LINES = frozenset({"shuffled-lines", "swapped-keys"})

#: fault name -> the rows it can affect
Sighted = Mapping[str, list[int]]
#: position and digest of each text
Digests = list[tuple[int, bytes]]


def sight(sent: Iterable[SentText], armed: Armed) -> tuple[Sighted, Digests]:
    """Find the texts of a new job that armed faults look for; return their rows and digests."""
    words = {name: armed[name]["contains"] for name in _CONTAINS if name in armed}
    digests: Digests = []
    if not words and _TRANSIENT not in armed:
        return {}, digests
    found: dict[str, list[int]] = {name: [] for name in words}
    for request in sent:
        digests.append((request.number, request.contents_sha))
        for name, word in words.items():
            if word in (request.text or ""):
                found[name].append(request.number)
    return found, digests


def born(db: sqlite3.Connection, job: Job, armed: Armed, seen: tuple[Sighted, Digests]) -> Job:
    """Return the job with the faults it is born with; a malformed job gets none."""
    if not job.request_count:
        return job
    for name in armed:
        if FAULTS[name].at not in _AT_BIRTH or not _fits(name, job):
            continue
        rows = _first_seen(db, seen[1]) if name == _TRANSIENT else seen[0].get(name)
        if rows == [] or (firing := faults.claim(db, name)) is None:
            continue
        lines = _failing_lines(firing, job, rows)
        fault = JobFault(
            name=name, parameters=dict(firing.parameters), number=firing.number, lines=lines
        )
        job = replace(job, faults=(*job.faults, fault))
        job = _CHANGES.get(name, _unchanged)(job, firing.parameters)
    return job


def _fits(name: str, job: Job) -> bool:
    if name in _OF_VECTORS and job.kind is not Kind.EMBED:
        return False
    if name in answer_faults.NAMES and job.kind is not Kind.GENERATE:
        return False
    if name in _OF_FILES and job.source_file is None:
        return False
    if name in _OF_FOLDERS and job.output_prefix is None:
        return False
    return name not in _OF_SEVERAL_LINES or job.request_count > 1


def _first_seen(db: sqlite3.Connection, digests: Digests) -> list[int]:
    return [
        number
        for number, digest in digests
        if db.execute("INSERT OR IGNORE INTO seen_text VALUES (?)", [digest]).rowcount
    ]


def _failing_lines(firing: faults.Firing, job: Job, rows: list[int] | None) -> tuple[int, ...]:
    if firing.name == "invalid-texts":
        return tuple(rows or ())
    if firing.name not in (_TRANSIENT, "error-lines"):
        return ()
    among = range(job.request_count) if rows is None else rows
    return choose(among, firing.name, firing.number, fraction=firing.parameters["fraction"])


def choose(among: Any, name: str, number: int, *, fraction: float) -> tuple[int, ...]:
    """Choose some of these rows, at least one, and the same whenever asked."""
    count = min(len(among), max(1, round(fraction * len(among))))
    return tuple(sorted(Random(f"{name}/{number}").sample(among, count)))


def _unchanged(job: Job, _: Parameters) -> Job:
    return job


def _stuck_pending(job: Job, parameters: Parameters) -> Job:
    until = job.created_at + parameters["seconds"]
    return replace(job, plan=_expired(starts_at=until, ends_at=until))


def _stuck_running(job: Job, parameters: Parameters) -> Job:
    ends_at = job.plan.starts_at + parameters["seconds"]
    return replace(job, plan=_expired(starts_at=job.plan.starts_at, ends_at=ends_at))


def _ends_expired(job: Job, _: Parameters) -> Job:
    return replace(job, plan=_expired(starts_at=job.plan.starts_at, ends_at=job.plan.ends_at))


def _expired(*, starts_at: float, ends_at: float) -> Plan:
    return Plan(
        starts_at=starts_at,
        ends_at=ends_at,
        end_state=JobState.EXPIRED,
        error_code=DEADLINE_EXCEEDED_CODE,
        error_message="Batch expired.",
    )


def _fails(job: Job, parameters: Parameters) -> Job:
    return _with_error(job, JobState.FAILED, parameters.get("message", "Internal error."))


def _is_refused(job: Job, parameters: Parameters) -> Job:
    """Fail as soon as the input is read, or when all is done and written: then it is not billed."""
    reads = parameters["place"] == "input"
    said = (
        "The Vertex AI service account does not have permission to "
        f"{'read' if reads else 'write'} {job.source_file if reads else job.output_prefix}."
    )  # guess: the wording of live is not known
    ends_at = job.plan.starts_at if reads else job.plan.ends_at
    plan = replace(job.plan, ends_at=ends_at, end_state=JobState.FAILED)
    return replace(job, plan=replace(plan, error_code=PERMISSION_DENIED_CODE, error_message=said))


def _ends_cancelled(job: Job, _: Parameters) -> Job:
    return _with_error(job, JobState.CANCELLED, cancelled_message(job))


def _with_error(job: Job, end_state: JobState, message: str) -> Job:
    plan = replace(job.plan, end_state=end_state, error_code=INTERNAL_CODE, error_message=message)
    return replace(job, plan=plan)


def _partially_succeeds(job: Job, parameters: Parameters) -> Job:
    served = int(parameters["served_fraction"] * job.request_count)
    state = JobState.PARTIALLY_SUCCEEDED
    return replace(job, plan=replace(job.plan, end_state=state, served_count=served))


def _later(job: Job, parameters: Parameters) -> Job:
    delay = parameters["seconds"]
    starts_at, ends_at = job.plan.starts_at + delay, job.plan.ends_at + delay
    return replace(job, plan=replace(job.plan, starts_at=starts_at, ends_at=ends_at))


def _deleted(job: Job, parameters: Parameters) -> Job:
    return replace(job, deleted_at=job.created_at + parameters["after_seconds"])


def _not_listed(job: Job, parameters: Parameters) -> Job:
    return replace(job, listed_from=job.created_at + parameters["seconds"])


def _lingers(job: Job, parameters: Parameters) -> Job:
    return replace(job, lingers_seconds=parameters["seconds"])


def is_output_late(job: Job, now: float) -> bool:
    """Return whether the output of an ended job is not named yet."""
    late = job.fault("output-late")
    return late is not None and now < job.plan.ends_at + late.parameters["seconds"]


_CHANGES: Mapping[str, Callable[[Job, Parameters], Job]] = {
    "stuck-pending": _stuck_pending,
    "stuck-running": _stuck_running,
    "ends-expired": _ends_expired,
    "ends-failed": _fails,
    "whole-job-fails-if": _fails,
    "ends-cancelled": _ends_cancelled,
    "bucket-refused-to-service": _is_refused,
    "ends-partially-succeeded": _partially_succeeds,
    "unknown-state": _later,
    "queued-for": _later,
    "deleted-by-somebody": _deleted,
    "tokens-stay-enqueued": _lingers,
    "name-missing-from-list": _not_listed,
}


def shown_state(job: Job, now: float) -> str:
    """Return the state as clients read it."""
    unknown = job.fault("unknown-state")
    if unknown and now < job.created_at + unknown.parameters["seconds"]:
        return str(unknown.parameters["state"])
    state = job.state(now).value
    if spelling := job.fault("job-state-spelling"):
        return str(spelling.parameters["prefix"]) + state.removeprefix("BATCH_STATE_")
    return state


def file_of(state: State, job: Job, now: float) -> Job:
    """Return the job whose answers a download of this one gets.

    Raises:
        GoogleError: 404 or 403, while the file is late.
    """
    late = job.fault("result-late")
    if late and now < job.plan.ends_at + late.parameters["seconds"]:
        raise not_yet_readable(late.parameters["code"], f"batch-{job.job_id}")
    return answered_by(state, job, now)


def answered_by(state: State, job: Job, now: float) -> Job:
    """Return the job whose answers this one has: its own, but for swapped files."""
    return _partner(state, job, now) if job.fault(_SWAPPED_FILES) else job


def _partner(state: State, job: Job, now: float) -> Job:
    with state.reading() as db:
        rows = db.execute(
            "SELECT * FROM job WHERE owner = ? AND faults LIKE ? ORDER BY sequence",
            [job.owner, f'%"{_SWAPPED_FILES}"%'],
        ).fetchall()
    swapped = [decode_row(row) for row in rows]
    position = [other.job_id for other in swapped].index(job.job_id) ^ 1
    is_there = position < len(swapped) and swapped[position].has_output(now)
    return swapped[position] if is_there else job
