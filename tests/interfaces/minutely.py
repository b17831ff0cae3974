"""Definitions in which the refresh schedule fires each minute, for a daemon under test."""

import dagster as dg

from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.place import Place

_all = build_definitions()
_refresh = _all.resolve_schedule_def("refresh_schedule")

refresh_each_minute = dg.ScheduleDefinition(
    name="refresh_each_minute",
    job=_refresh.job,
    cron_schedule="* * * * *",
    execution_fn=_refresh._execution_fn,
    required_resource_keys={Place().resource},
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

defs = dg.Definitions(
    assets=_all.assets,
    jobs=_all.jobs,
    sensors=[one for one in _all.sensors or [] if one.name == "gemini_batch_sensor"],
    schedules=[refresh_each_minute],
    resources=_all.resources,
    executor=dg.in_process_executor,
)
