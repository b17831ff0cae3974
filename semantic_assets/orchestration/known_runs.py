"""The runs there are, of any origin, as the ledger's requests understand them.

Three queries to the instance, however many shards there are: the runs that have not ended, those of
open requests that failed, and the backfills that have not created their runs yet.
"""

from collections.abc import Collection, Iterator, Sequence

import dagster as dg
from dagster._core.errors import DagsterDefinitionChangedDeserializationError
from dagster._core.execution.backfill import (
    BulkActionsFilter,
    BulkActionStatus,
    PartitionBackfill,
)
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES, RunRecord
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    RUN_KEY_TAG,
)

from semantic_assets.ledger.run_requests import KnownRuns
from semantic_assets.orchestration.jobs import ADVANCE_BATCHES, ASSETS_OF_JOB
from semantic_assets.orchestration.place import Place
from semantic_assets.pipeline.scheduling.batch_runs import (
    ADVANCE,
    EMBEDDINGS,
    GENERATIONS,
    VECTOR_INDEX,
)
from semantic_assets.pipeline.scheduling.read_runs import READ
from semantic_assets.store import Store

#: The kinds of requests that a run of an asset answers.
_KINDS = {
    "documents": [READ],
    "generation_jobs": [READ],
    "generations": [READ, GENERATIONS],
    "chunks": [READ],
    "batch_jobs": [READ],
    "embeddings": [EMBEDDINGS],
    "vector_index": [VECTOR_INDEX],
}
#: A run that began longer ago is one whose end nobody recorded, where runs are not monitored.
_LONGEST_SECONDS = 24 * 3600.0
#: SQLite takes no more than 32,766 values.
_KEYS_A_QUERY = 10_000


def known_runs(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition | None,
    store: Store,
    place: Place,
) -> KnownRuns:
    """Return the runs of a place's assets in flight, and when runs of open requests failed."""
    keys = instance.get_dynamic_partitions(str(place.shards.name))
    in_flight = {
        name
        for record in instance.get_run_records(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
        if not _is_forgotten(record, store.ledger.now())
        for name in _names(record.dagster_run, place, keys)
    }
    if repository is not None:
        in_flight.update(_planned(instance, repository, place))
    return KnownRuns(
        in_flight=frozenset(in_flight), failed=_failed(instance, store.ledger.requests.open_keys())
    )


def partitions_of(run: dg.DagsterRun, keys: Sequence[str]) -> list[str]:
    """Return the partitions of a run: its own, or those of its range among all keys, in order."""
    if partition := run.tags.get(PARTITION_NAME_TAG):
        return [partition]
    first = run.tags.get(ASSET_PARTITION_RANGE_START_TAG)
    last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG)
    if first not in keys or last not in keys:
        return []
    return list(keys[keys.index(str(first)) : keys.index(str(last)) + 1])


def _is_forgotten(record: RunRecord, now: float) -> bool:
    return record.start_time is not None and now - record.start_time > _LONGEST_SECONDS


def _names(run: dg.DagsterRun, place: Place, keys: Sequence[str]) -> Iterator[str]:
    """Yield the names of the requests that a run answers."""
    if run.job_name == place.name(ADVANCE_BATCHES):
        yield ADVANCE
    kinds = _kinds(_assets(run, place))
    for partition in partitions_of(run, keys) if kinds else ():
        yield from (f"{kind}:{partition}" for kind in kinds)


def _kinds(assets: Collection[str]) -> set[str]:
    return {kind for asset in assets for kind in _KINDS.get(asset, ())}


def _assets(run: dg.DagsterRun, place: Place) -> list[str]:
    """Return the names of a place's assets that a run materializes."""
    if run.asset_selection:
        return [asset for asset in _KINDS if place.key(asset) in run.asset_selection]
    return _assets_of_job(run.job_name, place)


def _assets_of_job(name: str | None, place: Place) -> list[str]:
    found = [assets for job, assets in ASSETS_OF_JOB.items() if place.name(job) == name]
    return [asset for assets in found for asset in assets]


def _planned(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, place: Place
) -> Iterator[str]:
    """Yield the requests that runs will answer which a backfill has not created yet."""
    wanted = BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])
    for backfill in instance.get_backfills(filters=wanted):
        if backfill.is_asset_backfill:
            yield from _read_by(backfill, repository, place)
        else:
            kinds = _kinds(_assets_of_job(backfill.job_name, place))
            yield from (f"{kind}:{key}" for kind in kinds for key in _unsubmitted(backfill))


def _unsubmitted(backfill: PartitionBackfill) -> Sequence[str]:
    names, last = list(backfill.partition_names or ()), backfill.last_submitted_partition_name
    return names[names.index(last) + 1 :] if last in names else names


def _read_by(
    backfill: PartitionBackfill, repository: dg.RepositoryDefinition, place: Place
) -> Iterator[str]:
    """Yield the shards that an asset backfill will read.

    Its embeddings and indexes come late, when all it waits for is there: the sensor goes before.
    """
    mine = {place.key(asset) for asset, kinds in _KINDS.items() if READ in kinds}
    if mine.isdisjoint(backfill.asset_selection or ()):
        return
    try:
        data = backfill.get_asset_backfill_data(repository.asset_graph)
    except DagsterDefinitionChangedDeserializationError:
        return  # it has assets of another code location too; its runs are seen when they are there
    told = data.requested_subset | data.materialized_subset | data.failed_and_downstream_subset
    coming = (data.target_subset - told).partitions_subsets_by_asset_key
    for key in mine & coming.keys():
        yield from (f"{READ}:{partition}" for partition in coming[key].get_partition_keys())


def _failed(instance: dg.DagsterInstance, run_keys: Sequence[str]) -> dict[str, float]:
    """Map the run keys among these whose runs ended in failure to when they did."""
    return {
        record.dagster_run.tags[RUN_KEY_TAG]: record.end_time or record.update_timestamp.timestamp()
        for start in range(0, len(run_keys), _KEYS_A_QUERY)
        for record in instance.get_run_records(
            dg.RunsFilter(
                statuses=[dg.DagsterRunStatus.FAILURE],
                tags={RUN_KEY_TAG: run_keys[start : start + _KEYS_A_QUERY]},
            )
        )
    }
