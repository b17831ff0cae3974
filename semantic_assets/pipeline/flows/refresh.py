"""Bring everything new in all (or some) datasets to the index, waiting for its batch jobs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.wording import counted
from semantic_assets.parsing.judgements import BrokenJudgements
from semantic_assets.pipeline.batch_jobs.realtime import RealtimeReport
from semantic_assets.pipeline.chunks.chunk_shard import ChunksReport, chunk_documents
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.costs.estimate import Estimate, require_run_budget
from semantic_assets.pipeline.costs.services.other_service import better_for
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.pipeline.documents.file_counts import FileCounts, file_counts
from semantic_assets.pipeline.documents.letters_left_out import left_out_chars
from semantic_assets.pipeline.documents.read import DocumentsReport
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.flows.advance import (
    AdvanceReport,
    advance_until_done,
    failing_shards,
)
from semantic_assets.pipeline.flows.apply_outputs import feed_all
from semantic_assets.pipeline.flows.assemble_and_index import assemble_and_index
from semantic_assets.pipeline.flows.kept_apart import told
from semantic_assets.pipeline.flows.prepare import PreparedShards, prepare_shards
from semantic_assets.pipeline.flows.realtime_mode import embed_in_realtime
from semantic_assets.pipeline.flows.reindex import ReindexReport, continue_reindex
from semantic_assets.pipeline.flows.timing import Stopwatch
from semantic_assets.pipeline.flows.unchanged import note_unchanged
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.generation.write_prompts import RequestsReport
from semantic_assets.pipeline.pending.foreign_vectors import foreign_vectors
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.pipeline.reports.how_far import Tally
from semantic_assets.pipeline.search.judged.quality import measure_quality
from semantic_assets.pipeline.vector_index.build import IndexReport
from semantic_assets.sources.passed_over import left_out
from semantic_assets.store import Store


@dataclass(slots=True)
class RefreshReport:
    discovery: Discovery
    documents: list[DocumentsReport] = field(default_factory=list)
    requests: list[RequestsReport] = field(default_factory=list)
    outputs: list[OutputsReport] = field(default_factory=list)
    chunks: list[ChunksReport] = field(default_factory=list)
    in_realtime: list[RealtimeReport] = field(default_factory=list)
    advanced: AdvanceReport = field(default_factory=AdvanceReport)
    embeddings: list[EmbeddingsReport] = field(default_factory=list)
    indexes: list[IndexReport] = field(default_factory=list)
    quality: list[Evaluation] = field(default_factory=list)
    reindexed: list[ReindexReport] = field(default_factory=list)
    #: What stopped single datasets; the others were brought in.
    troubles: dict[str, str] = field(default_factory=dict)
    #: Jobs whose answer a person must decide about, quarantined or damaged.
    undecided: Sequence[BatchJob] = ()
    #: The files of these datasets, after the run.
    files: FileCounts = field(default_factory=FileCounts)
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def left_out(self) -> int:
        """Return how much is not in search for good: files that are not read, and what FAILED.

        What patterns exclude on purpose does not count, and what waits does not either.
        """
        passed_over = left_out(self.discovery.passed_over)
        return self.files.failed + passed_over + self.failed + len(self.troubles)

    @property
    def failed(self) -> int:
        """Return the number of chunks and answers that FAILED, in this run or before."""
        return sum(one.failed for one in self._ends)

    @property
    def newly_failed(self) -> int:
        """Return how many of them are in shards for which this run brought failures in."""
        failing = failing_shards(self.advanced.collected)
        failing |= {shard for one in self.in_realtime if one.failed for shard in one.shards}
        return sum(one.failed for one in self._ends if str(one.shard) in failing)

    @property
    def wholly_failed(self) -> list[DatasetKey]:
        """List the datasets of which something FAILED and nothing is there."""
        failed = {one.shard.dataset for one in self._ends if one.failed}
        return sorted(failed - {one.shard.dataset for one in self._ends if one.ready})

    @property
    def _ends(self) -> Sequence[EmbeddingsReport | OutputsReport]:
        return [*self.embeddings, *self.outputs]

    @property
    def is_waiting(self) -> bool:
        """Whether batches are still out, or texts are blocked: run again to go on."""
        settled = [report.is_settled for report in self.embeddings]
        return not all(settled + [report.is_settled for report in self.outputs])

    @property
    def _left(self) -> str:
        if self.advanced.blocked_by is not None:
            return self.advanced.blocked_by.reason
        if self.advanced.open_jobs:
            return f"{counted(self.advanced.open_jobs, 'batch job')} out at Google"
        if self.advanced.foreign_jobs:
            return (
                f"{counted(self.advanced.foreign_jobs, 'batch job')} sent with another key or backend: set "
                "that one to collect them; their texts are not sent again meanwhile"
            )
        for job in self.undecided[:1]:
            return f"job {job.job_id} is {job.state}: {job.error_message}"
        return "texts were left by another process"

    @property
    def summary(self) -> str:
        files = [self.files.told] if self.files.failed or self.files.in_part else []
        stopped = [f"{name} stopped: {error}" for name, error in self.troubles.items()]
        troubles = [*stopped, *self.discovery.troubles]
        return "; ".join([self._outcome, *files, *self._failed, *troubles])

    @property
    def _failed(self) -> list[str]:
        chunks = sum(one.failed for one in self.embeddings)
        answers = sum(one.failed for one in self.outputs)
        counts = {"chunk": chunks, "answer": answers}
        told = " and ".join(counted(count, what) for what, count in counts.items() if count)
        return [f"{told} FAILED: `semantic-assets failures`"] if told else []

    @property
    def _outcome(self) -> str:
        if self.is_waiting:
            return f"waiting, run again: {self._left}"
        in_realtime = sum(report.texts for report in self.in_realtime)
        sent = self.advanced.submitted_texts
        built = sum(index.written for index in self.indexes)
        if not sent and not built and not in_realtime:
            return "nothing new: nothing was sent, nothing was embedded, every index is current"
        jobs = counted(self.advanced.submitted_jobs, "job")
        now = [f"{counted(in_realtime, 'text')} embedded at once"] if in_realtime else []
        now += [f"{counted(sent, 'text')} sent in {jobs}"] if sent else []
        return ", ".join([*now, f"{counted(built, 'index')} built"])


def refresh(
    store: Store,
    gemini: Gemini,
    *,
    datasets: tuple[DatasetKey, ...] = (),
    wait_minutes: float,
    mode: str | None = None,
    max_cost_usd: float | None = None,
    consent: Callable[[Estimate], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RefreshReport:
    """Discover, read, split, submit, wait, collect, assemble and index; a stopped run resumes.

    Args:
        mode: `sync`, `async` or `auto` for all of them; None: as each dataset is set.
        max_cost_usd: cap of this run; None: the settings' cap.
        consent: shown the quote before anything is sent; raises to refuse it.

    Raises:
        SourceMissing, ConfigError: as `discover`.
        SpendRefused: the quote is over the run's cap, or was not consented to. Nothing was sent.
    """
    report = RefreshReport(discover(store, datasets=datasets))
    store.report_progress(report.discovery.summary)
    if foreign := foreign_vectors(store, datasets):
        store.report_progress(foreign)
    cut = prepare_shards(store, report.discovery, report.stopwatch)
    report.documents, report.chunks, shards = cut.documents, cut.chunks, cut.shards
    report.requests = cut.requests
    _say_left_out(store, report.documents)
    with_rebuilt(store, lambda: require_run_budget(store, datasets, max_cost_usd, consent))
    with run_budget(store, max_cost_usd), report.stopwatch.stage("batch_jobs"):
        tally = with_rebuilt(store, lambda: Tally(store))
        if (better := better_for(store, *tally.waiting)) is not None:
            store.report_progress(better)
        report.in_realtime = embed_in_realtime(
            store, gemini, _unsettled(store, cut), mode=mode
        ).reports
        report.advanced = advance_until_done(
            store, gemini, wait_minutes=wait_minutes, sleep=sleep, tally=tally
        )
    with report.stopwatch.stage("generations"):
        report.outputs = feed_all(store, cut.touched, cut.troubles)
        report.chunks = [_cut_since(store, one, report) for one in report.chunks]
    # What was assembled while advancing is then told by its stamp, without another pass.
    note_unchanged(store, cut.touched, report.advanced.assembled, ())
    done = assemble_and_index(
        store, sorted([*shards, *_out_of_reach(store, report.discovery)]), report.stopwatch
    )
    report.embeddings, report.indexes = done.embeddings, done.indexes
    report.troubles = told(cut.troubles | done.troubles)
    report.undecided = store.ledger.jobs.list(states=[JobState.QUARANTINED, JobState.DAMAGED])
    _look_further(store, gemini, report)
    if report.discovery.datasets:
        listed = report.discovery.datasets
        report.files = with_rebuilt(store, lambda: file_counts(store, listed, notes=True))
    note_unchanged(store, cut.touched, done.assembled, done.indexed)
    store.report_progress(report.summary)
    return report


def _unsettled(store: Store, cut: PreparedShards) -> list[ShardKey]:
    """List the shards that may have a text to send: in the others nothing is pending."""
    idle = {*settled_shards(store)} - {*cut.touched}
    return [read.shard for read in cut.documents if read.shard not in idle]


def _say_left_out(store: Store, read: Sequence[DocumentsReport]) -> None:
    chars = left_out_chars(store, [report.shard for report in read if report.written])
    if chars:
        store.report_progress(
            f'{counted(chars, "letter")} around the contents of pages left out; [html] content = "all" '
            "in dataset.toml keeps them"
        )


def _cut_since(store: Store, cut: ChunksReport, report: RefreshReport) -> ChunksReport:
    """Return a shard's present chunks report, updated if answers came in for it meanwhile."""
    if not any(one.shard == cut.shard for one in report.advanced.fed):
        return cut
    now = chunk_documents(store, cut.shard)
    return replace(
        now, written=True, documents_chunked=max(cut.documents_chunked, now.documents_chunked)
    )


