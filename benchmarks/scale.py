"""How large a benchmark is: in full for what is published, or as `quick` for a developer."""

from dataclasses import dataclass

#: The tiers that everything is measured at: the default of the product, and a window 20 times as wide.
TIERS = (1, 3)


@dataclass(frozen=True, slots=True)
class Scale:
    #: Of each figure, the median of so many runs is given.
    runs: int
    articles: int
    datasets: tuple[int, ...]
    shards: tuple[int, ...]
    shard_articles: int
    record_mb: int
    requests: int


FULL = Scale(
    runs=3,
    articles=12_000,
    datasets=(1, 200, 1_000),
    shards=(1, 4, 16),
    shard_articles=3_000,
    record_mb=63,
    requests=500,
)
QUICK = Scale(
    runs=1,
    articles=1_200,
    datasets=(1, 20),
    shards=(1, 4),
    shard_articles=300,
    record_mb=6,
    requests=100,
)
