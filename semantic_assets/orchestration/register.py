"""Discover the sources and register every shard as a partition of Dagster.

`make dev` runs `python -m semantic_assets.orchestration.register` before the UI opens, so that
there is something to click on.
"""

import dagster as dg

from semantic_assets.api.functions import opened
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.documents.plan_records import discover_and_plan


def main() -> None:
    with opened(progress=print) as (store, _), dg.DagsterInstance.get() as instance:
        found, counted = discover_and_plan(store)
        added = register_partitions(instance, store, Place())
        said = [found.summary, counted.told, f"{added} partitions registered"]
        print("; ".join(filter(None, said)))  # noqa: T201


if __name__ == "__main__":
    main()
