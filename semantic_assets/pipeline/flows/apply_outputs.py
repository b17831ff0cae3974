"""Apply landed answers: write `generations`, and split the documents that waited into `chunks`."""

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from functools import partial

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.task import GenerationTask, is_task
from semantic_assets.pipeline.batch_jobs.collect import Collection
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.chunks.rebuilt import with_rebuilt
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.flows.kept_apart import Troubles, kept_apart
from semantic_assets.pipeline.generation.outputs import OutputsReport, assemble_outputs
from semantic_assets.pipeline.pending.pending import ShardDemand, shard_demand
from semantic_assets.store import Store
from semantic_assets.text.rendering import chosen_text

#: Tables of a shard are replaced whole: while answers come in, they are written each time this
#: share of the rows is new, and when all are there.
_WORTHWHILE = 0.25


def feed(
    store: Store,
    shard: ShardKey,
    task: GenerationTask,
    demand: ShardDemand | None = None,
    *,
    unshared: bool = False,
) -> OutputsReport:
    """Write the shard's generations of a task, and split the documents that waited for them."""
    report = assemble_outputs(store, shard, task, demand=demand, unshared=unshared)
    for pinned in store.ledger.tasks.of(shard.dataset):
        if pinned.task != task:
            continue
        if pinned.is_awaited and store.is_embedded(shard.dataset):
            chunk_documents(store, shard)
        if pinned.use.documents is not None:
            derive_documents(store, shard, pinned)
    return report


def feed_shards(store: Store, shards: Iterable[ShardKey], task: GenerationTask) -> None:
    """Write what has landed of one task for each of these shards."""
    for shard in shards:
        feed(store, shard, task)


def feed_all(
    store: Store, shards: Iterable[ShardKey], troubles: Troubles | None = None
) -> list[OutputsReport]:
    """Feed the answers of every task of these shards; return the reports.

    Args:
        troubles: gets what stops a dataset; without it the error is raised.
    """
    tasks: dict[DatasetKey, list[GenerationTask]] = {}
    for pinned in store.ledger.tasks.all():
        tasks.setdefault(pinned.dataset, []).append(pinned.task)
    done: list[OutputsReport] = []
    for shard in shards:
        with nullcontext() if troubles is None else kept_apart(store, shard.dataset, troubles):
            for task in tasks.get(shard.dataset, ()):
                done.append(with_rebuilt(store, partial(feed, store, shard, task)))
    return done


def feed_after(store: Store, collected: Collection, troubles: Troubles) -> list[OutputsReport]:
    """Feed the shards of a collected generation job where enough answers came in."""
    if not is_task(collected.job.product_id):
        return []
    task = store.ledger.tasks.find(collected.job.product_id)
    done = []
    for name in collected.job.shards:
        shard = ShardKey.parse(name)
        with kept_apart(store, shard.dataset, troubles), suppress(Conflict):
            # Read again meanwhile: the next call feeds it.
            if report := with_rebuilt(store, partial(_if_worthwhile, store, shard, task)):
                done.append(report)
    return done


def feed_landed(store: Store, troubles: Troubles) -> list[OutputsReport]:
    """Apply what landed and was not worth a table by itself, or whose table is gone.

    Looks into the ledger and the folders alone, and opens the shards it finds there.
    """
    done = []
    for pinned in store.ledger.tasks.all(stopped=True):
        for shard in _landed_in(store, pinned):
            with kept_apart(store, shard.dataset, troubles), suppress(Conflict):
                report = with_rebuilt(store, partial(feed, store, shard, pinned.task))
                done += [report] if report.written else []
    return done