def _look_further(store: Store, gemini: Gemini, report: RefreshReport) -> None:
    """Continue running reindexes, and measure the quality of the indexes just built."""
    with report.stopwatch.stage("reindex"):
        spaces = store.ledger.dataset_spaces.all()
        moving = [
            dataset
            for dataset in report.discovery.datasets
            if dataset in spaces and spaces[dataset].target is not None
        ]
        for dataset in moving:
            with _own_faults(store, dataset):
                if done := continue_reindex(store, gemini, dataset):
                    report.reindexed.append(done)
    for done in report.reindexed:
        store.report_progress(done.summary)
    with report.stopwatch.stage("retrieval_quality"):
        built = [index.dataset for index in report.indexes if index.written]
        for dataset in built:
            with _own_faults(store, dataset):
                if found := measure_quality(store, gemini, dataset):
                    report.quality.append(found)


@contextmanager
def _own_faults(store: Store, dataset: DatasetKey) -> Iterator[None]:
    """Report judgements that cannot be understood: the other datasets go on."""
    try:
        yield
    except BrokenJudgements as error:
        store.report_progress(f"{dataset}: its quality was not measured: {error}")


def _out_of_reach(store: Store, discovery: Discovery) -> list[ShardKey]:
    """List split shards of datasets that could not be listed: their batches come in all the same."""
    names = {*discovery.missing, *discovery.skipped}
    return [
        shard.key
        for shard in store.ledger.sources.shards()
        if str(shard.key.dataset) in names and store.trusted_fingerprint(layout.chunks(shard.key))
    ]
