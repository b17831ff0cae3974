"""Collect ended jobs: poll, collect, assemble, index. Nothing pending is sent.

Only canaries are embedded: an answer is used when some of its rows, embedded again, agree.
"""

from dataclasses import dataclass, replace

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import WITHHOLDING, JobKind, Stage
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.flows.advance import AdvanceReport, advance, failing_shards
from semantic_assets.pipeline.flows.assemble_and_index import Published, assemble_and_index
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_spaces
from semantic_assets.pipeline.vector_index.build_inputs import (
    current_fingerprint,
    inputs_fingerprint,
)
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport(HtmlTable):
    """What came in, and what is still out."""

    collected_jobs: int
    #: Jobs whose answers were not trusted; `jobs` names them.
    quarantined_jobs: int
    #: Jobs that FAILED, EXPIRED or were cancelled: their unanswered texts are tried again.
    failed_jobs: int
    vectors_landed: int
    #: Texts of collected jobs without a vector; they are tried again, or listed by `failures`.
    texts_failed: int
    #: Chunks and answers that are FAILED for good now; `failures` lists them.
    given_up: int
    indexes_built: int
    open_jobs: int
    #: Texts in no job, as last counted: `send` or `refresh` sends them.
    texts_waiting: int
    #: Errors of parts that failed this time; the next call tries them again.
    trouble: tuple[str, ...]

    def after(self, earlier: "CollectReport") -> "CollectReport":
        """Return the report of both calls: what came in in either, and what is out now."""
        return replace(
            self, **{name: getattr(self, name) + getattr(earlier, name) for name in _CAME_IN}
        )


#: The counts of what came in; the others are of what is left.
_CAME_IN = (
    *("collected_jobs", "quarantined_jobs", "failed_jobs", "vectors_landed", "texts_failed"),
    *("given_up", "indexes_built"),
)


def collect_ended(store: Store, gemini: Gemini) -> CollectReport:
    """Bring in every job that has ended, to the index, without waiting for the others."""
    taken = advance(store, gemini, submits=False)
    done = assemble_and_index(store, _due(store, taken), datasets=_stale(store))
    outcomes = [one.outcomes for one in taken.collected if one.outcomes is not None]
    return CollectReport(
        collected_jobs=len(outcomes),
        quarantined_jobs=sum(one.quarantined is not None for one in taken.collected),
        failed_jobs=sum(
            one.quarantined is None and one.job.stage == Stage.FAILED for one in taken.collected
        ),
        vectors_landed=sum(one.succeeded for one in outcomes),
        texts_failed=sum(one.failed for one in outcomes),
        given_up=_given_up(taken, done),
        indexes_built=sum(index.written for index in done.indexes),
        open_jobs=taken.open_jobs,
        texts_waiting=sum(noted.pending or 0 for noted in store.ledger.progress.all().values()),
        trouble=tuple(taken.trouble),
    )


def _given_up(taken: AdvanceReport, done: Published) -> int:
    """Count what FAILED in the shards for which failures came in."""
    failing = failing_shards(taken.collected)
    chunks = {one.shard: one.failed for one in done.embeddings if str(one.shard) in failing}
    answers = {(one.shard, one.task): one.failed for one in taken.fed if str(one.shard) in failing}
    return sum(chunks.values()) + sum(answers.values())


def _due(store: Store, taken: AdvanceReport) -> list[ShardKey]:
    """List the shards of collected embeddings, and unsettled shards without pending texts or open jobs.

    Deriving a shard of 12,000 documents costs half a second, and gives the same answer while its
    jobs are out.
    """
    embedded = [one.job for one in taken.collected if one.job.kind == JobKind.EMBEDDING]
    due = {ShardKey.parse(name) for job in embedded for name in job.shards}
    out = {name for job in store.ledger.jobs.list(states=WITHHOLDING) for name in job.shards}
    progress = store.ledger.progress.all()
    for wanted in wanted_spaces(store):
        for shard, _ in unsettled_shards(store, wanted):
            noted = progress.get((shard.key, wanted.product.space_id))
            waits = noted is not None and bool(noted.pending)
            if not waits and str(shard.key) not in out:
                due.add(shard.key)
    return sorted(due)


def _stale(store: Store) -> set[DatasetKey]:
    """Return the datasets whose index is not of the present embeddings: a process died in between."""
    found = set()
    for dataset in store.ledger.sources.datasets():
        serving = store.ledger.index_versions.serving(dataset)
        space_id = store.serving_space(dataset).space_id
        wanted = current_fingerprint(store, dataset, space_id)
        is_made = wanted != inputs_fingerprint(space_id, {}, {})
        served = () if serving is None else (serving.input_fingerprint, serving.held_for)
        if is_made and wanted not in served:
            found.add(dataset)
    return found
