"""Honest files from their listing to their chunks: read in children, and in this process.

The processor time is of this process and of its children together. Rounds alternate, and the least of
each counts: a machine with other work only ever adds.
"""

import csv
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.corpora import WORK, corpora_folder
from benchmarks.generator import write_articles
from benchmarks.rows import Row
from semantic_assets.parsing import readers
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents import slice_reader
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.sandbox import isolated
from semantic_assets.sandbox.pool import POOL
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store

_ARTICLES, _CHARS, _SEED, _ROUNDS = 1_000, 8_700, 18, 5
_PDF_LINE = 90


def measure() -> list[Row]:
    folder = WORK / "reading"
    shutil.rmtree(folder, ignore_errors=True)
    rows = articles_of(folder)
    return [row for kind, write in _WRITERS.items() for row in _compared(folder, kind, write, rows)]


def articles_of(folder: Path) -> list[dict[str, str]]:
    corpora = corpora_folder()
    if corpora is not None:
        table = pq.read_table(corpora / "manuals.parquet", columns=["id", "title", "text"])
        return [dict(row) for row in table.slice(0, _ARTICLES).to_pylist()]
    write_articles(folder / "a.parquet", articles=_ARTICLES, chars=_CHARS, seed=_SEED)
    return [dict(row) for row in pq.read_table(folder / "a.parquet").to_pylist()]


def _compared(
    folder: Path, kind: str, write: Callable[[Path, list[dict[str, str]]], None], rows: list
) -> list[Row]:
    place = folder / kind / "sources" / "bench" / kind
    place.mkdir(parents=True)
    write(place, rows)
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number in range(2 * _ROUNDS + 2):
        apart = bool(number % 2)
        found[apart].append(_round(folder / kind, apart))
    (cpu, wall), (own_cpu, own_wall) = (
        [min(values) for values in zip(*found[apart][1:], strict=True)] for apart in (True, False)
    )
    return [
        Row(f"{kind} to chunks in children, CPU", cpu, own_cpu, "s"),
        Row(f"{kind} to chunks in children, wall", wall, own_wall, "s"),
    ]


def _round(folder: Path, apart: bool) -> tuple[float, float]:
    slice_reader.read_records = isolated.read_records if apart else readers.read_records
    lake = folder / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    environ = {"SEMANTIC_ASSETS_SOURCES": str(folder / "sources")}
    with open_store(Settings.load(root=lake, environ=environ)) as store:
        children = POOL.pids()
        cpu, wall = _cpu(children), time.perf_counter()
        discover(store)
        for shard in store.ledger.sources.shards():
            assert read_documents(store, shard.key).failed == 0
            chunk_documents(store, shard.key)
        # A child started in this round counts whole; the first round of each is left out.
        spent = _cpu(POOL.pids()) - cpu, time.perf_counter() - wall
        assert set(children) <= set(POOL.pids())
        return spent


def _cpu(children: list[int]) -> float:
    return time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in children)


def _as_parquet(place: Path, rows: list[dict[str, str]]) -> None:
    import pyarrow as pa

    pq.write_table(pa.Table.from_pylist(rows), place / "a.parquet")


def _as_jsonl(place: Path, rows: list[dict[str, str]]) -> None:
    (place / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _as_csv(place: Path, rows: list[dict[str, str]]) -> None:
    with (place / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def _as_text(place: Path, rows: list[dict[str, str]]) -> None:
    for number, row in enumerate(rows):
        (place / f"{number}.txt").write_text(row["text"])


def _as_html(place: Path, rows: list[dict[str, str]]) -> None:
    for number, row in enumerate(rows):
        text = "".join(f"<p>{part}</p>" for part in row["text"].split("\n"))
        (place / f"{number}.html").write_text(f"<html><body><h1>{number}</h1>{text}</body></html>")


def _as_pdf(place: Path, rows: list[dict[str, str]]) -> None:
    from tests.parsing.conftest import _make_pdf

    for number, row in enumerate(rows[:300]):
        plain = "".join(c for c in row["text"] if c.isascii() and c not in "()\\\n\r")
        lines = [plain[n : n + _PDF_LINE] for n in range(0, len(plain), _PDF_LINE)]
        pages = [lines[n : n + 40] for n in range(0, len(lines), 40)]
        (place / f"{number}.pdf").write_bytes(_make_pdf(pages))


_WRITERS = {
    "parquet": _as_parquet,
    "jsonl": _as_jsonl,
    "csv": _as_csv,
    "text": _as_text,
    "html": _as_html,
    "pdf": _as_pdf,
}
