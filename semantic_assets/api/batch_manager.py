"""BatchManager: the queue as a program works it: send, take in, wait, read results."""

import math
import time
from dataclasses import dataclass

from semantic_assets.api.core import Consent, Core
from semantic_assets.errors import TransientError
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.pipeline.batch_jobs.job_status import JobStatus, job_results, job_status
from semantic_assets.pipeline.costs.estimate import Estimate, estimate
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.flows.collect_ended import CollectReport, collect_ended
from semantic_assets.pipeline.flows.flush import FlushReport, flush
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.pipeline.flows.refresh import refresh

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReport(HtmlTable):
    """What working the queue came to."""

    #: False: time was up, or something waits for a person; `summary` says what.
    is_done: bool
    summary: str
    jobs: int
    texts: int
    chunks_ready: int
    chunks_failed: int
    chunks_pending: int
    indexes_built: int


class BatchManager:
    """The queue of one SemanticCore. There is no raw create: it would bypass the ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def flush_queue(
        self,
        min_batch_size: int = 1,
        *,
        max_cost_usd: float | None = None,
        consent: Consent = None,
    ) -> FlushReport:
        """Cut what is new and send what fits the window; returns the job ids and what is left.

        Args:
            min_batch_size: of a space with fewer pending texts nothing is sent.
        """
        return flush(
            self._core.store,
            self._core.gemini,
            min_batch_size=min_batch_size,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )

    def quote_queue(self) -> Estimate:
        """Cut what is new and quote what a flush would send; sends nothing."""
        store = self._core.store
        prepare_shards(store, discover(store))
        return estimate(store)

    def check_and_sync(self) -> CollectReport:
        """Poll, collect, assemble, index what has ended. Never submits."""
        return collect_ended(self._core.store, self._core.gemini)

    def process_queue(self, timeout: float | None = None) -> QueueReport:
        """Send and take in until nothing is left, printing progress. Stopped, it can go on.

        Args:
            timeout: seconds; None: as long as it takes.
        """
        with self._core.telling(print):
            done = refresh(
                self._core.store,
                self._core.gemini,
                wait_minutes=math.inf if timeout is None else timeout / 60,
            )
        return QueueReport(
            is_done=not done.is_waiting,
            summary=done.summary,
            jobs=done.advanced.submitted_jobs,
            texts=done.advanced.submitted_texts + sum(report.texts for report in done.at_once),
            chunks_ready=sum(report.ready for report in done.embeddings),
            chunks_failed=sum(report.failed for report in done.embeddings),
            chunks_pending=sum(report.pending for report in done.embeddings),
            indexes_built=sum(index.written for index in done.indexes),
        )

    def get_job_status(self, job: str) -> JobStatus:
        """Of a job by our id or Google's `batches/...`, as last polled.

        Raises:
            NotFound: there is no such job.
        """
        return job_status(self._core.reader, job)

    def wait_for_completion(self, job: str, timeout: float | None = None) -> JobStatus:
        """Take in what ends until this job is final.

        Raises:
            TransientError: it was not after `timeout` seconds; its state is named.
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

    def retrieve_results(self, job: str) -> dict[str, Vectors]:
        """chunk_id -> vector (float32, unit length) of a collected job.

        Raises:
            NotFound: there is no such job.
            Conflict: it is not collected; its state is named.
        """
        return job_results(self._core.reader, job)
