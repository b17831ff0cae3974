"""What the job `refresh` tells Dagster: the events that the asset jobs would have recorded."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import dagster as dg

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.orchestration.place import Place
from semantic_assets.orchestration.reporting.checks import check_evaluation, documents_evaluation
from semantic_assets.orchestration.reporting.columns import column_lineage
from semantic_assets.orchestration.reporting.generation_metadata import (
    generation_jobs_metadata,
    generations_metadata,
)
from semantic_assets.orchestration.reporting.metadata import (
    chunks_metadata,
    documents_metadata,
    embeddings_metadata,
    index_metadata,
    quality_metadata,
    queue_metadata,
)
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.flows.refresh import RefreshReport
from semantic_assets.pipeline.generation.outputs import OutputsReport
from semantic_assets.pipeline.generation.write_prompts import RequestsReport
from semantic_assets.pipeline.generation_jobs.generation_queue import generation_queues
from semantic_assets.pipeline.reports.checks import check_answers, check_index, check_shard
from semantic_assets.pipeline.reports.shard_queue import shard_queue
from semantic_assets.pipeline.scheduling.batch_runs import (
    EMBEDDINGS,
    VECTOR_INDEX,
    embeddings_requests,
    generations_request,
    index_requests,
)
from semantic_assets.pipeline.search.judged.quality import check_quality
from semantic_assets.store import Store


def events_of(
    place: Place, store: Store, report: RefreshReport
) -> Iterator[dg.AssetMaterialization]:
    """Yield the materializations that the asset jobs would record for what this run rewrote."""
    for read in report.documents:
        if read.written:
            metadata = documents_metadata(store, layout.documents(read.shard), read)
            yield _materialized(place, "documents", str(read.shard), metadata)
    yield from _generation_events(place, store, report)
    for cut in report.chunks:
        if cut.written:
            metadata = chunks_metadata(store, layout.chunks(cut.shard), cut)
            yield _materialized(place, "chunks", str(cut.shard), metadata)
            queue = queue_metadata(store, shard_queue(store, cut.shard))
            yield _materialized(place, "batch_jobs", str(cut.shard), queue)
    for done in _newly_settled(store, report):
        path = layout.embeddings(done.space_id, done.shard)
        yield _materialized(
            place, "embeddings", str(done.shard), embeddings_metadata(store, path, done)
        )
    for index in report.indexes:
        if index.written and not report.is_waiting:
            metadata = index_metadata(store, index)
            yield _materialized(place, "vector_index", index.dataset.partition, metadata)
    for found in report.quality:
        partition = DatasetKey.parse(found.dataset).partition
        yield _materialized(place, "retrieval_quality", partition, quality_metadata(store, found))


def _generation_events(
    place: Place, store: Store, report: RefreshReport
) -> Iterator[dg.AssetMaterialization]:
    for shard, asked in _asked(report):
        queue = generation_jobs_metadata(store, generation_queues(store, shard, asked), 0, None)
        yield _materialized(place, "generation_jobs", str(shard), queue)
    for shard, came in _answered(report):
        yield _materialized(
            place, "generations", str(shard), generations_metadata(store, shard, came)
        )


def _asked(report: RefreshReport) -> Iterator[tuple[ShardKey, list[RequestsReport]]]:
    """Yield the shards for which a task asked something new."""
    for shard, asked in groupby(report.requests, key=lambda one: one.shard):
        reports = list(asked)
        if any(one.written for one in reports):
            yield shard, reports


def _answered(report: RefreshReport) -> Iterator[tuple[ShardKey, list[OutputsReport]]]:
    """Yield the shards for which answers came in, or something new was asked."""
    fed = {one.shard for one in report.advanced.fed}
    fed |= {one.shard for one in report.requests if one.written}
    for shard, came in groupby(report.outputs, key=lambda one: one.shard):
        if shard in fed:
            yield shard, list(came)


def checks_of(
    place: Place, store: Store, report: RefreshReport
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the checks of the shards and indexes that this run read, settled and built."""
    for read in report.documents:
        if read.written:
            yield documents_evaluation(place.key("documents"), store, read)
    for shard, came in _answered(report):
        yield check_evaluation(place.key("generations"), check_answers(came, shard), str(shard))
    for done in _newly_settled(store, report):
        for check in check_shard(store, done.shard):
            yield check_evaluation(place.key("embeddings"), check, str(done.shard))
    for index in report.indexes:
        if index.written:
            check, partition = check_index(store, index.dataset), index.dataset.partition
            yield check_evaluation(place.key("vector_index"), check, partition)
    for found in report.quality:
        dataset = DatasetKey.parse(found.dataset)
        check = check_quality(store, dataset)
        yield check_evaluation(place.key("retrieval_quality"), check, dataset.partition)


def _newly_settled(store: Store, report: RefreshReport) -> list[EmbeddingsReport]:
    """Return the settled shards whose embeddings no run has reported yet."""
    new = _new_requests(store, report)
    return [done for done in report.embeddings if done.is_settled and done.shard in new]


def _new_requests(store: Store, report: RefreshReport) -> dict[ShardKey, tuple[str, str]]:
    """Map the shards whose embeddings no run has reported yet to the run that would."""
    held = store.ledger.requests.succeeded(EMBEDDINGS)
    settled = [done.shard for done in report.embeddings if done.is_settled]
    requests = embeddings_requests(store, settled)
    return {shard: one for shard, one in requests.items() if held.get(one[0]) != one[1]}


def mark_done(store: Store, report: RefreshReport) -> None:
    """Mark as done what this run reported, so that the sensor does not ask for its runs."""
    for shard in {one.shard for one in report.outputs}:
        if request := generations_request(store, shard):
            store.ledger.requests.done(*request)
    for request in _new_requests(store, report).values():
        store.ledger.requests.done(*request)
    built = store.ledger.requests.succeeded(VECTOR_INDEX)
    for name, wanted in index_requests(store, {one.dataset for one in report.indexes}).values():
        if built.get(name) != wanted:
            store.ledger.requests.done(name, wanted)


def _materialized(
    place: Place, asset: str, partition: str, metadata: Mapping[str, Any]
) -> dg.AssetMaterialization:
    key = place.key(asset)
    lineage = column_lineage(key)
    return dg.AssetMaterialization(key, partition=partition, metadata={**metadata, **lineage})
