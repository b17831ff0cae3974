"""The two partitions definitions, and the keys they hold. Nothing here decides what runs."""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.store import Store

SHARDS = dg.DynamicPartitionsDefinition(name="shards")
DATASETS = dg.DynamicPartitionsDefinition(name="datasets")
_Key = TypeVar("_Key", ShardKey, DatasetKey)


def shard_of(context: dg.AssetExecutionContext) -> ShardKey:
    """The run's shard. Read first: a partitioned job without a partition is otherwise accepted.

    Raises:
        dagster.Failure: the run has no partition, or its key is not a shard's.
    """
    return _parsed(context, ShardKey.parse, "observatory.handbook.00000")


def dataset_of(context: dg.AssetExecutionContext) -> DatasetKey:
    """The run's dataset; fails as `shard_of`."""
    return _parsed(context, DatasetKey.parse, "observatory.handbook")


def _parsed(context: dg.AssetExecutionContext, parse: Callable[[str], _Key], example: str) -> _Key:
    if not context.has_partition_key:
        raise dg.Failure(
            f"this run has no partition: choose one in the UI, or pass "
            f'--tags \'{{"dagster/partition": "{example}"}}\'',
            allow_retries=False,
        )
    try:
        return parse(context.partition_key)
    except ConfigError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def missing_partitions(
    instance: dg.DagsterInstance, store: Store
) -> dict[dg.DynamicPartitionsDefinition, list[str]]:
    """Keys the ledger knows and the instance does not, in the ledger's order."""
    sources = store.ledger.sources
    wanted = {
        SHARDS: [str(shard.key) for shard in sources.shards()],
        DATASETS: [dataset.partition for dataset in sources.datasets()],
    }
    found = {}
    for definition, keys in wanted.items():
        known = set(instance.get_dynamic_partitions(str(definition.name)))
        found[definition] = [key for key in keys if key not in known]
    return found


def register_partitions(instance: dg.DagsterInstance, store: Store) -> int:
    """Make every shard and dataset of the ledger a partition of the instance."""
    added = 0
    for definition, keys in missing_partitions(instance, store).items():
        if keys:
            instance.add_dynamic_partitions(str(definition.name), keys)
        added += len(keys)
    return added