def _landed_in(store: Store, pinned: DatasetTask) -> list[ShardKey]:
    """Return shards of which a job was collected since their table was written, or is gone."""
    task_id, collected = pinned.task.task_id, dict[str, float]()
    for job in store.ledger.jobs.list(states=[JobState.COLLECTED], product_id=task_id):
        collected |= {shard: max(job.updated_at, collected.get(shard, 0)) for shard in job.shards}
    written = store.ledger.files.written_at(f"generations/{task_id}")
    folder = layout.outputs(task_id, ShardKey(pinned.dataset, 0)).rpartition("/")[0]
    there = {f"{folder}/{name}" for name in store.lake.names(folder)}
    return [
        shard.key
        for shard in store.ledger.sources.shards(pinned.dataset)
        for path in [layout.outputs(task_id, shard.key)]
        if collected.get(str(shard.key), 0) > written.get(path, 0)
        or (path in written and path not in there)
    ]


def _if_worthwhile(store: Store, shard: ShardKey, task: GenerationTask) -> OutputsReport | None:
    if store.trusted_fingerprint(layout.requests(task.task_id, shard)) is None:
        return None
    demand = shard_demand(store, shard, task)
    held = store.ledger.files.find(layout.outputs(task.task_id, shard))
    final = int((demand.known.is_answered | demand.is_failed)[demand.texts.of_row].sum())
    new = final - (held.rows if held else 0)
    if demand.is_settled or new >= _WORTHWHILE * len(demand.texts.of_row):
        return feed(store, shard, task, demand)
    return None


def derived_dataset(pinned: DatasetTask) -> DatasetKey:
    """Return the dataset that a task's answers become documents of.

    Raises:
        ConfigError: the name would be too long.
    """
    dataset = pinned.dataset
    return DatasetKey(dataset.project, f"{dataset.dataset}-{pinned.task.name}")


def derive_documents(store: Store, shard: ShardKey, pinned: DatasetTask) -> int:
    """Write a shard's accepted answers as documents of their dataset; return how many there are.

    Each is named after its document, so it is replaced when the answer changes, and removed when
    the document is gone.
    """
    assert pinned.use.documents is not None
    sources = _sources(store, shard)
    columns = ["document_id", "status", "output"]
    rows = store.lake.read(layout.outputs(pinned.task.task_id, shard), columns).to_pylist()
    documents = [
        _document(shard, pinned, row, sources[row["document_id"]])
        for row in rows
        if row["status"] == RowStatus.READY and row["document_id"] in sources
    ]
    kept = [document for document in documents if document.text]
    names = {document.name for document in kept} | _still_out(store, shard, pinned, rows)
    with Ingestion(store, derived_dataset(pinned)) as ingestion:
        for done in ingestion.put(kept, overwrite=True):
            if done.error is not None:
                store.report_progress(f"{done.name}: {done.error}")
        for held in ingestion.held():
            if held.name.startswith(_prefix(shard)) and held.name not in names:
                ingestion.remove(held.name)
    return len(kept)


def _still_out(
    store: Store, shard: ShardKey, pinned: DatasetTask, rows: list[dict[str, str]]
) -> set[str]:
    """Return the names of documents whose answer is out: their old answer stays until it lands."""
    path = layout.requests(pinned.task.task_id, shard)
    asked = store.lake.read(path, ["document_id"])["document_id"].to_pylist()
    out = set(asked) - {row["document_id"] for row in rows}
    return {f"{_prefix(shard)}{document}" for document in out}


def _prefix(shard: ShardKey) -> str:
    return f"{shard.number:05d}-"


def _sources(store: Store, shard: ShardKey) -> dict[str, dict[str, str | None]]:
    columns = ["document_id", "uri", "title"]
    table = store.lake.read(layout.documents(shard), columns)
    return {row["document_id"]: row for row in table.to_pylist()}


def _document(
    shard: ShardKey, pinned: DatasetTask, row: dict[str, str], source: dict[str, str | None]
) -> Document:
    return Document(
        text=chosen_text(row["output"], [pinned.use.documents or ""]),
        name=f"{_prefix(shard)}{row['document_id']}",
        title=source["title"],
        metadata={"source_document_id": row["document_id"], "source_uri": source["uri"] or ""},
    )
