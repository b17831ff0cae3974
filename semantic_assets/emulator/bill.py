"""Evidence for "no text is paid for twice": what every job that ever was has answered.

Read from the stored inputs each time it is asked for: 100,000 texts take one to three seconds.
Not here: prices.
"""

from collections.abc import Iterator
from hashlib import blake2b, sha256
from typing import Any

import orjson

from semantic_assets.emulator import jobs, realtime, texts
from semantic_assets.emulator.calls import Call
from semantic_assets.emulator.inputs import Line
from semantic_assets.emulator.jobs import SUCCESSFUL, Job
from semantic_assets.emulator.state import State

_SHA_BYTES = 32
# The text is hashed by itself, and `model` repeats what is known of the job.
_NOT_OPTIONS = frozenset({"content", "contents", "model"})


class _Account:
    """Sent and answered texts.

    A text with a model and options is one piece of work, written as bytes: another dimension is
    another vector. Only work paid for again has an object of its own, as the garbage collector
    takes long to visit 100,000 of them.
    """

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        #: how often each was sent
        self.sent: dict[bytes, int] = {}
        #: the number of the first job paid for it, and of all if there are more
        self._paid: dict[bytes, int] = {}
        self._paid_again: dict[bytes, list[int]] = {}

    def add(self, state: State, job: Job, now: float) -> None:
        """Enter a job."""
        self._jobs.append(job)
        is_billed, failed, served = job.state(now) in SUCCESSFUL, job.failed_lines, job.served_count
        for number, line, text in texts.sent(state, job):
            work = _work(job, line, text or "")
            self.sent[work] = self.sent.get(work, 0) + 1
            if is_billed and number < served and number not in failed:
                self._pay(work)

    def _pay(self, work: bytes) -> None:
        job_number = len(self._jobs) - 1
        if work not in self._paid:
            self._paid[work] = job_number
        else:
            self._paid_again.setdefault(work, [self._paid[work]]).append(job_number)

    def paid_more_than_once(self) -> Iterator[dict[str, Any]]:
        """Each such piece of work with the jobs it was paid in."""
        for work, numbers in self._paid_again.items():
            yield {
                "text_sha": work[-_SHA_BYTES:].hex(),
                "model": self._jobs[numbers[0]].model,
                "sent": self.sent[work],
                "jobs": [f"batches/{self._jobs[number].job_id}" for number in numbers],
            }


def _work(job: Job, line: Line, text: str) -> bytes:
    options = {name: value for name, value in line.request.items() if name not in _NOT_OPTIONS}
    written = job.model.encode() + orjson.dumps(options, option=orjson.OPT_SORT_KEYS)
    return blake2b(written, digest_size=8).digest() + sha256(text.encode()).digest()


def read_bill(call: Call) -> dict[str, Any]:
    """GET /emulator/bill: of all keys, deleted jobs included.

    A text is paid for where its job ends SUCCEEDED or PARTIALLY_SUCCEEDED and its row was
    answered: a row that ends in an error is not billed, and may be sent again.
    """
    with call.state.reading() as db:
        rows = db.execute("SELECT * FROM job ORDER BY sequence").fetchall()
        tally = db.execute("SELECT count FROM tally WHERE name = ?", [realtime.TEXTS]).fetchone()
    account = _Account()
    for row in rows:
        account.add(call.state, jobs.decode_row(row), call.now)
    return {
        "texts": len(account.sent),
        "sent": sum(account.sent.values()),
        "sent_more_than_once": sum(times > 1 for times in account.sent.values()),
        "paid_more_than_once": list(account.paid_more_than_once()),
        "realtime_texts": tally["count"] if tally else 0,
    }
