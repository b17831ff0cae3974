"""The jobs: one partitioned asset job per stage, and two operations over the whole store."""

from collections.abc import Iterator
from itertools import groupby

import dagster as dg
from pydantic import Field

from semantic_assets.api.core import dataset_keys
from semantic_assets.defs.assets import (
    batch_jobs,
    chunks,
    documents,
    embeddings,
    generation_jobs,
    generations,
    retrieval_quality,
    vector_index,
)
from semantic_assets.defs.checks import check_evaluation, documents_evaluation
from semantic_assets.defs.failures import failure
from semantic_assets.defs.generation_metadata import (
    generation_jobs_metadata,
    generations_metadata,
)
from semantic_assets.defs.metadata import (
    chunks_metadata,
    documents_metadata,
    embeddings_metadata,
    index_metadata,
    quality_metadata,
    queue_metadata,
)
from semantic_assets.defs.partitions import register_partitions
from semantic_assets.defs.resources import LakeResource
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.pipeline.flows.refresh import refresh as refresh_verb
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.generation.write_prompts import RequestsReport
from semantic_assets.pipeline.generation_jobs.generation_queue import generation_queues
from semantic_assets.pipeline.reports.checks import check_index, check_shard
from semantic_assets.pipeline.reports.shard_queue import shard_queue
from semantic_assets.pipeline.scheduling.batch_runs import (
    ADVANCE,
    EMBEDDINGS,
    VECTOR_INDEX,
    embeddings_requests,
    generations_request,
    index_requests,
)
from semantic_assets.pipeline.search.judged.quality import check_quality
from semantic_assets.store import Store

#: Sensor runs go before backfills: they free the window that the backfill waits for.
_PRIORITY = {"dagster/priority": "10"}
_MAX_RUNTIME = {"dagster/max_runtime": str(6 * 3600)}

_WHAT_IS_LEFT = (
    "Nothing is lost. Where it waits, launch `refresh` again: it goes on where it stopped "
    "(`semantic-assets status` says when the batches should be back). Where it names a file or a "
    "setting, mend that first."
)

embed_shard = dg.define_asset_job(
    "embed_shard",
    selection=[documents, generation_jobs, generations, chunks, batch_jobs],
    # A step process of its own for each asset would double the 2.7 CPU seconds a run costs.
    executor_def=dg.in_process_executor,
    description="A shard from its sources to the batch job; the sensor takes it from there.",
)
feed_shard = dg.define_asset_job(
    "feed_shard",
    selection=[generations, chunks, batch_jobs],
    executor_def=dg.in_process_executor,
    tags=_PRIORITY,
    description="Store the answers of a shard's tasks and chunk its documents. Requested by the sensor.",
)
settle_shard = dg.define_asset_job(
    "settle_shard",
    selection=[embeddings],
    executor_def=dg.in_process_executor,
    tags=_PRIORITY,
    description="Materialize the embeddings of a settled shard. Requested by the sensor.",
)
index_dataset = dg.define_asset_job(
    "index_dataset",
    selection=[vector_index, retrieval_quality],
    executor_def=dg.in_process_executor,
    tags=_PRIORITY,
    description="Build and switch a dataset's index. Requested by the sensor.",
)


@dg.op
def advance_store(context: dg.OpExecutionContext, lake: LakeResource) -> None:
    """Submit what fits, collect the jobs that ended, and assemble the settled shards."""
    with lake.opened(context.log.info) as (store, gemini):
        with store.ledger.leases.trying(ADVANCE) as lease:
            if lease is None:
                context.log.info("another process advances; nothing to do")
                return
            report = advance(store, gemini)
        context.log.info(
            f"{report.submitted_texts} texts sent, {len(report.collected)} jobs collected, "
            f"{report.open_jobs} jobs out, {report.waiting_texts} texts waiting"
        )


@dg.job(executor_def=dg.in_process_executor, tags=_PRIORITY | _MAX_RUNTIME)
def advance_batches() -> None:
    """Advance all batch jobs as far as possible now. Requested by the sensor."""
    advance_store()


class RefreshConfig(dg.Config):
    """The datasets that `refresh` works on, and how long it waits."""

    datasets: list[str] = Field(default=[], description="As project/dataset; empty: all.")
    wait_minutes: float | None = Field(
        default=None, description="Default: SEMANTIC_ASSETS_WAIT_MINUTES, or a day."
    )


@dg.op
def refresh_store(
    context: dg.OpExecutionContext, lake: LakeResource, config: RefreshConfig
) -> None:
    """Bring everything new to the index; fail with "waiting, run again" while batches are out."""
    with lake.opened(context.log.info) as (store, gemini):
        minutes = config.wait_minutes
        report = refresh_verb(
            store,
            gemini,
            datasets=dataset_keys(config.datasets),
            wait_minutes=store.settings.wait_minutes if minutes is None else minutes,
        )
        # A bare checkout has an empty instance: the run brings the partitions it reports on.
        register_partitions(context.instance, store)
        for event in _events(store, report):
            context.log_event(event)
        for evaluation in _checks(store, report):
            context.instance.report_runless_asset_event(evaluation)
        _mark_done(store, report)
        if report.is_waiting or report.discovery.skipped:
            raise failure(report.summary, _WHAT_IS_LEFT)


