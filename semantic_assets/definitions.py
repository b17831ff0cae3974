"""The Dagster definitions; importing them reads no file, no environment and no network."""

import dagster as dg

from semantic_assets.orchestration.build import build_definitions

defs = dg.Definitions.merge(
    build_definitions(),
    # A step process for each asset would double the 2.7 CPU seconds a run costs.
    dg.Definitions(executor=dg.in_process_executor),
)
