"""The jobs: one partitioned asset job per stage, and two operations over the whole store."""

import inspect
from collections.abc import Iterator, Mapping

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)
from pydantic import Field

from semantic_assets.api.core import dataset_keys
from semantic_assets.model.batch_job import Stage
from semantic_assets.model.wording import counted
from semantic_assets.orchestration.failures import failure
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.refresh_events import checks_of, events_of, mark_done
from semantic_assets.orchestration.reporting.remedies import TEXTS_FAILED
from semantic_assets.orchestration.resources import LakeResource, lake_of
from semantic_assets.pipeline.flows.refresh import refresh as refresh_verb
from semantic_assets.pipeline.flows.settle import advance_alone
from semantic_assets.text.foreign import visible

#: The names of the jobs, without their place's prefix.
EMBED_SHARD, FEED_SHARD, SETTLE_SHARD = "embed_shard", "feed_shard", "settle_shard"
INDEX_DATASET, ADVANCE_BATCHES, REFRESH = "index_dataset", "advance_batches", "refresh"

#: The assets of each job that has some.
ASSETS_OF_JOB = {
    EMBED_SHARD: ["documents", "generation_jobs", "generations", "chunks", "batch_jobs"],
    FEED_SHARD: ["generations", "chunks", "batch_jobs"],
    SETTLE_SHARD: ["embeddings"],
    INDEX_DATASET: ["vector_index", "retrieval_quality"],
}

#: Sensor runs go before backfills: they free the window that the backfill waits for.
_PRIORITY = {"dagster/priority": "10"}
_MAX_RUNTIME = {"dagster/max_runtime": str(6 * 3600)}

_WHAT_IS_LEFT = (
    "Nothing is lost. Where it waits, launch `refresh` again: it goes on where it stopped "
    "(`semantic-assets status` says when the batches should be back). Where it names a file or a "
    "setting, mend that first."
)

Job = dg.JobDefinition | UnresolvedAssetJobDefinition
Jobs = Mapping[str, Job]
RefreshEvent = dg.AssetMaterialization | dg.AssetCheckEvaluation


def job_definitions(place: Place) -> Jobs:
    """Return the jobs at a place by their names without its prefix."""
    return {
        EMBED_SHARD: _asset_job(
            place,
            EMBED_SHARD,
            "A shard from its sources to the batch job. Green: it is read, split and sent as far as "
            "there was room; the run does not wait for Google. The sensor takes it from there.",
        ),
        FEED_SHARD: _asset_job(
            place,
            FEED_SHARD,
            "Store the answers of a shard's tasks, split the documents that waited for them, and send "
            "their chunks. Requested by the sensor when all answers are in.",
            tags=_PRIORITY,
        ),
        SETTLE_SHARD: _asset_job(
            place,
            SETTLE_SHARD,
            "Write the embeddings of a shard. Green: every chunk has its outcome, a vector or a "
            "reason. Requested by the sensor when the batches of the shard have ended.",
            tags=_PRIORITY,
        ),
        INDEX_DATASET: _asset_job(
            place,
            INDEX_DATASET,
            "Build a dataset's index, switch search to it, and measure it. Green: search answers "
            "from the new version. Requested by the sensor when all shards are settled.",
            tags=_PRIORITY,
        ),
        ADVANCE_BATCHES: _advance_batches(place),
        REFRESH: _refresh(place),
    }


def _asset_job(
    place: Place,
    name: str,
    description: str,
    tags: Mapping[str, str] | None = None,
) -> Job:
    return dg.define_asset_job(
        place.name(name),
        selection=dg.AssetSelection.assets(*map(place.key, ASSETS_OF_JOB[name])),
        # A step process of its own for each asset would double the 2.7 CPU seconds a run costs.
        executor_def=dg.in_process_executor,
        description=description,
        tags=tags,
    )


