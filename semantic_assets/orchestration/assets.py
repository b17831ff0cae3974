"""The assets, from documents to the index: each calls one function and returns metadata.

Each run materializes its partition or fails: a backfill counts a partition that a run left out as
failed. Up to the batch jobs backfills take Dagster's own default, a run for each partition. A run costs 2.7 CPU seconds before
it works, a shard of 12,000 articles about ten times that; several shards to a run would save a
tenth, lose the others' work when one fails, and delay the smallest dataset.
"""

from collections.abc import Iterator

import dagster as dg

from semantic_assets.lake import layout
from semantic_assets.model.tables import (
    CHUNKS,
    DOCUMENTS,
    EMBEDDINGS_COLUMNS,
    GENERATIONS,
    INDEX_ROWS,
    REQUESTS,
)
from semantic_assets.orchestration.asset_template import (
    By,
    Event,
    Nothing,
    asset,
    not_embedded,
    nothing_to_tell,
)
from semantic_assets.orchestration.partitions import dataset_of, shard_of, shards_of
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.reporting import remedies
from semantic_assets.orchestration.reporting.checks import check_result, documents_check
from semantic_assets.orchestration.reporting.columns import BATCH_JOBS, EVALUATIONS
from semantic_assets.orchestration.reporting.generation_metadata import (
    generation_jobs_metadata,
    generations_metadata,
)
from semantic_assets.orchestration.reporting.metadata import (
    chunks_metadata,
    documents_metadata,
    index_metadata,
    quality_metadata,
    submission_metadata,
)
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.orchestration.settle_run import SettleRun
from semantic_assets.orchestration.waiting_run import WaitingRun
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.costs.budgets import run_budget
from semantic_assets.pipeline.documents import read as documents_verb
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.apply_outputs import feed_all
from semantic_assets.pipeline.flows.assemble_and_index import index_dataset
from semantic_assets.pipeline.flows.realtime_mode import embed_in_realtime
from semantic_assets.pipeline.flows.reindex import continue_reindex
from semantic_assets.pipeline.generation import write_prompts as requests_verb
from semantic_assets.pipeline.generation_jobs.generation_queue import submit_tasks
from semantic_assets.pipeline.reports.checks import check_answers, check_index
from semantic_assets.pipeline.reports.shard_queue import shard_queue
from semantic_assets.pipeline.scheduling.batch_runs import (
    generations_request,
    index_request,
)
from semantic_assets.pipeline.scheduling.given_up import check_advance, check_index_requests
from semantic_assets.pipeline.search.judged.quality import check_quality, measure_quality
from semantic_assets.text import chunking

_EMBEDDINGS_CHECKS = (
    remedies.NO_MISSING_VECTORS,
    remedies.UNIT_NORM,
    remedies.REQUESTED_RUNS_SUCCEED,
)
_INDEX_CHECKS = (remedies.INDEX_MATCHES_EMBEDDINGS, remedies.REQUESTED_RUNS_SUCCEED)


