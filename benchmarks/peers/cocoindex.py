"""CocoIndex: an app that remembers each article, into a LanceDB table on disk."""
# mypy: ignore-errors

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cocoindex as coco
import lancedb as lance
import numpy as np
import pyarrow.dataset  # noqa: F401  imported here so that nobody's imports are counted
import pyarrow.parquet as pq
from cocoindex.connectors import lancedb
from cocoindex.ops.text import RecursiveSplitter
from cocoindex.resources.chunk import Chunk
from cocoindex.resources.id import IdGenerator
from cocoindex.resources.schema import VectorSchema
from google import genai
from google.genai import types
from numpy.typing import NDArray

from benchmarks.peers.report import report

_MODEL, _DIMENSIONS, _AT_ONCE, _TABLE = "gemini-embedding-001", 768, 100, "articles"
_CONFIG = types.EmbedContentConfig(output_dimensionality=_DIMENSIONS)
_STORE = coco.ContextKey[lancedb.LanceAsyncConnection]("store")
_SPLITTER = RecursiveSplitter()
_PLACE: dict[str, str] = {}
_CLIENTS: list[genai.Client] = []


@dataclass
class Article:
    source: str
    title: str
    text: str


@dataclass
class Passage:
    id: int
    source: str
    title: str
    start: int
    end: int
    text: str
    embedding: Annotated[NDArray, VectorSchema(np.dtype(np.float32), _DIMENSIONS)]


@coco.lifespan
async def _lifespan(builder: coco.EnvironmentBuilder) -> AsyncIterator[None]:
    builder.settings.db_path = Path(_PLACE["folder"]) / "state"
    builder.provide(_STORE, await lancedb.connect_async(f"{_PLACE['folder']}/lance"))
    yield


@coco.fn.as_async(batching=True, max_batch_size=_AT_ONCE)
def _embed(texts: list[str]) -> list[NDArray]:
    answer = _CLIENTS[0].models.embed_content(model=_MODEL, contents=texts, config=_CONFIG)
    return [np.asarray(one.values, np.float32) for one in answer.embeddings]


@coco.fn
async def _passage(
    chunk: Chunk, article: Article, ids: IdGenerator, table: lancedb.TableTarget[Passage]
) -> None:
    table.declare_row(
        row=Passage(
            id=await ids.next_id(chunk.text),
            source=article.source,
            title=article.title,
            start=chunk.start.char_offset,
            end=chunk.end.char_offset,
            text=chunk.text,
            embedding=await _embed(chunk.text),
        )
    )


@coco.fn(memo=True)
async def _article(article: Article, table: lancedb.TableTarget[Passage]) -> None:
    chunks = _SPLITTER.split(article.text, chunk_size=2048, chunk_overlap=200, language="markdown")
    await coco.map(_passage, chunks, article, IdGenerator(article.source), table)


@coco.fn
async def _main(path: Path) -> None:
    schema = await lancedb.TableSchema.from_class(Passage, primary_key=["id"])
    table = await lancedb.mount_table_target(_STORE, _TABLE, schema)
    rows = pq.read_table(path).to_pylist()
    articles = [(row["id"], Article(row["id"], row["title"], row["text"])) for row in rows]
    await coco.mount_each(_article, articles, table)


def ingest(articles: Path, folder: Path, url: str) -> int:
    _PLACE.update(folder=str(folder), url=url)
    _CLIENTS.append(genai.Client(api_key="cocoindex", http_options={"base_url": url}))
    coco.App(coco.AppConfig(name="articles"), _main, path=articles).update_blocking()
    stored = lance.connect(f"{folder}/lance").open_table(_TABLE)
    # An article whose function raised is logged and left out: that is no result.
    sources = stored.search().select(["source"]).limit(None).to_arrow()["source"]
    if len(sources.unique()) != pq.read_metadata(articles).num_rows:
        raise RuntimeError(f"only {len(sources.unique())} articles were stored")
    return stored.count_rows()


if __name__ == "__main__":
    report(ingest)
