"""The Dagster definitions; importing them reads no file, no environment and no network."""

import dagster as dg

from semantic_assets.defs.assets import ASSETS
from semantic_assets.defs.jobs import ASSET_JOBS, OPERATIONS
from semantic_assets.defs.resources import LakeResource
from semantic_assets.defs.schedules import rebuild_schedule, refresh_schedule
from semantic_assets.defs.sensors import dataset_discovery_sensor, gemini_batch_sensor


def build_definitions(lake: LakeResource) -> dg.Definitions:
    """Return all definitions over one lake; tests pass another."""
    return dg.Definitions(
        assets=ASSETS,
        jobs=[*ASSET_JOBS, *OPERATIONS],
        sensors=[gemini_batch_sensor, dataset_discovery_sensor],
        schedules=[refresh_schedule, rebuild_schedule],
        resources={"lake": lake},
        # A step process for each asset would double the 2.7 CPU seconds a run costs.
        executor=dg.in_process_executor,
    )


defs = build_definitions(LakeResource())