@asset(
    by=By.SHARD,
    kind="parquet",
    code_version=documents_verb.CODE_VERSION,
    columns=DOCUMENTS,
    checks=[remedies.ALL_DOCUMENTS_READ],
)
def documents(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Read the source documents, one row each; unreadable ones carry the reason."""
    shard = shard_of(context)
    with lake.opened(context.log.info) as (store, _):
        report = with_rebuilt(store, lambda: read_documents(store, shard))
        yield dg.MaterializeResult(
            metadata=documents_metadata(store, layout.documents(shard), report),
            check_results=[documents_check(store, report)],
        )


@asset(
    by=By.SHARD,
    deps=[documents],
    kind="gemini",
    code_version=requests_verb.CODE_VERSION,
    columns=REQUESTS,
)
def generation_jobs(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Submit the requests of tasks for a shard's documents; count those in flight and waiting.

    A dataset without tasks has none, and nothing is sent.
    """
    shard = shard_of(context)
    with lake.opened(context.log.info) as (store, gemini):
        store.ledger.datasets.require(shard.dataset)
        sent = submit_tasks(store, gemini, shard)
        yield dg.MaterializeResult(
            metadata=generation_jobs_metadata(store, sent.queues, sent.submitted, sent.blocked_by)
        )


@asset(
    by=By.SHARD,
    deps=[generation_jobs],
    kind="parquet",
    columns=GENERATIONS,
    checks=[remedies.NO_FAILED_ANSWERS],
)
def generations(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Write the outcome of each task for each document: its output, or why there is none.

    The shard does not wait: documents whose answers are out are counted as pending, and the sensor
    materializes it again when they are in.
    """
    shard = shard_of(context)
    with lake.opened(context.log.info) as (store, _):
        store.ledger.datasets.require(shard.dataset)
        reports = feed_all(store, [shard])
        if request := generations_request(store, shard):
            store.ledger.requests.done(*request)
        yield dg.MaterializeResult(
            metadata=generations_metadata(store, shard, reports),
            check_results=[check_result(check_answers(reports, shard))],
        )


@asset(
    by=By.SHARD,
    # Documents wait for the answers embedded with them; the shard does not.
    deps=[documents, generations],
    kind="parquet",
    code_version=chunking.CODE_VERSION,
    columns=CHUNKS,
)
def chunks(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Split the documents into contiguous spans, one row each, with the text that is embedded."""
    shard = shard_of(context)
    with lake.opened(context.log.info) as (store, _):
        if not store.is_embedded(shard.dataset):
            raise Nothing(not_embedded(shard.dataset))
        report = with_rebuilt(store, lambda: chunk_documents(store, shard))
        yield dg.MaterializeResult(metadata=chunks_metadata(store, layout.chunks(shard), report))


@asset(
    by=By.SHARD,
    deps=[chunks],
    kind="gemini",
    columns=BATCH_JOBS,
    checks=[remedies.BATCHES_ADVANCE],
)
def batch_jobs(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Submit what fits the window; count the shard's texts in flight at Google and waiting."""
    shard = shard_of(context)
    with lake.opened(context.log.info) as (store, gemini):
        store.ledger.datasets.require(shard.dataset)
        if not store.is_embedded(shard.dataset):
            raise Nothing(not_embedded(shard.dataset))
        with run_budget(store):
            embed_in_realtime(store, gemini, [shard])
            submission = submit_pending(store, gemini, favour=shard)
        yield dg.MaterializeResult(
            metadata=submission_metadata(store, submission, shard_queue(store, shard)),
            check_results=[check_result(check_advance(store))],
        )


@asset(
    by=By.SHARD,
    deps=[batch_jobs],
    kind="parquet",
    columns=EMBEDDINGS_COLUMNS,
    checks=_EMBEDDINGS_CHECKS,
    waits=True,
)
def embeddings(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Write the outcome of each current chunk: READY with its vector, or FAILED with the reason.

    A run waits until every chunk has its outcome, and goes on with the batches meanwhile; a backfill
    has one run for all its shards, which turn green one by one. Without one, the sensor materializes
    a shard when it is settled. Where no chunk has a vector, the run fails.
    """
    shards, keys = shards_of(context)
    with lake.opened(context.log.info) as (store, gemini):
        yield from SettleRun(context, store, gemini).events(shards, WaitingRun(context, keys))


@asset(
    by=By.DATASET,
    deps=[embeddings],
    kind="numpy",
    columns=INDEX_ROWS,
    checks=_INDEX_CHECKS,
)
def vector_index(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Build a version of a dataset's index and switch to it; search follows its pointer.

    A reindex under way is carried on: built beside, compared, and switched to unless it is worse.
    """
    dataset = dataset_of(context)
    with lake.opened(context.log.info) as (store, gemini):
        if not store.is_embedded(dataset):
            raise Nothing(not_embedded(dataset))
        wanted = index_request(store, dataset)
        report = index_dataset(store, dataset)
        if reindexed := continue_reindex(store, gemini, dataset):
            context.log.info(reindexed.summary)
        for request in (wanted, index_request(store, dataset)):  # the switch changed what is due
            store.ledger.requests.done(*request)
        yield dg.MaterializeResult(
            metadata=index_metadata(store, report),
            check_results=[
                check_result(check_index(store, dataset)),
                check_result(check_index_requests(store)),
            ],
        )


@asset(
    by=By.DATASET,
    deps=[vector_index],
    kind="gemini",
    columns=EVALUATIONS,
    checks=[remedies.NO_QUALITY_DROP],
)
def retrieval_quality(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
    """Measure how well the serving index answers the dataset's queries.jsonl, by its qrels.tsv.

    A dataset without these files, or without an index, has no figures.
    """
    dataset = dataset_of(context)
    with lake.opened(context.log.info) as (store, gemini):
        store.ledger.datasets.require(dataset)
        measured = measure_quality(store, gemini, dataset)
        yield check_result(check_quality(store, dataset))
        if measured is None:
            reason = f"{dataset} has no index, or no queries.jsonl and qrels.tsv, to measure with"
            yield dg.MaterializeResult(metadata=nothing_to_tell(reason))
            return
        yield dg.MaterializeResult(metadata=quality_metadata(store, measured))


TEMPLATES = [
    documents,
    generation_jobs,
    generations,
    chunks,
    batch_jobs,
    embeddings,
    vector_index,
    retrieval_quality,
]


def asset_definitions(place: Place) -> list[dg.AssetsDefinition]:
    """Return the assets at a place."""
    return [template.at(place) for template in TEMPLATES]
