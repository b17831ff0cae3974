"""derive_documents: answers that become documents of their own, in the dataset `P/D-TASK`."""

from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.store import Store
from semantic_assets.text.rendering import chosen_text


def derived_dataset(pinned: DatasetTask) -> DatasetKey:
    """Raises:
    ConfigError: the name would be too long.
    """
    dataset = pinned.dataset
    return DatasetKey(dataset.project, f"{dataset.dataset}-{pinned.task.name}")


def derive_documents(store: Store, shard: ShardKey, pinned: DatasetTask) -> int:
    """Bring a shard's accepted answers into their dataset; how many there are.

    Each is named after its document, so it is replaced when the answer is another, and taken out
    when the document is gone.
    """
    assert pinned.use.documents is not None
    sources = _sources(store, shard)
    columns = ["document_id", "status", "output"]
    rows = store.lake.read(layout.outputs(pinned.task.space_id, shard), columns).to_pylist()
    documents = [
        _document(shard, pinned, row, sources[row["document_id"]])
        for row in rows
        if row["status"] == "READY" and row["document_id"] in sources
    ]
    kept = [document for document in documents if document.text]
    names = {document.name for document in kept} | _still_out(store, shard, pinned, rows)
    with Ingestion(store, derived_dataset(pinned)) as ingestion:
        for done in ingestion.put(kept, overwrite=True):
            if done.error is not None:
                store.tell(f"{done.name}: {done.error}")
        for held in ingestion.held():
            if held.name.startswith(_prefix(shard)) and held.name not in names:
                ingestion.remove(held.name)
    return len(kept)


def _still_out(
    store: Store, shard: ShardKey, pinned: DatasetTask, rows: list[dict[str, str]]
) -> set[str]:
    """Documents whose answer is out: what the one before became stays until then."""
    path = layout.requests(pinned.task.space_id, shard)
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
