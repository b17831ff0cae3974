"""A lake of 12,000 articles to a bucket and Postgres, and back into a folder."""

import os
from dataclasses import replace

from benchmarks.corpora import WORK, articles, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.maintenance.migrate import Migration, migrate
from semantic_assets.settings.settings import Settings
from semantic_assets.store import lake_of
from tests.services.postgres import missing_for_postgres, postgres_server
from tests.services.s3 import s3_server

_ARTICLES = 12_000
_NAME = "moving 12,000 articles"


def measure() -> list[Row]:
    if missing := missing_for_postgres():
        print(f"moving: left out: {missing}")
        return []
    with running(WORK / "moving-emulator") as url, scratch("moving", {}, url) as bench:
        articles(bench.store.settings.sources, _ARTICLES)
        refresh(bench.store, bench.gemini, wait_minutes=30)
        here = bench.store.settings
    with postgres_server() as postgres, s3_server() as s3:
        os.environ.update(s3.environment)
        away = replace(
            here,
            root=WORK / "moving-cache",
            root_url=s3.url("moved/lake"),
            ledger_url=postgres.new_database(),
        )
        back = replace(here, root=WORK / "moving-back")
        there, again = _moved(here, away), _moved(away, back)
    return [
        Row(f"{_NAME}: files", there.files, again.files, "files"),
        Row(f"{_NAME}: size", there.bytes / 1e6, again.bytes / 1e6, "MB"),
        Row(f"{_NAME}: rows of the ledger", _rows(there), _rows(again), "rows"),
        Row(
            f"{_NAME}: files with another hash, there and back",
            _differing(here, back),
            None,
            "files",
        ),
        Row(f"{_NAME}: to the bucket", there.seconds, None, "s"),
        Row(f"{_NAME}: and back", again.seconds, None, "s"),
    ]


def _moved(source: Settings, target: Settings) -> Migration:
    return migrate(source, target)


def _rows(found: Migration) -> int:
    return sum(found.rows.values())


def _differing(one: Settings, other: Settings) -> int:
    """What was read back was compared on the way; this is from end to end."""
    first, last = lake_of(one), lake_of(other)
    tables = ("documents", "chunks", "embeddings", "results", "index", "manifests")
    names = {name for lake in (first, last) for table in tables for name, _ in lake.below(table)}
    return sum(first.digest(name) != last.digest(name) for name in names)
