"""Definitions in which the refresh schedule fires each minute, for a daemon under test."""

import dagster as dg

from semantic_assets.defs.assets import ASSETS
from semantic_assets.defs.jobs import ASSET_JOBS, OPERATIONS, embed_shard
from semantic_assets.defs.resources import LakeResource
from semantic_assets.defs.schedules import refresh_schedule
from semantic_assets.defs.sensors import gemini_batch_sensor

refresh_each_minute = dg.ScheduleDefinition(
    name="refresh_each_minute",
    job=embed_shard,
    cron_schedule="* * * * *",
    execution_fn=refresh_schedule._execution_fn,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

defs = dg.Definitions(
    assets=ASSETS,
    jobs=[*ASSET_JOBS, *OPERATIONS],
    sensors=[gemini_batch_sensor],
    schedules=[refresh_each_minute],
    resources={"lake": LakeResource()},
    executor=dg.in_process_executor,
)
