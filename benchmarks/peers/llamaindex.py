"""LlamaIndex: an IngestionPipeline with docstore, cache and a Chroma store on disk."""
# mypy: ignore-errors

from pathlib import Path

import chromadb
import nltk  # noqa: F401
import pyarrow.dataset  # noqa: F401  imported here so that nobody's imports are counted
import pyarrow.parquet as pq
import tiktoken  # noqa: F401
from llama_index.core import Document
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.embeddings.google_genai import GoogleGenAIEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore

from benchmarks.peers.report import report

#: Articles a run: Chroma takes so many chunks at once and no more.
_AT_ONCE = 500


def ingest(articles: Path, folder: Path, url: str) -> int:
    quiet = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(str(folder / "chroma"), settings=quiet)
    collection = client.get_or_create_collection("articles")
    pipeline = _pipeline(ChromaVectorStore(chroma_collection=collection), url)
    if (folder / "docstore.json").is_file():
        pipeline.load(str(folder))
    documents = [_document(row) for row in pq.read_table(articles).to_pylist()]
    for start in range(0, len(documents), _AT_ONCE):
        pipeline.run(documents=documents[start : start + _AT_ONCE])
    pipeline.persist(str(folder))
    return collection.count()


def _pipeline(store: ChromaVectorStore, url: str) -> IngestionPipeline:
    embedding = GoogleGenAIEmbedding(
        model_name="gemini-embedding-001",
        api_key="llamaindex",
        embedding_config={"output_dimensionality": 768},
        http_options={"base_url": url},
        embed_batch_size=100,
    )
    return IngestionPipeline(
        transformations=[SentenceSplitter(chunk_size=512, chunk_overlap=50), embedding],
        docstore=SimpleDocumentStore(),
        vector_store=store,
        docstore_strategy=DocstoreStrategy.UPSERTS,
    )


def _document(row: dict[str, str]) -> Document:
    return Document(id_=row["id"], text=row["text"], metadata={"title": row["title"]})


if __name__ == "__main__":
    report(ingest)
