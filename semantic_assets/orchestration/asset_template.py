"""An asset that is written once and stands in several places, each with its own key and lake."""

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dagster as dg
import pyarrow as pa

from semantic_assets.errors import DatasetRemoved
from semantic_assets.model.keys import DatasetKey
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.reporting.checks import check_specs
from semantic_assets.orchestration.reporting.columns import column_lineage, column_schema
from semantic_assets.orchestration.reporting.green import GREEN
from semantic_assets.orchestration.resources import LakeResource, lake_of
from semantic_assets.text.foreign import visible

#: The last three of a run over several partitions: each has events of its own.
Event = (
    dg.MaterializeResult
    | dg.AssetCheckResult
    | dg.AssetMaterialization
    | dg.AssetCheckEvaluation
    | dg.Output[None]
)
Compute = Callable[[dg.AssetExecutionContext], Iterator[Event]]
Body = Callable[[dg.AssetExecutionContext, LakeResource], Iterator[Event]]

OWNERS = ["team:semantic-assets"]
_GROUPS = {
    "ingest": ("documents",),
    "generate": ("generation_jobs", "generations"),
    "embed": ("chunks", "batch_jobs", "embeddings"),
    "serve": ("vector_index", "retrieval_quality"),
}
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}


class Nothing(Exception):  # it is no error
    """There is nothing to materialize in this partition, for the reason given."""


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
    #: Whether a run waits, for all partitions of a backfill together, and can end before they are
    #: all materialized because another run goes on.
    waits: bool = False

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.body.__name__

    def at(self, place: Place) -> dg.AssetsDefinition:
        """Return the asset at a place."""
        key = place.key(self.name)
        partitions = place.shards if self.by is By.SHARD else place.datasets

        @_asset(
            self.waits,
            key=key,
            description=f"{inspect.getdoc(self.body)}\n\n{GREEN[self.name]}",
            partitions_def=partitions,
            deps=[self._dep(place, upstream) for upstream in self.deps],
            group_name=place.group_of(_GROUP_OF[self.name]),
            kinds={self.kind},
            owners=OWNERS,
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
        """Run the body; where there is nothing, the partition is materialized empty and says why.

        So a backfill over all partitions ends well. Dagster requires a verdict of each check.
        """
        try:
            yield from self.body(context, lake)
        except (Nothing, DatasetRemoved) as reason:
            context.log.info(str(reason))
            yield dg.MaterializeResult(metadata=nothing_to_tell(str(reason)))
            for name in self.checks:
                yield dg.AssetCheckResult(check_name=name, passed=True, description=str(reason))


def nothing_to_tell(reason: str) -> Mapping[str, Any]:
    """Return the metadata of a partition without rows."""
    return {"dagster/partition_row_count": 0, "empty_because": visible(reason)}


def not_embedded(dataset: DatasetKey) -> str:
    return f"{dataset} is not embedded: its dataset.toml says embed = false"


def _asset(waits: bool, **options: Any) -> Callable[[Compute], dg.AssetsDefinition]:
    """Return Dagster's decorator. A run that materializes nothing fails, unless another goes on."""
    if not waits:
        return dg.asset(**options)  # type: ignore[no-any-return]
    with warnings.catch_warnings():
        # It is the one parameter in beta; a release that takes it away fails at import.
        warnings.simplefilter("ignore", dg.BetaWarning)
        policy = dg.BackfillPolicy.single_run()
        return dg.asset(output_required=False, backfill_policy=policy, **options)  # type: ignore[no-any-return]


def asset(**options: Any) -> Callable[[Body], AssetTemplate]:
    """Make a template of a body; the options are the fields of `AssetTemplate`."""
    return lambda body: AssetTemplate(body=body, **options)


def _with_lineage(key: dg.AssetKey, event: Event) -> Event:
    if not isinstance(event, dg.MaterializeResult):
        return event
    return event._replace(metadata={**(event.metadata or {}), **column_lineage(key)})
