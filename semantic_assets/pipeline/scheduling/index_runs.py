"""Runs for indexes that are not of their dataset's embeddings, settled or not."""

from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.run_requests import NO_RUNS, KnownRuns
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.scheduling.batch_runs import VECTOR_INDEX, RunDue, index_request
from semantic_assets.store import Store


def rebuilds_due(store: Store, runs: KnownRuns = NO_RUNS) -> tuple[RunDue, ...]:
    """Request runs for the datasets with vectors that their index lacks, or without an index.

    The batch sensor waits until a dataset is settled; this function does not.
    """
    due = []
    for dataset in store.ledger.sources.datasets():
        if store.ledger.leases.held(lease_names.of_index(dataset)) or not _has_vectors(
            store, dataset
        ):
            continue
        if run_key := store.ledger.requests.ask(*index_request(store, dataset), runs):
            due.append(RunDue(kind=VECTOR_INDEX, partition=dataset.partition, run_key=run_key))
    return tuple(due)


def _has_vectors(store: Store, dataset: DatasetKey) -> bool:
    space_id = store.serving_space(dataset).space_id
    return any(
        store.ledger.files.find(layout.embeddings(space_id, shard.key))
        for shard in store.ledger.sources.shards(dataset)
    )
