"""Batch jobs: their kinds, their states, the moves between states, and Google's state names.

uploading    row, then manifest, then upload; released when its lease is dead: no remote job exists
creating     the last durable state before the one POST that is not idempotent
unconfirmed  the POST may have arrived; only a listing tells
submitted    answered with a name         running    the remote works on it
ended        remote terminal; whatever the end state, its output is collected first
gone         two 404s ten minutes apart   quarantined  the answers are not trusted; a person decides
damaged      its results file is missing or altered: a person has it put back, or pays again
collected, released, rejected, abandoned, gone are final.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    EMBEDDING = "EMBEDDING"
    MEDIA_DESCRIPTION = "MEDIA_DESCRIPTION"
    GENERATION = "GENERATION"


class JobState(StrEnum):
    UPLOADING = "uploading"
    CREATING = "creating"
    UNCONFIRMED = "unconfirmed"
    SUBMITTED = "submitted"
    RUNNING = "running"
    ENDED = "ended"
    QUARANTINED = "quarantined"
    COLLECTED = "collected"
    DAMAGED = "damaged"
    RELEASED = "released"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    GONE = "gone"


S = JobState
MOVES: dict[JobState, frozenset[JobState]] = {
    S.UPLOADING: frozenset({S.CREATING, S.RELEASED, S.REJECTED, S.COLLECTED}),
    S.CREATING: frozenset({S.SUBMITTED, S.RELEASED, S.REJECTED, S.UNCONFIRMED, S.COLLECTED}),
    S.UNCONFIRMED: frozenset({S.SUBMITTED, S.ABANDONED, S.COLLECTED}),
    S.SUBMITTED: frozenset({S.RUNNING, S.ENDED, S.GONE, S.ABANDONED, S.COLLECTED}),
    # Only real-time calls: a part of their answers is damaged.
    S.RUNNING: frozenset({S.ENDED, S.GONE, S.ABANDONED, S.COLLECTED, S.DAMAGED}),
    S.ENDED: frozenset({S.COLLECTED, S.QUARANTINED, S.GONE}),
    S.QUARANTINED: frozenset({S.COLLECTED, S.ABANDONED}),
    # An abandoned job that turns up later is re-opened and collected, and so is its results file.
    S.ABANDONED: frozenset({S.SUBMITTED, S.COLLECTED}),
    S.GONE: frozenset({S.SUBMITTED, S.COLLECTED}),
    S.COLLECTED: frozenset({S.DAMAGED}),
    S.DAMAGED: frozenset({S.COLLECTED, S.ABANDONED}),
    S.RELEASED: frozenset({S.COLLECTED}),
    S.REJECTED: frozenset({S.COLLECTED}),
}
FINAL = frozenset({S.COLLECTED, S.RELEASED, S.REJECTED, S.ABANDONED, S.GONE})
#: Given-up jobs that may still turn up: their manifests stay.
REOPENING = frozenset({S.ABANDONED, S.GONE})
#: A job in one of these states owns its texts: no other job may carry them.
WITHHOLDING = frozenset(JobState) - FINAL
#: Their tokens count against the enqueued-token window.
IN_WINDOW = frozenset({S.UPLOADING, S.CREATING, S.UNCONFIRMED, S.SUBMITTED, S.RUNNING})
#: Jobs whose state is polled from the remote.
ACTIVE_REMOTE = frozenset({S.SUBMITTED, S.RUNNING})


class Stage(StrEnum):
    """The five stages that users see instead of the states."""

    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


STAGE_OF: dict[JobState, Stage] = {
    S.UPLOADING: Stage.CREATED,
    S.CREATING: Stage.CREATED,
    S.UNCONFIRMED: Stage.CREATED,
    S.SUBMITTED: Stage.SUBMITTED,
    S.RUNNING: Stage.PROCESSING,
    S.ENDED: Stage.PROCESSING,
    S.QUARANTINED: Stage.FAILED,
    S.COLLECTED: Stage.COMPLETED,
    S.DAMAGED: Stage.FAILED,
    S.RELEASED: Stage.FAILED,
    S.REJECTED: Stage.FAILED,
    S.ABANDONED: Stage.FAILED,
    S.GONE: Stage.FAILED,
}


class JobOutcome(StrEnum):
    """How a job ended: in every view, beside its stage."""

    SUCCEEDED = "succeeded"
    #: Google is done with it, and some of its texts have no answer.
    PARTLY_FAILED = "partly_failed"
    #: Google failed it, or none of its texts has an answer.
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    #: At Google, by somebody else.
    DELETED = "deleted"
    NOT_CREATED = "not_created"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"
    QUARANTINED = "quarantined"
    DAMAGED = "damaged"


_OF_STATE: dict[JobState, JobOutcome] = {
    S.QUARANTINED: JobOutcome.QUARANTINED,
    S.DAMAGED: JobOutcome.DAMAGED,
    S.RELEASED: JobOutcome.NOT_CREATED,
    S.REJECTED: JobOutcome.REJECTED,
    S.ABANDONED: JobOutcome.GIVEN_UP,
    S.GONE: JobOutcome.DELETED,
}
_OF_REMOTE = {
    "FAILED": JobOutcome.FAILED,
    "EXPIRED": JobOutcome.EXPIRED,
    "CANCELLED": JobOutcome.CANCELLED,
    "GONE": JobOutcome.DELETED,
}
#: Outcomes of jobs that are FAILED.
NOT_GOOD = frozenset(JobOutcome) - {JobOutcome.SUCCEEDED, JobOutcome.PARTLY_FAILED}

_REMOTE_TERMINAL = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
_REMOTE_RUNNING = frozenset({"RUNNING"})


def remote_word(remote_state: str) -> str:
    """Strip the prefix: `JOB_STATE_RUNNING` and `BATCH_STATE_RUNNING` both give `RUNNING`."""
    return remote_state.removeprefix("JOB_STATE_").removeprefix("BATCH_STATE_")


def state_of_remote(remote_state: str) -> JobState:
    """Map Google's state to ours; an unknown word counts as submitted, never as an end."""
    word = remote_word(remote_state)
    if word in _REMOTE_TERMINAL:
        return S.ENDED
    return S.RUNNING if word in _REMOTE_RUNNING else S.SUBMITTED


