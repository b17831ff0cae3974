"""A plain script on google-genai: inline batches into one Parquet file, nothing remembered."""
# mypy: ignore-errors

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from google import genai
from google.genai import types
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.peers.report import report

_MODEL, _DIMENSIONS = "gemini-embedding-001", 768
_AT_ONCE, _OPEN_JOBS, _POLL_SECONDS = 1_000, 10, 0.5
_CONFIG = types.EmbedContentConfig(
    task_type="RETRIEVAL_DOCUMENT", output_dimensionality=_DIMENSIONS
)
_SCHEMA = pa.schema(
    [("id", pa.string()), ("text", pa.string()), ("vector", pa.list_(pa.float32(), _DIMENSIONS))]
)
Chunk = tuple[str, str]


def ingest(articles: Path, folder: Path, url: str) -> int:
    warnings.simplefilter("ignore")  # create_embeddings calls itself experimental
    client = genai.Client(api_key="plain", http_options={"base_url": url})
    chunks = list(_chunks(articles))
    todo = [chunks[start : start + _AT_ONCE] for start in range(0, len(chunks), _AT_ONCE)]
    with pq.ParquetWriter(folder / "vectors.parquet", _SCHEMA) as writer:
        jobs: dict[str, list[Chunk]] = {}
        while todo or jobs:
            while todo and len(jobs) < _OPEN_JOBS:
                part = todo.pop()
                jobs[_submit(client, part)] = part
            time.sleep(_POLL_SECONDS)
            _collect(client, jobs, writer)
    return pq.read_metadata(folder / "vectors.parquet").num_rows


def _chunks(articles: Path) -> Iterator[Chunk]:
    splitter = RecursiveCharacterTextSplitter(chunk_size=2048, chunk_overlap=200)
    for row in pq.read_table(articles).to_pylist():
        yield from ((row["id"], text) for text in splitter.split_text(row["text"]))


def _submit(client: genai.Client, part: list[Chunk]) -> str:
    contents = [types.Content(parts=[types.Part(text=text)]) for _, text in part]
    inline = types.EmbedContentBatch(contents=contents, config=_CONFIG)
    source = types.EmbeddingsBatchJobSource(inlined_requests=inline)
    return client.batches.create_embeddings(model=_MODEL, src=source).name


def _collect(client: genai.Client, jobs: dict[str, list[Chunk]], writer: pq.ParquetWriter) -> None:
    """Write the jobs that are done, and forget them."""
    for name in list(jobs):
        job = client.batches.get(name=name)
        if job.state == types.JobState.JOB_STATE_SUCCEEDED:
            writer.write_table(_table(jobs.pop(name), job.dest.inlined_embed_content_responses))
        elif job.done:
            raise RuntimeError(f"{name} ended as {job.state}: {job.error}")


def _table(part: list[Chunk], answers: list[types.InlinedEmbedContentResponse]) -> pa.Table:
    vectors = [answer.response.embedding.values for answer in answers]
    flat = np.asarray(vectors, dtype=np.float32).reshape(-1)
    ids, texts = zip(*part, strict=True)
    rows = pa.FixedSizeListArray.from_arrays(pa.array(flat), _DIMENSIONS)
    return pa.table([pa.array(ids), pa.array(texts), rows], schema=_SCHEMA)


if __name__ == "__main__":
    report(ingest)
