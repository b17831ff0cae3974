"""Stage by stage: 12,000 articles from the source file to the index, and a second time."""

import resource
from pathlib import Path

from benchmarks.corpora import scratch
from benchmarks.rows import Row
from semantic_assets.pipeline.flows.refresh import RefreshReport, refresh
from semantic_assets.pipeline.reports.sql import connect

#: Bare-library limits of one 12,000-article shard on one core, CPU seconds, measured apart.
LIMITS = {"documents": None, "chunks": 0.7, "batch_jobs": 1.1, "embeddings": None}


def measure(corpora: Path, emulator_url: str) -> list[Row]:
    sources = {"bench/manuals/manuals.parquet": corpora / "manuals.parquet"}
    with scratch("stages", sources, emulator_url) as bench:
        first = refresh(bench.store, bench.gemini, wait_minutes=30)
        rows = _stages("first refresh", first)
        rows.append(Row("peak memory of the process", _peak_mb(), None, "MB"))
        with connect(bench.store) as connection:
            ready, distinct = connection.execute(
                "SELECT count(*) FILTER (status = 'READY'), count(DISTINCT chunk_id) "
                "FROM chunk_status"
            ).fetchall()[0]
        rows.append(Row("chunks READY of all, ids distinct", ready, distinct, "chunks"))
        rows += _stages("no-op refresh", refresh(bench.store, bench.gemini, wait_minutes=5))
    return rows


def _stages(name: str, report: RefreshReport) -> list[Row]:
    watch = report.stopwatch
    rows = [
        Row(f"{name}: {stage}", watch.cpu_seconds[stage], LIMITS.get(stage), "CPU s")
        for stage in watch.cpu_seconds
    ]
    total = Row(f"{name}: total", sum(watch.cpu_seconds.values()), None, "CPU s")
    wall = Row(f"{name}: total wall", sum(watch.wall_seconds.values()), None, "s")
    return [*rows, total, wall]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
