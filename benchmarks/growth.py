"""Whether cost follows the change: 1, 4 and 16 shards; 1 %, 10 % and all of one changed.

Shards of 3,000 short articles, each a file of its own, without Dagster's cost of a run.
"""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import WORK
from benchmarks.emulator import running
from benchmarks.generator import SCHEMA, write_articles
from benchmarks.ours import OurLake
from benchmarks.rows import Row
from benchmarks.scale import TIERS, Scale

_CHARS, _SPREAD_GOAL = 600, 1.5


def measure(scale: Scale) -> list[Row]:
    return [
        row
        for tier in TIERS
        for shards in scale.shards
        for row in _grown(shards, scale.shard_articles, tier)
    ]


def _grown(shards: int, articles: int, tier: int) -> list[Row]:
    name, folder = f"{shards} shards of {articles:,} articles", WORK / "growth"
    shutil.rmtree(folder, ignore_errors=True)
    files = [
        folder / "sources" / "bench" / f"d{number:02d}" / "a.parquet" for number in range(shards)
    ]
    for number, file in enumerate(files):
        write_articles(file, articles=articles, chars=_CHARS, seed=shards * 100 + number)
    with running(folder / "emulator", tier=tier) as url:
        lake = OurLake(folder, folder / "sources", url, tier)
        first, nothing = _cost(lake), _cost(lake)
        spread = _changed(lake, files, articles // 100)
        together = _changed(lake, files[:1], shards * articles // 100)
        more = {
            share: _changed(lake, files, articles * share // 100)
            for share in (10, 100)
            if shards == 1
        }
    across = f"{name}: 1 % changed, over all against in one"
    return [
        Row(f"{name}: first refresh, a shard", first[0] / shards, None, "CPU s", tier=tier),
        Row(f"{name}: nothing changed", nothing[0], None, "CPU s", tier=tier),
        Row(f"{name}: nothing changed, written", nothing[1], None, "MB", tier=tier, goal=0),
        Row(across, spread[0], together[0], "CPU s", tier=tier, goal=_SPREAD_GOAL),
        Row(f"{across}, written", spread[1], together[1], "MB", tier=tier),
        *(
            Row(f"{name}: {share} % changed", cost[0], None, "CPU s", tier=tier)
            for share, cost in more.items()
        ),
    ]


def _changed(lake: OurLake, files: list[Path], count: int) -> tuple[float, float]:
    for file in files:
        _change(file, count)
    return _cost(lake)


def _cost(lake: OurLake) -> tuple[float, float]:
    """Refresh; return CPU seconds and MB written."""
    cost = lake.refresh()["all"]
    return cost["cpu_seconds"], cost["written_mb"]


def _change(file: Path, count: int) -> None:
    """A sentence more in so many articles."""
    table = pq.read_table(file, partitioning=None)
    texts = table["text"].to_pylist()
    for row in random.Random(count).sample(range(len(texts)), count):
        texts[row] += f"\n\nA later hand adds number {len(texts[row])} here."
    column = pa.array(texts, pa.large_string())
    place = table.schema.get_field_index("text")
    pq.write_table(table.set_column(place, SCHEMA.field("text"), column), file)
