"""Switching safeguards off, to see the harness go red without them. No user can do this."""

from collections.abc import Callable
from typing import Any

from semantic_assets.batching import answers
from semantic_assets.ledger import jobs
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.leases import Lease, Leases
from semantic_assets.model.jobs import JobState
from semantic_assets.verbs import collect, pending, plan, poll, submit
from semantic_assets.verbs.pending import Withheld


def no_adoption() -> None:
    """An unanswered create call is taken for one that did not arrive."""
    submit._leave_unconfirmed = lambda store, planned, reason: submit._release(  # type: ignore[assignment]
        store, planned, JobState.CREATING, reason
    )
    Jobs.move.__globals__["MOVES"][JobState.CREATING] |= {JobState.RELEASED}


def no_withholding() -> None:
    """Texts of open jobs are not held back from others."""
    plan.withheld_texts = lambda store, space: Withheld({}, True)


def no_plan_lease() -> None:
    """Everybody plans at once."""
    real = Leases.acquire

    def acquire(self: Leases, name: str) -> Lease | None:
        return Lease("plan", "nobody", 0) if name == "plan" else real(self, name)

    Leases.acquire = acquire  # type: ignore[method-assign]
    renew = Leases.renew
    Leases.renew = lambda self, lease: lease.name == "plan" or renew(self, lease)  # type: ignore[method-assign]
    jobs.require_fence = lambda *_: None
    time_consuming = plan._Planner._try_form

    def slow(self: Any, *arguments: Any) -> Any:
        import time

        time.sleep(0.3)  # widen the gap the lease closes
        return time_consuming(self, *arguments)

    plan._Planner._try_form = slow  # type: ignore[method-assign]


def no_fence() -> None:
    """A stalled uploader goes on though its job was taken over."""
    real = Jobs.move

    def move(self: Jobs, job_id: str, to: JobState, **values: Any) -> Any:
        if to == JobState.CREATING:
            return self.find(job_id)
        return real(self, job_id, to, **values)

    Jobs.move = move  # type: ignore[method-assign]
    Lease.require = lambda self: None  # type: ignore[method-assign]


def no_key_check() -> None:
    """Answers are taken in the order of the requests, as with inline batches."""
    real = collect.decode_answers

    def decode(lines: Any, *, expected: Any, dimensions: int, normalise: bool) -> Any:
        keys = list(expected)
        for block in real(lines, expected=keys, dimensions=dimensions, normalise=normalise):
            block.keys = [keys.pop(0) for _ in block.keys]
            yield block

    collect.decode_answers = decode  # type: ignore[assignment]
    collect.verify_answers = lambda *_: None


def no_verification() -> None:
    """Token counts and canaries are not looked at."""
    collect.verify_answers = lambda *_: None


def no_vector_check() -> None:
    """Any numbers are taken for a vector."""
    real = answers._finished

    def finished(block: Any, normalise: bool) -> Any:
        import numpy as np

        block.vectors = np.nan_to_num(block.vectors) + 1e-3
        return real(block, normalise)

    answers._finished = finished
    collect.verify_answers = lambda *_: None


def no_missing_rows() -> None:
    """A key without an answer is dropped in silence: its row counts as answered."""
    from semantic_assets.verbs import landing

    landing.write_failures = lambda *_, **__: None
    real = pending._is_open
    pending._is_open = lambda landed, limit: landed is not None and real(landed, limit)


def no_gone_delay() -> None:
    """A job that a listing does not show is gone."""
    poll._ask = lambda store, gemini, job: store.ledger.jobs.move(
        job.job_id, JobState.ENDED, of=[job.state], remote_state="GONE"
    )


SAFEGUARDS: dict[str, Callable[[], None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        no_adoption,
        no_withholding,
        no_plan_lease,
        no_fence,
        no_key_check,
        no_verification,
        no_vector_check,
        no_missing_rows,
        no_gone_delay,
    )
}
