"""An asset that is written once and stands in several places, each with its own key and lake."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dagster as dg
import pyarrow as pa

from semantic_assets.errors import DatasetRemoved
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.reporting.checks import check_specs
from semantic_assets.orchestration.reporting.columns import column_lineage, column_schema
from semantic_assets.orchestration.reporting.green import GREEN
from semantic_assets.orchestration.resources import LakeResource, lake_of

Event = dg.MaterializeResult | dg.AssetCheckResult
Body = Callable[[dg.AssetExecutionContext, LakeResource], Iterator[Event]]

OWNERS = ["team:semantic-assets"]
_GROUPS = {
    "ingest": ("documents",),
    "generate": ("generation_jobs", "generations"),
    "embed": ("chunks", "batch_jobs", "embeddings"),
    "serve": ("vector_index", "retrieval_quality"),
}
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}


class By(Enum):
    """What a partition of an asset is."""

    SHARD = "shard"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTemplate:
    """One asset without its place. The docstring of the body begins its description."""

    body: Body
    by: By
    deps: Sequence["AssetTemplate"] = ()
    kind: str
    columns: pa.Schema
    code_version: str | None = None
    checks: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.body.__name__

    def at(self, place: Place) -> dg.AssetsDefinition:
        """Return the asset at a place."""
        key = place.key(self.name)
        partitions = place.shards if self.by is By.SHARD else place.datasets

        @dg.asset(
            key=key,
            description=f"{inspect.getdoc(self.body)}\n\n{GREEN[self.name]}",
            partitions_def=partitions,
            deps=[self._dep(place, upstream) for upstream in self.deps],
            group_name=place.group_of(_GROUP_OF[self.name]),
            kinds={self.kind},
            owners=OWNERS,
            output_required=False,  # a removed dataset has none
            code_version=self.code_version,
            metadata=column_schema(self.columns),
            check_specs=check_specs(key, partitions, *self.checks),
            required_resource_keys={place.resource},
        )
        def run(context: dg.AssetExecutionContext) -> Iterator[Event]:
            for event in self._events(context, lake_of(context, place)):
                yield _with_lineage(key, event)

        return run

    def _dep(self, place: Place, upstream: "AssetTemplate") -> dg.AssetDep:
        # Between shards and datasets for lineage only: the sensor decides which runs are due.
        mapping = None if upstream.by is self.by else dg.AllPartitionMapping()
        return dg.AssetDep(place.key(upstream.name), partition_mapping=mapping)

    def _events(self, context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Event]:
        """Run the body; a run queued for a dataset that is removed succeeds and says why.

        Dagster requires a verdict of each check.
        """
        try:
            yield from self.body(context, lake)
        except DatasetRemoved as error:
            context.log.warning(f"skipped: {error}")
            for name in self.checks:
                yield dg.AssetCheckResult(check_name=name, passed=True, description="skipped")


def asset(**options: Any) -> Callable[[Body], AssetTemplate]:
    """Make a template of a body; the options are the fields of `AssetTemplate`."""
    return lambda body: AssetTemplate(body=body, **options)


def _with_lineage(key: dg.AssetKey, event: Event) -> Event:
    if not isinstance(event, dg.MaterializeResult):
        return event
    return event._replace(metadata={**(event.metadata or {}), **column_lineage(key)})
