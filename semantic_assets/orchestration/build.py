"""All definitions over one lake, at a place in a code location."""

from collections.abc import Sequence

import dagster as dg

from semantic_assets.orchestration.assets import asset_definitions
from semantic_assets.orchestration.jobs import job_definitions
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.orchestration.schedules import schedule_definitions
from semantic_assets.orchestration.sensors import sensor_definitions


def build_definitions(
    lake: LakeResource | None = None,
    *,
    root: str = "",
    key_prefix: str | Sequence[str] = (),
    group: str | None = None,
    schedule: str | None = None,
) -> dg.Definitions:
    """Return all definitions over one lake, to be merged with others or to stand alone.

    Args:
        lake: the lake, where it needs more than a root.
        root: of the lake; without it SEMANTIC_ASSETS_ROOT.
        key_prefix: begins the key of each asset, with its parts, and the name of each job, sensor
            and schedule; sets with different prefixes stand side by side.
        group: of all assets.
        schedule: when the sources are listed, as a cron line; the schedule is then on.

    Raises:
        ConfigError: the prefix, the group or the schedule cannot be used.
    """
    parts = key_prefix.split("/") if isinstance(key_prefix, str) else key_prefix
    place = Place(tuple(part for part in parts if part or len(parts) > 1), group)
    jobs = job_definitions(place)
    return dg.Definitions(
        assets=asset_definitions(place),
        jobs=list(jobs.values()),
        sensors=sensor_definitions(place, jobs),
        schedules=schedule_definitions(place, jobs, schedule),
        resources={place.resource: lake or LakeResource(root=root)},
    )
