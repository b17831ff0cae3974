"""The sensors: one tick calls `watch` or `watch_sources` and reports it to Dagster.

A partition whose run waits or runs, whoever launched it, is not asked for again. Each sensor does all its work while the other is stopped or failing.
"""

import inspect
from collections.abc import Callable, Sequence

import dagster as dg

from semantic_assets.model.batch_job import BatchJob, JobKind
from semantic_assets.model.wording import are, counted
from semantic_assets.orchestration.jobs import (
    ADVANCE_BATCHES,
    EMBED_SHARD,
    FEED_SHARD,
    INDEX_DATASET,
    SETTLE_SHARD,
    Job,
    Jobs,
)
from semantic_assets.orchestration.known_runs import known_runs
from semantic_assets.orchestration.partitions import partition_requests
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.reporting.checks import check_evaluation
from semantic_assets.orchestration.resources import LakeResource, lake_of
from semantic_assets.pipeline.scheduling.batch_runs import (
    ADVANCE,
    EMBEDDINGS,
    GENERATIONS,
    VECTOR_INDEX,
    RunDue,
    watch,
)
from semantic_assets.pipeline.scheduling.given_up import (
    check_advance,
    check_index_requests,
    check_shard_requests,
)
from semantic_assets.pipeline.scheduling.read_runs import READ, watch_sources
from semantic_assets.store import Store
from semantic_assets.text.foreign import visible

#: An event costs 20 to 50 ms of the tick on SQLite; the ledger keeps the whole history anyway.
_MAX_OBSERVATIONS = 50
_JOB_OF = {
    READ: EMBED_SHARD,
    ADVANCE: ADVANCE_BATCHES,
    GENERATIONS: FEED_SHARD,
    EMBEDDINGS: SETTLE_SHARD,
    VECTOR_INDEX: INDEX_DATASET,
}
#: The asset that tells of runs given up, unless it is `embeddings`, and its check.
_ASSET_OF = {ADVANCE: "batch_jobs", VECTOR_INDEX: "vector_index"}
_CHECKS = {
    "batch_jobs": check_advance,
    "embeddings": check_shard_requests,
    "vector_index": check_index_requests,
}
#: How often each sensor ticks at most.
_BATCH_SECONDS, _DISCOVERY_SECONDS = 30, 60
Body = Callable[[dg.SensorEvaluationContext, LakeResource, Place], dg.SensorResult]


def sensor_definitions(place: Place, jobs: Jobs) -> list[dg.SensorDefinition]:
    """Return the sensors at a place."""
    requested = [jobs[name] for name in (ADVANCE_BATCHES, FEED_SHARD, SETTLE_SHARD, INDEX_DATASET)]
    return [
        _sensor(place, gemini_batch_sensor, requested, _BATCH_SECONDS),
        _sensor(place, dataset_discovery_sensor, [jobs[EMBED_SHARD]], _DISCOVERY_SECONDS),
    ]


def _sensor(place: Place, body: Body, jobs: Sequence[Job], seconds: int) -> dg.SensorDefinition:
    def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return body(context, lake_of(context, place), place)

    return dg.SensorDefinition(
        name=place.name(body.__name__),
        jobs=jobs,
        evaluation_fn=tick,
        description=inspect.getdoc(body),
        minimum_interval_seconds=seconds,
        required_resource_keys={place.resource},
        default_status=dg.DefaultSensorStatus.RUNNING,
    )


def gemini_batch_sensor(
    context: dg.SensorEvaluationContext, lake: LakeResource, place: Place
) -> dg.SensorResult:
    """Poll Google's job state; request the runs that collect, settle and index.

    A green tick requested runs; a grey one says how many batches are out. State lives in the ledger:
    resetting the cursor, or missing a tick, loses nothing.
    """
    with lake.opened(context.log.info) as (store, gemini):
        runs = known_runs(context.instance, context.repository_def, store, place)
        found = watch(store, gemini, runs)
        partitions = partition_requests(context.instance, store, place)
        checks = _requests_checks(place, store, found.exhausted, context.cursor)
    if found.trouble:
        context.log.warning(f"Google could not be asked: {visible(found.trouble)}")
    observations = [event for job in found.changed for event in _observations(place, job)]
    return dg.SensorResult(
        run_requests=[run_request(place, due) for due in found.due],
        asset_events=[*observations[:_MAX_OBSERVATIONS], *checks],
        # Only to evaluate the checks that changed; resetting it loses nothing.
        cursor=",".join(found.exhausted),
        dynamic_partitions_requests=partitions,
        skip_reason=None
        if found.due
        else f"{counted(found.active_jobs, 'batch job')} {are(found.active_jobs)} out; nothing is due",
    )


def dataset_discovery_sensor(
    context: dg.SensorEvaluationContext, lake: LakeResource, place: Place
) -> dg.SensorResult:
    """List the sources; register new shards, and request the runs that read, chunk and submit.

    A green tick requested runs; a grey one says what waits, or what could not be listed. Files that
    hold many records are counted, once for each of their states, so that every shard of them is
    registered at once. A source root that is gone, or a dataset that is missing, is reported and
    deletes nothing.
    """
    with lake.opened(context.log.info) as (store, _):
        runs = known_runs(context.instance, context.repository_def, store, place)
        found = watch_sources(store, runs)
        partitions = partition_requests(context.instance, store, place)
    if found.counted:
        context.log.info(visible(found.counted))
    for trouble in found.troubles:
        context.log.warning(visible(trouble))
    said = (
        visible("; ".join(found.troubles))
        or f"nothing is due; the runs of {found.coming} shards are on their way, "
        f"{found.waiting} shards wait for their turn"
    )
    return dg.SensorResult(
        run_requests=[run_request(place, due) for due in found.due],
        dynamic_partitions_requests=partitions,
        skip_reason=None if found.due else said,
    )


def run_request(place: Place, due: RunDue) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=due.run_key, job_name=place.name(_JOB_OF[due.kind]), partition_key=due.partition
    )


def _observations(place: Place, job: BatchJob) -> list[dg.AssetObservation]:
    return [
        dg.AssetObservation(
            place.key("batch_jobs" if job.kind == JobKind.EMBEDDING else "generation_jobs"),
            partition=shard,
            metadata={
                "latest_job": job.job_id,
                "latest_job_remote": job.remote_name or "",
                "latest_job_stage": str(job.stage),
                "latest_job_state": str(job.state),
                "latest_job_outcome": str(job.outcome or "not known yet"),
                **({"latest_job_error": visible(job.trouble)} if job.trouble else {}),
                "latest_job_remote_state": job.remote_state or "",
                "latest_job_texts": job.requests,
                "latest_job_succeeded": job.succeeded or 0,
                "latest_job_failed": job.failed or 0,
            },
        )
        for shard in job.shards
    ]


def _requests_checks(
    place: Place, store: Store, exhausted: Sequence[str], cursor: str | None
) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of the assets whose runs were given up, or no longer are.

    None has a partition: of verdicts that belong to no run, Dagster keeps one on a partition, and a
    second one would end this tick and all that follow.
    """
    changed = {*exhausted} ^ {*(cursor or "").split(",")} - {""}
    assets = {_ASSET_OF.get(name.partition(":")[0], "embeddings") for name in changed}
    return [
        check_evaluation(place.key(asset), _CHECKS[asset](store), None) for asset in sorted(assets)
    ]