@dg.job(executor_def=dg.in_process_executor)
def refresh() -> None:
    """Bring everything new in all datasets to the index, waiting for the batches inside the run."""
    refresh_store()


def _events(store: Store, report: RefreshReport) -> Iterator[dg.AssetMaterialization]:
    """Yield the materializations that the asset jobs would record for what this run rewrote."""
    for read in report.documents:
        if read.written:
            metadata = documents_metadata(store, layout.documents(read.shard), read)
            yield _materialized(documents, str(read.shard), metadata)
    yield from _generation_events(store, report)
    for cut in report.chunks:
        if cut.written:
            metadata = chunks_metadata(store, layout.chunks(cut.shard), cut)
            yield _materialized(chunks, str(cut.shard), metadata)
            queue = queue_metadata(shard_queue(store, cut.shard))
            yield _materialized(batch_jobs, str(cut.shard), queue)
    for done in _newly_settled(store, report):
        path = layout.embeddings(done.space_id, done.shard)
        yield _materialized(embeddings, str(done.shard), embeddings_metadata(store, path, done))
    for index in report.indexes:
        if index.written and not report.is_waiting:
            metadata = index_metadata(store, index)
            yield _materialized(vector_index, index.dataset.partition, metadata)
    for found in report.quality:
        partition = DatasetKey.parse(found.dataset).partition
        yield _materialized(retrieval_quality, partition, quality_metadata(store, found))


def _generation_events(store: Store, report: RefreshReport) -> Iterator[dg.AssetMaterialization]:
    for shard, asked in _asked(report):
        queue = generation_jobs_metadata(generation_queues(store, shard, asked), 0, None)
        yield _materialized(generation_jobs, str(shard), queue)
    for shard, came in _answered(report):
        yield _materialized(generations, str(shard), generations_metadata(store, shard, came))


def _asked(report: RefreshReport) -> Iterator[tuple[ShardKey, list[RequestsReport]]]:
    """Yield the shards for which a task asked something new."""
    for shard, asked in groupby(report.requests, key=lambda one: one.shard):
        reports = list(asked)
        if any(one.written for one in reports):
            yield shard, reports


def _answered(report: RefreshReport) -> Iterator[tuple[ShardKey, list[OutputsReport]]]:
    """Yield the shards for which answers came in, or something new was asked."""
    fed = {one.shard for one in report.advanced.fed}
    fed |= {one.shard for one in report.requests if one.written}
    for shard, came in groupby(report.outputs, key=lambda one: one.shard):
        if shard in fed:
            yield shard, list(came)


def _checks(store: Store, report: RefreshReport) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the checks of the shards and indexes that this run read, settled and built."""
    for read in report.documents:
        if read.written:
            yield documents_evaluation(documents.key, store, read)
    for done in _newly_settled(store, report):
        for check in check_shard(store, done.shard):
            yield check_evaluation(embeddings.key, check)
    for index in report.indexes:
        if index.written:
            yield check_evaluation(vector_index.key, check_index(store, index.dataset))
    for found in report.quality:
        check = check_quality(store, DatasetKey.parse(found.dataset))
        yield check_evaluation(retrieval_quality.key, check)


def _newly_settled(store: Store, report: RefreshReport) -> list[EmbeddingsReport]:
    """Return the settled shards whose embeddings no run has reported yet."""
    new = _new_requests(store, report)
    return [done for done in report.embeddings if done.is_settled and done.shard in new]


def _new_requests(store: Store, report: RefreshReport) -> dict[ShardKey, tuple[str, str]]:
    """Map the shards whose embeddings no run has reported yet to the run that would."""
    held = store.ledger.requests.succeeded(EMBEDDINGS)
    settled = [done.shard for done in report.embeddings if done.is_settled]
    requests = embeddings_requests(store, settled)
    return {shard: one for shard, one in requests.items() if held.get(one[0]) != one[1]}


def _mark_done(store: Store, report: RefreshReport) -> None:
    """Mark as done what this run reported, so that the sensor does not ask for its runs."""
    for shard in {one.shard for one in report.outputs}:
        if request := generations_request(store, shard):
            store.ledger.requests.done(*request)
    for request in _new_requests(store, report).values():
        store.ledger.requests.done(*request)
    built = store.ledger.requests.succeeded(VECTOR_INDEX)
    for name, wanted in index_requests(store, {one.dataset for one in report.indexes}).values():
        if built.get(name) != wanted:
            store.ledger.requests.done(name, wanted)


def _materialized(
    asset: dg.AssetsDefinition, partition: str, metadata: object
) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(asset.key, partition=partition, metadata=metadata)  # type: ignore[arg-type]


ASSET_JOBS = [embed_shard, feed_shard, settle_shard, index_dataset]
OPERATIONS = [advance_batches, refresh]
