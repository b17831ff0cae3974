"""The schedules: the sensors' decisions at fixed times. They are stopped by default."""

import dagster as dg

from semantic_assets.defs.jobs import embed_shard, index_dataset
from semantic_assets.defs.partitions import register_partitions
from semantic_assets.defs.resources import LakeResource
from semantic_assets.defs.sensors import run_request
from semantic_assets.pipeline.scheduling.index_runs import rebuilds_due
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from semantic_assets.text.foreign import visible

Tick = list[dg.RunRequest] | dg.SkipReason


@dg.schedule(
    job=embed_shard,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def refresh_schedule(context: dg.ScheduleEvaluationContext, lake: LakeResource) -> Tick:
    """List the sources each hour and read what changed, where the sensor is not to do it."""
    with lake.opened(context.log.info) as (store, _):
        found = watch_sources(store)
        register_partitions(context.instance, store)
    for trouble in found.troubles:
        context.log.warning(visible(trouble))
    if not found.due:
        return dg.SkipReason(visible("; ".join(found.troubles)) or "nothing new")
    return [run_request(due) for due in found.due]


@dg.schedule(
    job=index_dataset,
    cron_schedule="0 3 * * 0",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def rebuild_schedule(context: dg.ScheduleEvaluationContext, lake: LakeResource) -> Tick:
    """Build the indexes that lack vectors each week, also where a dataset is not settled."""
    with lake.opened(context.log.info) as (store, _):
        due = rebuilds_due(store)
        register_partitions(context.instance, store)
    return [run_request(run) for run in due] or dg.SkipReason("every index is current")
