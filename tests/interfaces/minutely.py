"""Definitions in which the refresh schedule fires each minute, for a daemon under test."""

import dagster as dg

from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.place import Place


def _minutely(found: dg.Definitions) -> dg.Definitions:
    """Return these with one sensor and one schedule; Dagster wants one set in a module."""
    refresh = found.resolve_schedule_def("refresh_schedule")
    refresh_each_minute = dg.ScheduleDefinition(
        name="refresh_each_minute",
        job=refresh.job,
        cron_schedule="* * * * *",
        execution_fn=refresh._execution_fn,
        required_resource_keys={Place().resource},
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(
        assets=found.assets,
        jobs=found.jobs,
        sensors=[one for one in found.sensors or [] if one.name == "gemini_batch_sensor"],
        schedules=[refresh_each_minute],
        resources=found.resources,
        executor=dg.in_process_executor,
    )


defs = _minutely(build_definitions())
