"""The queue, the jobs, the expected finish and the cost, from lake and ledger alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from semantic_assets.gemini.endpoint import scopes_of
from semantic_assets.lake import layout
from semantic_assets.lake.table_rows import count_value
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.batch_job import FINAL, NOT_GOOD, BatchJob, JobState
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.statuses import ParseStatus, RowStatus
from semantic_assets.pipeline.costs.expected_finish import ExpectedFinish, expected_finish, job_pace
from semantic_assets.pipeline.costs.services.other_service import better_for
from semantic_assets.pipeline.documents.file_counts import FileCounts, file_counts
from semantic_assets.pipeline.documents.unread import documents_waiting
from semantic_assets.pipeline.pending.foreign_vectors import foreign_vectors
from semantic_assets.pipeline.pending.known_files import known_tables
from semantic_assets.pipeline.pending.products import serving_spaces, settled_shards
from semantic_assets.pipeline.reports.bill import Bill, bill
from semantic_assets.pipeline.reports.how_far import HELD
from semantic_assets.pipeline.reports.pending_counts import answers_to_come
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(HtmlTable):
    datasets: int
    shards: int
    settled_shards: int
    #: Files that are read, read in part and not read.
    files: FileCounts
    documents: int
    #: Documents that are not split yet; a file not read yet counts as one.
    documents_waiting: int
    #: Documents no reader could read, and chunks that ended without a vector.
    documents_failed: int
    chunks: int
    chunks_failed: int
    #: Requests of generation tasks: without an outcome yet, and FAILED with a reason.
    answers_to_come: int
    answers_failed: int
    #: Number of jobs by the stage shown to users.
    stages: dict[str, int]
    #: Number of jobs by how they ended; open ones are in none.
    outcomes: dict[str, int]
    open_jobs: tuple[BatchJob, ...]
    quarantined_jobs: int
    #: Jobs whose paid results file is missing or altered.
    damaged_jobs: int
    #: Seconds from submission to end, median of the last jobs; None without any.
    job_seconds: float | None
    #: Seconds until open jobs and pending texts should be done, at the latest; None: there are
    #: none, or nothing is known.
    expected_seconds: float | None
    #: The same as a range, and in words with what it rests on; None as above.
    finish: ExpectedFinish | None
    finish_told: str | None
    #: Why the service of Google that is not in use would be better; None: it would not.
    other_service: str | None
    #: Texts in jobs that are out, and in jobs whose answer a person has to decide about.
    texts_out: int
    texts_held: int
    #: Jobs of which nothing was created, as where the window was full: their texts wait, or went
    #: with other jobs. They are in no stage.
    released_jobs: int
    paused: str | None
    #: What datasets with vectors of another backend are, and what to do; None: there are none.
    foreign_vectors: str | None
    bill: Bill

    @property
    def jobs_told(self) -> str:
        """The number of jobs by stage, with how those that FAILED ended."""
        counts = sorted(self.outcomes.items())
        ends = ", ".join(f"{count} {name}" for name, count in counts if name in NOT_GOOD)
        told = ", ".join(f"{count:,} {stage}" for stage, count in sorted(self.stages.items()))
        not_created = f"{self.released_jobs:,} not created" if self.released_jobs else ""
        return (
            ", ".join(filter(None, (f"{told} ({ends})" if ends else told, not_created))) or "none"
        )


def status(store: Store, *, scope_id: str) -> Status:
    shards = store.ledger.sources.shards()
    jobs = store.ledger.jobs.list()
    open_jobs = tuple(job for job in jobs if job.state not in FINAL)
    pace = job_pace(store)
    quote = bill(store)
    out = [job for job in open_jobs if job.state not in HELD]
    scopes = {scope_id, *scopes_of(store.settings)}
    ours = [job for job in out if job.scope_id in scopes]
    finish = expected_finish(store, ours, quote.pending_tokens_of, pace)
    pauses = [one for scope in sorted(scopes) for one in store.ledger.scopes.pauses(scope)]
    pause = store.ledger.scopes.paused(scope_id) or next(iter(pauses), None)
    return Status(
        datasets=len(store.ledger.sources.datasets()),
        shards=len(shards),
        settled_shards=len(settled_shards(store)) + _answered_shards(store),
        files=file_counts(store),
        documents=sum(shard.documents for shard in shards),
        documents_waiting=sum(documents_waiting(store).values()),
        documents_failed=documents_failed(store, shards),
        chunks=quote.chunks,
        chunks_failed=chunks_failed(store, shards),
        answers_to_come=sum(
            answers_to_come(
                store, dataset, [one.key for one in shards if one.key.dataset == dataset]
            )
            for dataset in {pinned.dataset for pinned in store.ledger.tasks.all()}
        ),
        answers_failed=_answers_failed(store),
        stages=dict(Counter(str(job.stage) for job in jobs if job.state != JobState.RELEASED)),
        outcomes=dict(Counter(str(job.outcome) for job in jobs if job.outcome)),
        open_jobs=open_jobs,
        quarantined_jobs=sum(job.state == "quarantined" for job in jobs),
        damaged_jobs=sum(job.state == "damaged" for job in jobs),
        job_seconds=pace.seconds,
        expected_seconds=None if finish is None else finish.latest - store.ledger.now(),
        finish=finish,
        finish_told=None
        if finish is None
        else f"{finish.told(store.ledger.now())}, {finish.basis}",
        other_service=better_for(store, quote.pending_texts, quote.pending_tokens_of),
        texts_out=sum(job.requests for job in out),
        texts_held=sum(job.requests for job in open_jobs) - sum(job.requests for job in out),
        released_jobs=sum(job.state == JobState.RELEASED for job in jobs),
        paused=pause.reason if pause else None,
        foreign_vectors=foreign_vectors(store),
        bill=quote,
    )


def documents_failed(store: Store, shards: Sequence[Shard]) -> int:
    """Count the documents of these shards that no reader could read."""
    paths = {layout.documents(shard.key) for shard in shards}
    known = known_tables(store, paths)
    return sum(
        known[path].counts["failed"]
        if path in known
        else _count(store, path, "parse_status", ParseStatus.FAILED)
        for path in paths
    )


def chunks_failed(store: Store, shards: Sequence[Shard]) -> int:
    """Count the chunks of these shards that ended without a vector."""
    spaces = {dataset: space.space_id for dataset, space in serving_spaces(store).items()}
    paths = {
        layout.embeddings(spaces[shard.key.dataset], shard.key)
        for shard in shards
        if shard.key.dataset in spaces
    }
    known = known_tables(store, paths)
    return sum(
        known[path].counts["rows"] - known[path].counts["ready"]
        if path in known
        else _count(store, path, "status", RowStatus.FAILED)
        for path in paths
    )


def _answered_shards(store: Store) -> int:
    """Count the shards of datasets that are not embedded whose answers are all there."""
    return sum(
        not answers_to_come(store, dataset, [shard.key])
        for dataset, settings in store.all_dataset_settings().items()
        if not settings.embed
        for shard in store.ledger.sources.shards(dataset)
    )


def _answers_failed(store: Store) -> int:
    return sum(
        _count(store, layout.outputs(pinned.task.task_id, shard.key), "status", RowStatus.FAILED)
        for pinned in store.ledger.tasks.all(stopped=True)
        for shard in store.ledger.sources.shards(pinned.dataset)
    )


def _count(store: Store, path: str, column: str, value: str) -> int:
    if not store.lake.exists(path):
        return 0
    with store.lake.open(path) as file:
        return count_value(file, column, value)
