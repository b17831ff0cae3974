"""The queue interface for programs: send jobs, collect them, wait, and read their results."""

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from semantic_assets.api.core import Consent, Core
from semantic_assets.errors import ConfigError, NotFound, TransientError
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus, job_results, job_status
from semantic_assets.pipeline.costs.estimate import Estimate, estimate
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.collect_ended import (
    CollectReport,
    collect_ended,
    collect_until_done,
)
from semantic_assets.pipeline.flows.flush import FlushReport, flush
from semantic_assets.pipeline.flows.follow_job import follow_job
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.generation_jobs.job_answers import generation_job, job_answers

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReport(HtmlTable):
    """The outcome of `BatchManager.process_queue`."""

    #: False: time was up, or something waits for a person; `summary` says which.
    is_done: bool
    summary: str
    jobs: int
    texts: int
    chunks_ready: int
    chunks_failed: int
    chunks_pending: int
    #: Answers of tasks that FAILED.
    answers_failed: int
    indexes_built: int


class BatchManager:
    """The queue of one SemanticCore. It has no raw create, which would bypass the ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def flush_queue(
        self,
        min_batch_size: int = 1,
        *,
        max_cost_usd: float | None = None,
        consent: Consent = None,
    ) -> FlushReport:
        """Chunk new documents and send what fits the window; return the job ids and what is left.

        Args:
            min_batch_size: send nothing for a space with fewer pending texts.
        """
        return flush(
            self._core.store,
            self._core.gemini,
            min_batch_size=min_batch_size,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )

    def quote_queue(self) -> Estimate:
        """Chunk new documents and quote what a flush would send; sends nothing."""
        store = self._core.store
        prepare_shards(store, discover(store))
        return estimate(store)

    def check_and_sync(self) -> CollectReport:
        """Poll, collect, assemble, index what has ended. Never submits."""
        return collect_ended(self._core.store, self._core.gemini)

    def watch(self, interval_seconds: float = 30.0) -> CollectReport:
        """Collect what ends until no job is out, printing progress. Never submits."""
        with self._core.reporting(print):
            return collect_until_done(
                self._core.store, self._core.gemini, interval_seconds=interval_seconds
            )

    def process_queue(self, timeout: float | None = None) -> QueueReport:
        """Send and collect until nothing is left, printing progress; if stopped, call it again.

        Args:
            timeout: seconds; None: as long as it takes.
        """
        with self._core.reporting(print):
            done = refresh(
                self._core.store,
                self._core.gemini,
                wait_minutes=math.inf if timeout is None else timeout / 60,
            )
        return QueueReport(
            is_done=not (done.is_waiting or done.troubles),
            summary=done.summary,
            jobs=done.advanced.submitted_jobs,
            texts=done.advanced.submitted_texts + sum(report.texts for report in done.in_realtime),
            chunks_ready=sum(report.ready for report in done.embeddings),
            chunks_failed=sum(report.failed for report in done.embeddings),
            chunks_pending=sum(report.pending for report in done.embeddings),
            answers_failed=sum(report.failed for report in done.outputs),
            indexes_built=sum(index.written for index in done.indexes),
        )

    def get_job_status(self, job: str, *, asks: bool = False) -> JobStatus:
        """Return the status of a job, by our id or Google's `batches/...`, as last polled.

        Args:
            asks: True: while the job is out, collect first what has ended, if the lake may be
                written and the job was sent with this key.

        Raises:
            NotFound: there is no such job.
        """
        found = job_status(self._core.reader, job)
        if asks and not found.is_final:
            with suppress(ConfigError):  # no key, or a copy of a lake: what is known is shown
                return follow_job(self._core.store, self._core.gemini, job)
        return found

    def wait_for_completion(self, job: str, timeout: float | None = None) -> JobStatus:
        """Collect ended jobs until this one is final or quarantined.

        Raises:
            TransientError: it was not after `timeout` seconds; the message names its state.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        wait = _FIRST_WAIT_SECONDS
        while True:
            self.check_and_sync()
            found = self.get_job_status(job)
            if found.is_final or found.state == "quarantined":
                return found
            if time.monotonic() >= deadline:
                raise TransientError(
                    f"job {found.job_id} is {found.state} ({found.remote_state}) after {timeout} s: "
                    "wait again, nothing is lost"
                )
            time.sleep(min(wait, max(0.0, deadline - time.monotonic())))
            wait = min(wait * 1.5, _LONGEST_WAIT_SECONDS)

    def is_generation(self, job: str) -> bool:
        """Return whether this is a batch job of a task, with answers and no vectors."""
        return generation_job(self._core.reader, job) is not None

    def retrieve_answers(self, job: str) -> Iterator[dict[str, Any]]:
        """Yield a row for each document whose outcome a collected job of a task decided.

        Raises:
            NotFound: there is no such job of a task.
            Conflict: the job is not collected; the message names its state.
        """
        found = generation_job(self._core.reader, job)
        if found is None:
            raise NotFound(f"{job} is no batch job of a task: `semantic-assets jobs` lists all")
        return job_answers(self._core.reader, found)

    def retrieve_results(self, job: str) -> dict[str, Vectors]:
        """Map each chunk_id of a collected job to its vector (float32, unit length).

        Raises:
            NotFound: there is no such job.
            Conflict: the job is not collected; the message names its state.
        """
        return job_results(self._core.reader, job)
