"""Read and split every shard of the discovered datasets; nothing is sent."""

from dataclasses import dataclass, field
from functools import partial

from semantic_assets.model.keys import ShardKey
from semantic_assets.model.wording import DetailLine, ProgressLine, counted
from semantic_assets.pipeline.chunks.chunk_shard import ChunksReport, chunk_documents
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.discovery.discovery import Discovery
from semantic_assets.pipeline.documents.read import DocumentsReport, read_documents
from semantic_assets.pipeline.flows.apply_outputs import feed
from semantic_assets.pipeline.flows.kept_apart import Troubles, kept_apart
from semantic_assets.pipeline.flows.timing import Stopwatch
from semantic_assets.pipeline.flows.unchanged import unchanged_shards
from semantic_assets.pipeline.generation.write_prompts import RequestsReport, ask_documents
from semantic_assets.store import Store


@dataclass(slots=True)
class PreparedShards:
    """The shards that were prepared, and the reports of each stage."""

    #: Shards that are split; a dataset that is not embedded has none.
    shards: list[ShardKey] = field(default_factory=list)
    #: Shards that were not as they were: whatever follows has them to look at.
    touched: list[ShardKey] = field(default_factory=list)
    documents: list[DocumentsReport] = field(default_factory=list)
    requests: list[RequestsReport] = field(default_factory=list)
    chunks: list[ChunksReport] = field(default_factory=list)
    #: What stopped single datasets; the others are prepared.
    troubles: Troubles = field(default_factory=dict)

    def add(self, read: DocumentsReport, made: ChunksReport | None) -> None:
        """Add the reports of one shard."""
        self.documents.append(read)
        if made is not None:
            self.chunks.append(made)
            self.shards.append(made.shard)


def prepare_shards(
    store: Store,
    discovery: Discovery,
    stopwatch: Stopwatch | None = None,
    *,
    unshared: bool = False,
) -> PreparedShards:
    """Read and split every shard; a file too large for one shard adds more while it is read.

    Args:
        unshared: split with no answer that the shard does not have yet, as `assemble_outputs`.
    """
    cut, stopwatch, done = PreparedShards(), stopwatch or Stopwatch(), set[ShardKey]()
    with stopwatch.stage("documents"):
        unchanged = unchanged_shards(store, discovery.datasets)
    while todo := [shard for shard in _shards_of(store, discovery) if shard not in done]:
        for number, shard in enumerate(todo):
            if shard not in unchanged:
                total = len(done) + len(todo) - number
                line = f"reading shard {len(done) + 1:,} of {total:,}"
                store.report_progress(ProgressLine.of(line, len(done), total))
            done.add(shard)
            if (held := unchanged.get(shard)) is not None:
                cut.add(held.documents, held.chunks)
                store.report_progress(DetailLine(_told(held.documents, held.chunks)))
                continue
            with kept_apart(store, shard.dataset, cut.troubles):
                with_rebuilt(
                    store, partial(_read_and_chunk, store, cut, shard, stopwatch, unshared)
                )
                cut.touched.append(shard)
    cut.shards.sort()
    return cut


def _shards_of(store: Store, discovery: Discovery) -> list[ShardKey]:
    """List the shards of the listed datasets, in their order."""
    only = discovery.datasets[0] if len(discovery.datasets) == 1 else None
    wanted = frozenset(discovery.datasets)
    found = (shard.key for shard in store.ledger.sources.shards(only))
    return sorted(shard for shard in found if shard.dataset in wanted)


def _read_and_chunk(
    store: Store, cut: PreparedShards, shard: ShardKey, stopwatch: Stopwatch, unshared: bool
) -> None:
    with stopwatch.stage("documents"):
        read = read_documents(store, shard)
    with stopwatch.stage("generations"):
        asked = _ask(store, shard, unshared)
    made = None
    if store.is_embedded(shard.dataset):
        with stopwatch.stage("chunks"):
            made = chunk_documents(store, shard)
    cut.add(read, made)
    cut.requests += asked
    line = _told(read, made)
    store.report_progress(line if read.failed else DetailLine(line))


def _ask(store: Store, shard: ShardKey, unshared: bool) -> list[RequestsReport]:
    """Write the requests of the shard's tasks, and feed the answers landed so far."""
    asked = []
    for pinned in store.ledger.tasks.of(shard.dataset):
        asked.append(ask_documents(store, shard, pinned.task))
        feed(store, shard, pinned.task, unshared=unshared)
    return asked


def _told(read: DocumentsReport, made: ChunksReport | None) -> str:
    line = f"{read.shard}: {counted(read.documents, 'document')}"
    if made is not None:
        line += f", {counted(made.chunks, 'chunk')}"
        if read.written or made.written:
            split = counted(made.documents_chunked, "document")
            line += f"; {counted(read.files_read, 'file')} read, {split} split"
        if made.documents_waiting:
            line += f"; {made.documents_waiting:,} of them wait for answers of a task"
    if read.failed:
        line += f"; {read.failed} could not be read: `semantic-assets failures`"
    return line
