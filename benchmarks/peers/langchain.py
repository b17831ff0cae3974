"""LangChain: index() with a SQLite record manager into a FAISS store on disk."""
# mypy: ignore-errors

from collections.abc import Iterator
from pathlib import Path

import faiss
import pyarrow.dataset  # noqa: F401  imported here so that nobody's imports are counted
import pyarrow.parquet as pq
from langchain_classic.indexes import SQLRecordManager
from langchain_community.docstore.in_memory import InMemoryDocstore
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.indexing import index
from langchain_google_genai import GoogleGenerativeAIEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.peers.report import report

_DIMENSIONS = 768
#: Its documentation advises large ones: a document cut by the end of a batch is embedded again.
_BATCH = 1_000


def ingest(articles: Path, folder: Path, url: str) -> int:
    store = _store(folder, url)
    records = SQLRecordManager("articles", db_url=f"sqlite:///{folder / 'records.sqlite'}")
    records.create_schema()
    index(
        _chunks(articles),
        records,
        store,
        cleanup="incremental",
        source_id_key="source",
        batch_size=_BATCH,
        key_encoder="blake2b",
    )
    store.save_local(str(folder))
    return store.index.ntotal


def _store(folder: Path, url: str) -> FAISS:
    embeddings = GoogleGenerativeAIEmbeddings(
        model="gemini-embedding-001",
        api_key="langchain",
        base_url=url,
        output_dimensionality=_DIMENSIONS,
    )
    if (folder / "index.faiss").is_file():
        trusted = {"allow_dangerous_deserialization": True}
        return FAISS.load_local(str(folder), embeddings, **trusted)
    return FAISS(embeddings, faiss.IndexFlatL2(_DIMENSIONS), InMemoryDocstore(), {})


def _chunks(articles: Path) -> Iterator[Document]:
    splitter = RecursiveCharacterTextSplitter(chunk_size=2048, chunk_overlap=200)
    for row in pq.read_table(articles).to_pylist():
        metadata = {"source": row["id"], "title": row["title"]}
        yield from splitter.split_documents([Document(row["text"], metadata=metadata)])


if __name__ == "__main__":
    report(ingest)
