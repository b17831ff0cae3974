"""Whether cost follows the change: 1, 4 and 16 shards; 1 %, 10 % and all of one changed.

Shards of 3,000 short articles, each a file of its own, without Dagster's cost of a run.
"""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import WORK, Bench, scratch
from benchmarks.emulator import running
from benchmarks.generator import SCHEMA, write_articles
from benchmarks.rows import Row
from semantic_assets.pipeline.flows.refresh import refresh

_ARTICLES, _CHARS, _SIZES = 3_000, 600, (1, 4, 16)
_ENVIRON = {"SEMANTIC_ASSETS_DIMENSIONS": "128"}


def measure() -> list[Row]:
    shutil.rmtree(WORK / "growth", ignore_errors=True)
    with running(WORK / "growth-emulator") as url:
        return [row for shards in _SIZES for row in _grown(shards, url)]


def _grown(shards: int, url: str) -> list[Row]:
    name = f"{shards} shards of {_ARTICLES:,} articles"
    with scratch(f"growth-{shards}", {}, url, environ=_ENVIRON) as bench:
        files = [_file(bench, number) for number in range(shards)]
        for number, file in enumerate(files):
            write_articles(file, articles=_ARTICLES, chars=_CHARS, seed=shards * 100 + number)
        rows = [Row(f"{name}: first refresh, a shard", _cpu(bench) / shards, None, "CPU s")]
        nothing = _cpu(bench)
        rows.append(Row(f"{name}: nothing changed", nothing, None, "CPU s"))
        one_percent = shards * _ARTICLES // 100
        spread = _change_all(files, one_percent // shards, bench)
        together = _change_all(files[:1], one_percent, bench)
        rows.append(Row(f"{name}: 1 % changed, over all against in one", spread, together, "CPU s"))
        if shards == 1:
            for share in (10, 100):
                changed = _change_all(files, _ARTICLES * share // 100, bench)
                rows.append(Row(f"{name}: {share} % changed", changed, None, "CPU s"))
        return rows


def _file(bench: Bench, number: int) -> Path:
    return bench.store.settings.sources / "bench" / f"d{number:02d}" / "articles.parquet"


def _change_all(files: list[Path], count: int, bench: Bench) -> float:
    for file in files:
        _change(file, count)
    return _cpu(bench)


def _change(file: Path, count: int) -> None:
    """A sentence more in so many articles."""
    table = pq.read_table(file, partitioning=None)
    texts = table["text"].to_pylist()
    for row in random.Random(count).sample(range(len(texts)), count):
        texts[row] += f"\n\nA later hand adds number {len(texts[row])} here."
    column = pa.array(texts, pa.large_string())
    place = table.schema.get_field_index("text")
    pq.write_table(table.set_column(place, SCHEMA.field("text"), column), file)


def _cpu(bench: Bench) -> float:
    report = refresh(bench.store, bench.gemini, wait_minutes=30)
    assert not report.is_waiting, report.summary
    return sum(report.stopwatch.cpu_seconds.values())
