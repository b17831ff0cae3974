"""The costs of generation jobs, in requests and tokens. Not here: prices, and real time.

A job is counted when its costs are first asked for after it has ended, and then never again.
"""

from collections.abc import Iterable
from typing import NamedTuple

from semantic_assets.emulator.jobs import results
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.state import State


class _Cost(NamedTuple):
    paid: int
    prompt_tokens: int
    output_tokens: int


def of_generation(state: State, jobs: Iterable[Job], now: float) -> dict[str, int]:
    """Sum up all generation jobs: requests sent, requests answered, and the tokens of those."""
    mine = [job for job in jobs if job.kind is Kind.GENERATE]
    costs = [_cost(state, job) for job in mine if job.is_billed(now)]
    return {
        "requests": sum(job.request_count for job in mine),
        "paid": sum(cost.paid for cost in costs),
        "prompt_tokens": sum(cost.prompt_tokens for cost in costs),
        "output_tokens": sum(cost.output_tokens for cost in costs),
    }


def prompt_tokens(state: State, job: Job) -> int:
    """Return the tokens of all answered prompts of an ended job."""
    return _cost(state, job).prompt_tokens


def _cost(state: State, job: Job) -> _Cost:
    with state.reading() as db:
        row = db.execute(
            "SELECT paid, prompt_tokens, output_tokens FROM generation_cost WHERE job_id = ?",
            [job.job_id],
        ).fetchone()
    if row is not None:
        return _Cost(**row)
    cost = _counted(state, job)
    with state.reading() as db:
        db.execute("INSERT OR IGNORE INTO generation_cost VALUES (?, ?, ?, ?)", [job.job_id, *cost])
    return cost


def _counted(state: State, job: Job) -> _Cost:
    paid, prompt_tokens, output_tokens = 0, 0, 0
    for response in results.paid_responses(state, job):
        usage = response["usageMetadata"]
        paid += 1
        prompt_tokens += usage["promptTokenCount"]
        output_tokens += usage.get("candidatesTokenCount", 0)
    return _Cost(paid, prompt_tokens, output_tokens)