#: What we note as the remote state of a job that Google no longer knows.
REMOTE_GONE = "GONE"


def display_name(ledger_id: str, job_id: str) -> str:
    """Return the name that ties a remote job to its row even if the create answer is lost."""
    return f"sa-{ledger_id}-{job_id}"


def parse_display_name(name: str | None) -> tuple[str, str] | None:
    """Return (ledger_id, job_id) of a display name of this tool; None for any other."""
    prefix, _, rest = (name or "").partition("-")
    ledger_id, _, job_id = rest.rpartition("-")
    return (ledger_id, job_id) if prefix == "sa" and ledger_id and job_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One row of the ledger's job table."""

    job_id: str
    kind: JobKind
    #: The embedding space, or the generation task, the answers belong to.
    product_id: str
    scope_id: str
    model: str
    state: JobState
    fence: int
    display_name: str
    remote_name: str | None = None
    remote_state: str | None = None
    #: Shards whose chunks asked for the texts when the job was formed.
    shards: tuple[str, ...]
    requests: int
    tokens_estimated: int
    tokens_actual: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    input_file: str | None = None
    result_file: str | None = None
    error_message: str | None = None
    #: Embedded in real time by the process that made the row; Google knows no such job.
    is_realtime: bool
    cancel_requested_at: float | None = None
    absent_listings: int = 0
    absent_since: float | None = None
    created_at: float
    updated_at: float
    submitted_at: float | None = None
    ended_at: float | None = None
    #: Of generation jobs; as expected when it was formed, and as billed.
    output_tokens_estimated: int | None = None
    output_tokens_actual: int | None = None

    @property
    def stage(self) -> Stage:
        """The stage shown: a job that did not end well is FAILED, also when all of it is collected."""
        if self.state == S.COLLECTED and self.outcome in NOT_GOOD:
            return Stage.FAILED
        return STAGE_OF[self.state]

    @property
    def outcome(self) -> JobOutcome | None:
        """How it ended, as far as is known; None while it is open."""
        if self.state not in (S.COLLECTED, S.ENDED):
            return _OF_STATE.get(self.state)
        told = _OF_REMOTE.get(remote_word(self.remote_state or ""))
        if told is not None or self.state == S.ENDED:
            return told
        if not self.failed:
            return JobOutcome.SUCCEEDED
        return JobOutcome.PARTLY_FAILED if self.succeeded else JobOutcome.FAILED

    @property
    def trouble(self) -> str | None:
        """Why it did not end well: what Google or we said of it, or else what it lacks."""
        if self.error_message or self.outcome in (None, JobOutcome.SUCCEEDED):
            return self.error_message
        if not self.failed:
            return f"{self.outcome} at Google"
        lacking = f"{self.failed} of {self.requests} texts were not answered"
        is_told = remote_word(self.remote_state or "") in _OF_REMOTE
        return f"{self.outcome} at Google: {lacking}" if is_told else lacking

    def as_stored(self) -> dict[str, Any]:
        """Return the row as manifests and results files store it; `stored_job` reads it back."""
        values = asdict(self)
        return {"space_id": values.pop("product_id"), **values}


def stored_job(values: Mapping[str, Any]) -> BatchJob:
    """Return the job that `BatchJob.as_stored` described."""
    return BatchJob(
        product_id=values["space_id"],
        kind=JobKind(values["kind"]),
        state=JobState(values["state"]),
        shards=tuple(values["shards"]),
        **{name: value for name, value in values.items() if name not in _CONVERTED},
    )


#: Fields that do not survive a round trip through JSON unchanged.
_CONVERTED = {"space_id", "kind", "state", "shards"}
