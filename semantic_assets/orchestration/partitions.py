"""The keys of the two partitions definitions of a place. Nothing here decides what runs."""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from semantic_assets.errors import ConfigError
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.orchestration.failures import failure
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.generation_jobs.generation_files import datasets_of_files
from semantic_assets.store import Store

#: How long the partitions of a removed dataset stay registered.
_KEPT_SECONDS = 86_400.0
#: What keys look like, for messages.
_SHARD, _DATASET = "observatory.handbook.00000", "observatory.handbook"
_Key = TypeVar("_Key", ShardKey, DatasetKey)


def shard_of(context: dg.AssetExecutionContext) -> ShardKey:
    """Return the run's shard. Call it first: Dagster accepts a run without a partition.

    Raises:
        dagster.Failure: the run has no partition, or its key is not a shard's.
    """
    return _parsed(context, ShardKey.parse, _SHARD)


def shards_of(context: dg.AssetExecutionContext) -> tuple[list[ShardKey], list[str]]:
    """Return the shards of a run over one or more partitions, and all keys in Dagster's order.

    Raises:
        dagster.Failure: as `shard_of`.
    """
    if not context.has_partition_key_range:
        return [shard_of(context)], []
    name = str(context.assets_def.partitions_def.name)
    shards = [_key(key, ShardKey.parse, _SHARD) for key in context.partition_keys]
    return shards, list(context.instance.get_dynamic_partitions(name))


def dataset_of(context: dg.AssetExecutionContext) -> DatasetKey:
    """Return the run's dataset; fail as `shard_of` does."""
    return _parsed(context, DatasetKey.parse, _DATASET)


def _parsed(context: dg.AssetExecutionContext, parse: Callable[[str], _Key], example: str) -> _Key:
    if not context.has_partition_key:
        raise failure(
            "this run has no partition",
            "Choose one in the UI, or pass "
            f'`--tags \'{{"dagster/partition": "{example}"}}\'` on the command line.',
        )
    return _key(context.partition_key, parse, example)


def _key(partition: str, parse: Callable[[str], _Key], example: str) -> _Key:
    try:
        return parse(partition)
    except ConfigError as error:
        raise failure(str(error), f"Keys look like `{example}`: choose one in the UI.") from error


def missing_partitions(
    instance: dg.DagsterInstance, store: Store, place: Place
) -> dict[dg.DynamicPartitionsDefinition, list[str]]:
    """Return the keys the ledger knows and the instance does not, in the ledger's order."""
    sources, of_files = store.ledger.sources, datasets_of_files(store)
    # No run would ever turn squares of the latter green.
    wanted = {
        place.shards: [
            str(shard.key) for shard in sources.shards() if shard.key.dataset not in of_files
        ],
        place.datasets: [one.partition for one in sources.datasets() if one not in of_files],
    }
    found = {}
    for definition, keys in wanted.items():
        known = set(instance.get_dynamic_partitions(str(definition.name)))
        found[definition] = [key for key in keys if key not in known]
    return found


def partition_requests(
    instance: dg.DagsterInstance, store: Store, place: Place
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    """Return a sensor's requests: add new partitions, delete those removed over a day ago."""
    missing, old = (
        missing_partitions(instance, store, place),
        _removed_partitions(instance, store, place),
    )
    added = [definition.build_add_request(keys) for definition, keys in missing.items() if keys]
    gone = [definition.build_delete_request(keys) for definition, keys in old.items() if keys]
    return [*added, *gone]


def _removed_partitions(
    instance: dg.DagsterInstance, store: Store, place: Place
) -> dict[dg.DynamicPartitionsDefinition, list[str]]:
    """Return the partitions removed over a day ago, and those an earlier release made of files.

    A run queued before may still come: with its key it skips, without it it fails.
    """
    before = store.ledger.now() - _KEPT_SECONDS
    removed = {
        row.key
        for row in store.ledger.datasets.rows().values()
        if row.removed_at is not None and row.removed_at < before
    } | datasets_of_files(store)
    if not removed:
        return {}
    shards = {str(shard) for key in removed for shard in store.ledger.sources.shards_ever(key)}
    wanted = {place.shards: shards, place.datasets: {key.partition for key in removed}}
    return {
        definition: sorted(keys & set(instance.get_dynamic_partitions(str(definition.name))))
        for definition, keys in wanted.items()
    }


def register_partitions(instance: dg.DagsterInstance, store: Store, place: Place) -> int:
    """Register every shard and dataset of the ledger as a partition; return how many were new."""
    added = 0
    for definition, keys in missing_partitions(instance, store, place).items():
        if keys:
            instance.add_dynamic_partitions(str(definition.name), keys)
        added += len(keys)
    return added