def _advance_batches(place: Place) -> Job:
    @dg.op(
        name=place.name("advance_store"),
        description=inspect.getdoc(_advance_store),
        required_resource_keys={place.resource},
    )
    def advance_store(context: dg.OpExecutionContext) -> None:
        _advance_store(context, lake_of(context, place))

    @dg.job(
        name=place.name(ADVANCE_BATCHES),
        description="Send what fits the window and collect the batches that ended, for all datasets. "
        "Green: nothing was left to do at that moment; batches may be out. A batch that failed at "
        "Google is a warning in the log, and its texts are sent again. Requested by the sensor.",
        executor_def=dg.in_process_executor,
        tags=_PRIORITY | _MAX_RUNTIME,
    )
    def advance_batches() -> None:
        advance_store()

    return advance_batches


def _advance_store(context: dg.OpExecutionContext, lake: LakeResource) -> None:
    """Submit what fits, collect the jobs that ended, and assemble the settled shards."""
    with lake.opened(context.log.info) as (store, gemini):
        report = advance_alone(store, gemini)
        if report is None:
            context.log.info("another process advances; nothing to do")
            return
        for one in report.collected:
            if one.job.stage == Stage.FAILED:
                told = f"job {one.job.job_id} {one.job.outcome}: {one.job.trouble}"
                context.log.warning(visible(told))
        context.log.info(
            f"{counted(report.submitted_texts, 'text')} sent, {counted(len(report.collected), 'job')} collected, "
            f"{counted(report.open_jobs, 'job')} out, {counted(report.waiting_texts, 'text')} waiting"
        )
        for line in report.trouble:
            context.log.warning(visible(line))


class RefreshConfig(dg.Config):
    """The datasets that `refresh` works on, and how long it waits."""

    datasets: list[str] = Field(
        default=[], description="As project/dataset, or a project for all of its own; empty: all."
    )
    wait_minutes: float | None = Field(
        default=None, description="Default: SEMANTIC_ASSETS_WAIT_MINUTES, or a day."
    )


def _refresh(place: Place) -> Job:
    @dg.op(
        name=place.name("refresh_store"),
        description=inspect.getdoc(_refresh_store),
        required_resource_keys={place.resource},
        out=dg.Out(dg.Nothing),
    )
    def refresh_store(
        context: dg.OpExecutionContext, config: RefreshConfig
    ) -> Iterator[RefreshEvent]:
        yield from _refresh_store(context, lake_of(context, place), place, config)

    @dg.job(
        name=place.name(REFRESH),
        description="Everything new in all datasets, from the sources to the index, in one run that "
        "waits for its batches. Green: all of it is in search. Red: batches are still out (launch it "
        "again), or texts FAILED in it; the message says which.",
        executor_def=dg.in_process_executor,
    )
    def refresh() -> None:
        refresh_store()

    return refresh


def _refresh_store(
    context: dg.OpExecutionContext, lake: LakeResource, place: Place, config: RefreshConfig
) -> Iterator[RefreshEvent]:
    """Bring everything new to the index, waiting for the batches inside the run.

    It fails with "waiting, run again" while batches are out, and where texts FAILED in it, or all
    texts of a dataset are FAILED.
    """
    with lake.opened(context.log.info) as (store, gemini):
        minutes = config.wait_minutes
        report = refresh_verb(
            store,
            gemini,
            datasets=dataset_keys(store, config.datasets),
            wait_minutes=store.settings.wait_minutes if minutes is None else minutes,
        )
        # A bare checkout has an empty instance: the run brings the partitions it reports on.
        register_partitions(context.instance, store, place)
        # Yielded, so that each is stored before `mark_done`; and under this run's id: of verdicts
        # that belong to no run, Dagster keeps one on a partition, ever.
        yield from events_of(place, store, report)
        yield from checks_of(place, store, report)
        mark_done(store, report)
        if report.is_waiting or report.discovery.skipped or report.troubles:
            raise failure(report.summary, _WHAT_IS_LEFT)
        # What FAILED in an earlier run is the check's to tell: a schedule need not fail each night.
        if report.newly_failed or report.wholly_failed:
            raise failure(report.summary, TEXTS_FAILED)
