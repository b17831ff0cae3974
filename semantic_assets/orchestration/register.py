"""Discover the sources and register every shard as a partition of Dagster.

`make dev` runs `python -m semantic_assets.orchestration.register` before the UI opens, so that
there is something to click on.
"""

import dagster as dg

from semantic_assets.api.functions import opened
from semantic_assets.orchestration.partitions import register_partitions
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.discovery.discover import discover


def main() -> None:
    with opened(progress=print) as (store, _), dg.DagsterInstance.get() as instance:
        found = discover(store)
        added = register_partitions(instance, store, Place())
        print(f"{found.summary}; {added} partitions registered")  # noqa: T201


if __name__ == "__main__":
    main()
