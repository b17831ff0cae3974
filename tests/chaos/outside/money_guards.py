"""Switching off what books money with the row, keeps caps where money is spent, and books doubt."""

from contextlib import nullcontext
from typing import Any

from semantic_assets.ledger import jobs
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.pipeline.batch_jobs import collect, deadlines, realtime, resolve, submit
from semantic_assets.pipeline.costs import budgets, paid_calls, questions
from semantic_assets.store import Store


def money_after_the_move() -> None:
    """The row moves to its final state, and money follows in a transaction of its own."""
    late: list[tuple[Any, ...]] = []
    real_settle, real_finalize = jobs.settle_move, collect.finalize_job
    jobs.settle_move = lambda connection, database, *what: late.append((database, *what))

    def finalize_job(store: Store, *arguments: Any, **named: Any) -> Any:
        outcomes = real_finalize(store, *arguments, **named)
        while late:
            database, *what = late.pop(0)
            with database.write() as connection:
                real_settle(connection, database, *what)
        return outcomes

    for module in (collect, deadlines, resolve, submit):
        module.finalize_job = finalize_job  # type: ignore[attr-defined]


def no_cap_at_insertion() -> None:
    """No cap is asked in the transaction that inserts a job."""
    for name in ("insert", "insert_if_fits"):
        real = getattr(Jobs, name)

        def unguarded(self: Jobs, *arguments: Any, real: Any = real, **named: Any) -> Any:
            return real(self, *arguments, **{**named, "guard": lambda spending: None})

        setattr(Jobs, name, unguarded)


def no_run_of_a_submission() -> None:
    """Each job of one plan counts as a run of its own."""
    submit.run_budget = lambda *_: nullcontext()  # type: ignore[assignment]


def no_run_cap_at_forming() -> None:
    """The cap of a run is held against its quote, and not where its jobs are formed."""
    budgets._require_run_budget = lambda *_: None


def no_upper_bound() -> None:
    """Caps take an estimate for what Google will count."""
    budgets.UPPER = questions.UPPER = 1.0


def no_cap_of_questions() -> None:
    """Questions are asked whatever they have cost."""
    questions._question_guard = lambda *_: lambda spending: None


class _Never(Exception):
    """Stands for calls whose answer was lost."""


def no_doubt_about_calls() -> None:
    """A real-time call without an answer costs nothing."""
    paid_calls.GeminiUnavailable = _Never  # type: ignore[attr-defined]


def no_doubt_about_parts() -> None:
    """A job in real time that breaks off has no call open."""
    realtime.may_be_billed = lambda error: False
