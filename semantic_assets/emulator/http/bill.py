"""Evidence for "no text is paid for twice": the answers of every job there ever was.

Read from the stored inputs each time it is asked for: 100,000 texts take one to three seconds.
Not here: prices.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import orjson

from semantic_assets.emulator.answers.tokens import count_tokens
from semantic_assets.emulator.faults import answer_faults
from semantic_assets.emulator.faults.answer_faults import Draw
from semantic_assets.emulator.http import realtime
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.jobs import costs, jobs, texts
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.jobs import Job
from semantic_assets.emulator.jobs.texts import SentText
from semantic_assets.emulator.state import State

_SHA_BYTES = 32
# The text is hashed by itself, and `model` repeats what is known of the job.
_NOT_OPTIONS = frozenset({"content", "contents", "model"})


class _Account:
    """The texts that were sent and answered.

    A text with a model and options is one piece of work, written as bytes: another dimension is
    another vector, another file another prompt. Only work paid for again has an object of its
    own, as the garbage collector takes long to visit 100,000 of them.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        #: tokens of answered requests, by job
        self.tokens: dict[str, int] = {}
        #: how often each was sent
        self.sent: dict[bytes, int] = {}
        #: the number of the first job paid for it; all numbers if there are more
        self._paid: dict[bytes, int] = {}
        self._paid_again: dict[bytes, list[int]] = {}
        #: the job whose answer, the last one, was stopped or broken
        self._spoiled: dict[bytes, int] = {}
        self._repaired: dict[bytes, list[int]] = {}

    def add(self, state: State, job: Job, now: float) -> None:
        """Enter the texts of a job."""
        self.jobs.append(job)
        is_billed, failed, served = job.is_billed(now), job.failed_lines, job.served_count
        draws, tokens = answer_faults.draws_of(job), 0
        for request in texts.sent(state, job):
            work = _work(job, request)
            self.sent[work] = self.sent.get(work, 0) + 1
            if is_billed and request.number < served and request.number not in failed:
                self._pay(work)
                tokens += count_tokens(request.text or "")
                if draws and _is_spoiled(draws, request):
                    self._spoiled[work] = len(self.jobs) - 1
                else:
                    self._spoiled.pop(work, None)
        if is_billed:
            is_text = job.kind is Kind.EMBED
            self.tokens[f"batches/{job.job_id}"] = (
                tokens if is_text else costs.prompt_tokens(state, job)
            )

    def _pay(self, work: bytes) -> None:
        job_number = len(self.jobs) - 1
        if work not in self._paid:
            self._paid[work] = job_number
        elif self._is_repair(work, job_number):
            self._repaired.setdefault(work, [self._spoiled[work]]).append(job_number)
            self._paid[work] = job_number
        else:
            self._paid_again.setdefault(work, [self._paid[work]]).append(job_number)

    def _is_repair(self, work: bytes, job_number: int) -> bool:
        """Return whether its last answer was bad, and known when it was asked for again."""
        earlier = self._spoiled.get(work, job_number)
        if earlier == job_number:
            return False
        return self.jobs[earlier].plan.ends_at <= self.jobs[job_number].created_at

    def paid_more_than_once(self) -> list[dict[str, Any]]:
        """Return each piece of work paid again, with the jobs it was paid in."""
        return [self._described(*again) for again in self._paid_again.items()]

    def repaired(self) -> list[dict[str, Any]]:
        """Return work paid again because its answer was stopped or broken, with its jobs."""
        return [self._described(*again) for again in self._repaired.items()]

    def _described(self, work: bytes, numbers: Sequence[int]) -> dict[str, Any]:
        return {
            "text_sha": work[-_SHA_BYTES:].hex(),
            "model": self.jobs[numbers[0]].model,
            "sent": self.sent[work],
            "jobs": [f"batches/{self.jobs[number].job_id}" for number in numbers],
        }


def _work(job: Job, request: SentText) -> bytes:
    sent = request.line.request
    options = {name: value for name, value in sent.items() if name not in _NOT_OPTIONS}
    written = job.model.encode() + orjson.dumps(options, option=orjson.OPT_SORT_KEYS)
    return blake2b(written, digest_size=8).digest() + request.contents_sha


def _is_spoiled(draws: Sequence[Draw], request: SentText) -> bool:
    draw = answer_faults.fate(draws, request.text or "", request.identity)
    return draw is not None and draw.name in answer_faults.REPAIRABLE


def read_bill(call: Call) -> dict[str, Any]:
    """Return the bill of all keys, deleted jobs included (GET /emulator/bill).

    A text is paid for where its job ends SUCCEEDED or PARTIALLY_SUCCEEDED and its row was
    answered: a row that ends in an error is not billed, and may be sent again. An answer that was
    blocked, stopped or broken is billed. The same request sent again once a stopped or broken
    answer could be known is `repaired` and not paid more than once.
    """
    with call.state.reading() as db:
        rows = db.execute("SELECT * FROM job ORDER BY sequence").fetchall()
        tally = {row["name"]: row["count"] for row in db.execute("SELECT * FROM tally")}
    account = _Account()
    for row in rows:
        account.add(call.state, jobs.decode_row(row), call.now)
    return {
        "texts": len(account.sent),
        "sent": sum(account.sent.values()),
        "tokens_of": account.tokens,
        "sent_more_than_once": sum(times > 1 for times in account.sent.values()),
        "paid_more_than_once": account.paid_more_than_once(),
        "repaired": account.repaired(),
        "generation": costs.of_generation(call.state, account.jobs, call.now),
        "realtime_texts": tally.get(realtime.TEXTS, 0),
        "realtime_tokens": tally.get(realtime.TOKENS, 0),
        "realtime_requests": tally.get(realtime.REQUESTS, 0),
    }
