"""The schedules: the sensors' decisions at fixed times. They are stopped by default."""

from collections.abc import Callable

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule

from semantic_assets.errors import ConfigError
from semantic_assets.orchestration.jobs import EMBED_SHARD, INDEX_DATASET, Job, Jobs
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.resources import LakeResource, lake_of
from semantic_assets.orchestration.sensors import run_request
from semantic_assets.pipeline.scheduling.index_runs import rebuilds_due
from semantic_assets.pipeline.scheduling.read_runs import watch_sources
from semantic_assets.text.foreign import visible

Tick = list[dg.RunRequest] | dg.SkipReason
Body = Callable[[dg.ScheduleEvaluationContext, LakeResource, Place], Tick]


_HOURLY, _WEEKLY = "0 * * * *", "0 3 * * 0"


def schedule_definitions(
    place: Place, jobs: Jobs, listing: str | None = None
) -> list[dg.ScheduleDefinition]:
    """Return the schedules at a place; they are off, unless it is said when to list the sources.

    Raises:
        ConfigError: `listing` is no cron line.
    """
    if listing is not None and not is_valid_cron_schedule(listing):
        raise ConfigError(f"schedule: {listing!r} is no cron line, such as {_HOURLY!r}")
    return [
        _schedule(place, refresh_schedule, jobs[EMBED_SHARD], listing or _HOURLY, bool(listing)),
        _schedule(place, rebuild_schedule, jobs[INDEX_DATASET], _WEEKLY, False),
    ]


def _schedule(
    place: Place, body: Body, job: Job, cron_schedule: str, is_on: bool
) -> dg.ScheduleDefinition:
    status = dg.DefaultScheduleStatus

    @dg.schedule(
        name=place.name(body.__name__),
        job=job,
        cron_schedule=cron_schedule,
        description=body.__doc__,
        required_resource_keys={place.resource},
        default_status=status.RUNNING if is_on else status.STOPPED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> Tick:
        return body(context, lake_of(context, place), place)

    return tick


def refresh_schedule(
    context: dg.ScheduleEvaluationContext, lake: LakeResource, place: Place
) -> Tick:
    """List the sources each hour and read what changed, where the sensor is not to do it."""
    with lake.opened(context.log.info) as (store, _):
        found = watch_sources(store)
        register_partitions(context.instance, store, place)
    for trouble in found.troubles:
        context.log.warning(visible(trouble))
    if not found.due:
        return dg.SkipReason(visible("; ".join(found.troubles)) or "nothing new")
    return [run_request(place, due) for due in found.due]


def rebuild_schedule(
    context: dg.ScheduleEvaluationContext, lake: LakeResource, place: Place
) -> Tick:
    """Build the indexes that lack vectors each week, also where a dataset is not settled."""
    with lake.opened(context.log.info) as (store, _):
        due = rebuilds_due(store)
        register_partitions(context.instance, store, place)
    return [run_request(place, run) for run in due] or dg.SkipReason("every index is current")
