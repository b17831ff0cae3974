"""The shards that are as they were, from a few queries and the stamps of their files.

What a pass over them would report is told without one: no lease is taken, no file is opened. All
others, and those in any doubt, are not among them and take the pass.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from semantic_assets.lake import layout
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import ChunksReport, chunks_inputs
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.documents.read import DocumentsReport, reading_of
from semantic_assets.pipeline.embeddings.assemble import EmbeddingsReport
from semantic_assets.pipeline.pending.known_files import (
    KnownTable,
    known_tables,
    note_tables,
    require_touched_readable,
)
from semantic_assets.pipeline.vector_index.known_versions import note_indexes
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True)
class UnchangedShard:
    """What a pass over the documents and chunks of a shard would report."""

    documents: DocumentsReport
    #: None: its dataset is not embedded.
    chunks: ChunksReport | None


def unchanged_shards(
    store: Store, datasets: Sequence[DatasetKey]
) -> dict[ShardKey, UnchangedShard]:
    """Map the shards of these datasets whose documents and chunks are current to their reports.

    Those of a dataset with a task are passed over: its answers may have come in.
    """
    settings = store.all_dataset_settings()
    with_tasks = {one.dataset for one in store.ledger.tasks.all(stopped=True)}
    wanted = (settings.keys() & {*datasets}) - with_tasks
    only = datasets[0] if len(datasets) == 1 else None
    every = store.ledger.sources.shards(only)
    shards = [shard for shard in every if shard.key.dataset in wanted]
    paths = {path for shard in shards for path in _read_and_chunked(shard.key)}
    with_rebuilt(store, lambda: require_touched_readable(store, paths))
    known = known_tables(store, paths)
    found = ((shard.key, _unchanged(shard, settings, known)) for shard in shards)
    return {shard: one for shard, one in found if one is not None}


def _read_and_chunked(shard: ShardKey) -> tuple[str, str]:
    return layout.documents(shard), layout.chunks(shard)


def _unchanged(
    shard: Shard, settings: dict[DatasetKey, DatasetSettings], known: dict[str, KnownTable]
) -> UnchangedShard | None:
    own, (read, cut) = settings[shard.key.dataset], _read_and_chunked(shard.key)
    documents, chunks = known.get(read), known.get(cut)
    if documents is None or shard.read_as != reading_of(shard, own):
        return None
    report = DocumentsReport(
        shard=shard.key,
        documents=documents.counts["rows"],
        failed=documents.counts["failed"],
        text_bytes=shard.text_bytes,
        files_read=0,
        unsettled=(),
        written=False,
    )
    if not own.embed:
        return UnchangedShard(report, None)
    if chunks is None or chunks.record.input_fingerprint != chunks_inputs(
        own, documents.fingerprint
    ):
        return None
    return UnchangedShard(report, _chunks_report(shard.key, chunks))


def _chunks_report(shard: ShardKey, chunks: KnownTable) -> ChunksReport:
    return ChunksReport(
        shard=shard,
        chunks=chunks.counts["rows"],
        distinct_texts=chunks.counts["distinct"],
        tokens_estimated=chunks.counts["tokens"],
        documents_chunked=0,
        documents_waiting=chunks.counts["waiting"],
        written=False,
    )


def settled_shards_unchanged(
    store: Store, shards: Collection[ShardKey]
) -> dict[ShardKey, EmbeddingsReport]:
    """Map those of these shards that are settled, with their embeddings in place, to their reports."""
    spaces = store.ledger.dataset_spaces.all()
    serving = {
        shard: held.serving
        for shard in shards
        if (held := spaces.get(shard.dataset)) and held.serving is not None
    }
    progress = store.ledger.progress.all()
    of = {shard: layout.embeddings(space, shard) for shard, space in serving.items()}
    cut = {shard: layout.chunks(shard) for shard in serving}
    with_rebuilt(store, lambda: require_touched_readable(store, of.values()))
    known = known_tables(store, {*of.values(), *cut.values()})
    found = {}
    for shard, space in serving.items():
        chunks, embedded = known.get(cut[shard]), known.get(of[shard])
        noted = progress.get((shard, space))
        if chunks is None or embedded is None or noted is None:
            continue
        is_of_these = embedded.counts["chunks"] == chunks.fingerprint
        if is_of_these and noted.is_settled_for(chunks.fingerprint):
            found[shard] = _embeddings_report(shard, space, embedded)
    return found


def _embeddings_report(shard: ShardKey, space_id: str, known: KnownTable) -> EmbeddingsReport:
    counts = known.counts
    return EmbeddingsReport(
        shard=shard,
        space_id=space_id,
        chunks=counts["rows"],
        ready=counts["ready"],
        failed=counts["rows"] - counts["ready"],
        tokens=counts["tokens"],
        tokens_estimated=counts["estimated"],
        is_settled=True,
        written=False,
    )


def note_unchanged(
    store: Store,
    read: Iterable[ShardKey],
    embedded: Iterable[EmbeddingsReport],
    indexes: Iterable[DatasetKey],
) -> None:
    """Note what a pass over these found, so that the next one tells by their stamps."""
    paths = {path for shard in read for path in _read_and_chunked(shard)}
    paths |= {layout.embeddings(one.space_id, one.shard) for one in embedded if one.is_settled}
    note_tables(store, paths)
    note_indexes(store, {*indexes})
