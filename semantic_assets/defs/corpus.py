"""The corpus of the settings in force, under bare names."""

import dagster as dg

from semantic_assets.orchestration.build import build_definitions


@dg.definitions
def corpus() -> dg.Definitions:
    """Return the assets, jobs, sensors and schedules."""
    return build_definitions()
