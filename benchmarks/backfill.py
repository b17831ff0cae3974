"""A backfill of 24 shards of 12,000 articles through the Dagster daemon.

What is measured is the backfill itself: each run reads and cuts its shard and submits what fits the
window. Runs are watched through /proc; the peak is that of the largest run, interpreter included.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.generator import write_articles
from benchmarks.rows import Row
from semantic_assets.settings.settings import project_dir
from tests.dagster_daemon import environment, running_daemon

_SHARDS, _ARTICLES, _CHARS = 24, 12_000, 2_000
_LONGEST_SECONDS = 3_600.0


def measure() -> list[Row]:
    folder = WORK / "backfill"
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(_SHARDS):
        # Files that fill a shard each: a document never moves, so a full shard is one file here.
        path = folder / "sources" / "bench" / f"d{number:02d}" / "articles.parquet"
        write_articles(path, articles=_ARTICLES, chars=_CHARS, seed=number)
    with running(folder / "emulator", latency_seconds=120) as url:
        environ = environment(folder, url)
        _run(environ, "-m", "semantic_assets.orchestration.register")
        with running_daemon(
            "semantic_assets.definitions", environ, folder / "daemon.log"
        ) as session:
            command = ("job", "backfill", "-m", "semantic_assets.definitions", "-j", "embed_shard")
            began = time.monotonic()
            _run(environ, "-m", "dagster", *command, "--all", "all", "--noprompt")
            return _watch(environ, session, began)


def _run(environ: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, *arguments]
    subprocess.run(command, env={**os.environ, **environ}, check=True, cwd=project_dir())


def _watch(environ: dict[str, str], session: int, began: float) -> list[Row]:
    os.environ["DAGSTER_HOME"] = environ["DAGSTER_HOME"]
    peak_mb = 0.0
    with dg.DagsterInstance.get() as instance:
        while time.monotonic() - began < _LONGEST_SECONDS:
            peak_mb = max(peak_mb, _largest_run_mb(session))
            records = _records(instance)
            # A job backfill is complete for Dagster once its runs are in the queue.
            if sum(record.dagster_run.is_finished for record in records) == _SHARDS:
                break
            time.sleep(0.5)
        wall = time.monotonic() - began
        good = [record for record in records if record.dagster_run.is_success]
        steps = [_step_seconds(instance, record.dagster_run.run_id) for record in good]
        runs = [(r.end_time or 0) - r.create_timestamp.timestamp() for r in good]
        started = [(r.end_time or 0) - (r.start_time or 0) for r in good]
    overhead = [run - step for run, step in zip(started, steps, strict=True)]
    return [
        Row("backfill of 24 shards: partitions done", len(good), _SHARDS, "runs"),
        Row("backfill of 24 shards: until the last run had ended", wall, None, "s"),
        Row("backfill of 24 shards: largest run", peak_mb, None, "MB"),
        Row("backfill of 24 shards: work of a shard, median", _median(steps), None, "s"),
        Row("backfill of 24 shards: Dagster's own in a run, median", _median(overhead), None, "s"),
        Row("backfill of 24 shards: in the queue and running, median", _median(runs), None, "s"),
    ]


def _records(instance: dg.DagsterInstance) -> Sequence[dg.RunRecord]:
    records = instance.get_run_records()
    return [record for record in records if record.dagster_run.tags.get("dagster/backfill")]


def _step_seconds(instance: dg.DagsterInstance, run_id: str) -> float:
    found = instance.get_run_step_stats(run_id)
    return sum((step.end_time or 0) - (step.start_time or 0) for step in found)


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else float("nan")


def _largest_run_mb(session: int) -> float:
    """Peak resident memory of the run processes there are now: spawned ones of the session."""
    found = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(stat[3]) != session or b"spawn" not in (folder / "cmdline").read_bytes():
                continue
            status = (folder / "status").read_text()
        except OSError:
            continue  # it ended meanwhile
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                found = max(found, int(line.split()[1]) / 1024)
    return found
