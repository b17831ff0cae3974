"""What 12,000 articles leave behind: the constants of `semantic-assets capacity`."""

from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.corpora import WORK, Bench, articles, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.pipeline.flows.refresh import refresh

_ARTICLES = 12_000
#: Folders of the lake, as the model counts them.
_TABLES = ("documents", "chunks", "results", "embeddings", "index", "keys")


def measure() -> list[Row]:
    with (
        running(WORK / "footprint-emulator", tier=1) as url,
        scratch("footprint", {}, url) as bench,
    ):
        source = articles(bench.store.settings.sources, _ARTICLES)
        refresh(bench.store, bench.gemini, wait_minutes=30)
        return [
            Row("footprint: source", _bytes_of(source), None, "bytes an article"),
            *_rows(bench),
        ]


def _rows(bench: Bench) -> list[Row]:
    store = bench.store
    lake, jobs = store.lake, store.ledger.jobs.list()
    chunks = sum(pq.read_metadata(lake.path(name)).num_rows for name, _ in lake.below("chunks"))
    tokens = sum(job.tokens_actual or 0 for job in jobs)
    ledger = sum(path.stat().st_size for path in lake.root.glob("ledger.sqlite3*"))
    per_article = [
        Row("footprint: chunks of an article", chunks / _ARTICLES, None, "chunks"),
        Row("footprint: tokens of an article", tokens / _ARTICLES, None, "tokens"),
        *(
            Row(f"footprint: {table}", _size(bench, table) / _ARTICLES, None, "bytes an article")
            for table in _TABLES
        ),
    ]
    return [
        *per_article,
        Row("footprint: jobs of a shard", len(jobs), None, "jobs"),
        Row("footprint: ledger of a shard", ledger, None, "bytes"),
        Row("footprint: ledger of a shard and its jobs", _ledger_rows(bench), None, "rows"),
    ]


def _size(bench: Bench, table: str) -> int:
    if table == "keys":  # this machine's own, beside the lake's files
        return sum(path.stat().st_size for path in (bench.store.lake.root / table).rglob("*"))
    return sum(size for _, size in bench.store.lake.below(table))


def _ledger_rows(bench: Bench) -> int:
    from sqlalchemy import func, select

    from semantic_assets.ledger.database.schema import metadata

    with bench.store.ledger.database.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        )


def _bytes_of(file: Path) -> float:
    return file.stat().st_size / _ARTICLES
