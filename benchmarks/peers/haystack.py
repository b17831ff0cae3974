"""Haystack: an indexing pipeline into its FAISS store on disk.

Haystack remembers no sources. As its documentation advises, what is stored is asked first, and only
articles of which no chunk has the same source and hash go through the pipeline; what is stored of
others is deleted.
"""
# mypy: ignore-errors

import logging
import os
from hashlib import blake2b
from pathlib import Path

import pyarrow.dataset  # noqa: F401  imported here so that nobody's imports are counted
import pyarrow.parquet as pq
from haystack import Document, Pipeline
from haystack.components.preprocessors import RecursiveDocumentSplitter
from haystack.components.writers import DocumentWriter
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret
from haystack_integrations.components.embedders.google_genai import GoogleGenAIDocumentEmbedder
from haystack_integrations.document_stores.faiss import FAISSDocumentStore

from benchmarks.peers.report import report

#: Articles a run.
_AT_ONCE, _DIMENSIONS = 500, 768


def ingest(articles: Path, folder: Path, url: str) -> int:
    logging.disable(logging.WARNING)
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    os.environ["GOOGLE_GEMINI_BASE_URL"] = url
    store = FAISSDocumentStore(index_path=str(folder / "index"), embedding_dim=_DIMENSIONS)
    wanted = {
        one.meta["version"]: one for one in map(_document, pq.read_table(articles).to_pylist())
    }
    stored = {one.id: one.meta["version"] for one in store.filter_documents()}
    store.delete_documents([key for key, version in stored.items() if version not in wanted])
    known = set(stored.values())
    new = [document for version, document in wanted.items() if version not in known]
    pipeline = _pipeline(store)
    for start in range(0, len(new), _AT_ONCE):
        pipeline.run({"splitter": {"documents": new[start : start + _AT_ONCE]}})
    if new or len(store.documents) < len(stored):
        store.save(str(folder / "index"))
    return store.count_documents()


def _document(row: dict[str, str]) -> Document:
    digest = blake2b(f"{row['title']}\n{row['text']}".encode(), digest_size=16).hexdigest()
    meta = {"source": row["id"], "title": row["title"], "version": f"{row['id']} {digest}"}
    return Document(content=row["text"], meta=meta)


def _pipeline(store: FAISSDocumentStore) -> Pipeline:
    pipeline = Pipeline()
    splitter = RecursiveDocumentSplitter(
        split_length=2048,
        split_overlap=200,
        split_unit="char",
        separators=["\n\n", "\n", r"\. ", " "],
    )
    embedder = GoogleGenAIDocumentEmbedder(
        api_key=Secret.from_token("haystack"),
        batch_size=100,
        progress_bar=False,
        config={"output_dimensionality": _DIMENSIONS},
    )
    pipeline.add_component("splitter", splitter)
    pipeline.add_component("embedder", embedder)
    pipeline.add_component("writer", DocumentWriter(store, policy=DuplicatePolicy.SKIP))
    pipeline.connect("splitter.documents", "embedder.documents")
    pipeline.connect("embedder.documents", "writer.documents")
    return pipeline


if __name__ == "__main__":
    report(ingest)
