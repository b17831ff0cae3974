"""The tables of docs/scaling.md, from `capacity` itself.

python -m tests.interfaces.capacity_table --write
"""

import sys
from collections.abc import Iterator

from semantic_assets.pipeline.costs.services.capacity import Capacity, capacity
from tests.interfaces import generated
from tests.interfaces.generated import row, table

SIZES = tuple(10**power for power in range(4, 10))


def tables() -> str:
    """Everything between the two comments of the page."""
    found = [capacity(size) for size in SIZES]
    return "\n".join([*_sizes(found), "", *_breaking(found)])


def _sizes(found: list[Capacity]) -> Iterator[str]:
    higher = [[capacity(size, tier=tier) for size in SIZES] for tier in (2, 3)]
    yield from table("", *(f"{size:,}" for size in SIZES))
    yield row("shards", *(f"{one.shards:,}" for one in found))
    yield row("texts", *(_short(one.chunks) for one in found))
    yield row("tokens", *(_short(one.tokens) for one in found))
    yield row("dollars", *(f"{one.usd:,.0f}" for one in found))
    for tier, ones in enumerate([found, *higher], start=1):
        yield row(f"tier {tier}: jobs", *(f"{one.jobs:,}" for one in ones))
        days = (
            f"{_days(o.days_at_an_hour_a_fill)} to {_days(o.days_at_a_day_a_fill)}" for o in ones
        )
        yield row(f"tier {tier}: days, at an hour to a day a fill", *days)
    yield row("Agent Platform: jobs", *(f"{one.services[1].jobs:,}" for one in found))
    yield row(
        "Agent Platform: days, at most", *(f"{one.services[1].days_high:.0f}" for one in found)
    )
    yield row("files of the lake, tier 1", *(f"{one.files:,}" for one in found))
    yield row("bytes of the lake", *(_bytes(one.lake_gb) for one in found))
    yield row("rows of the ledger, tier 1", *(_short(one.ledger_rows) for one in found))
    yield row("bytes of the ledger, tier 1", *(_bytes(one.ledger_mb / 1e3) for one in found))
    yield row("CPU hours here", *(f"{one.cpu_hours:,.2f}" for one in found))
    yield row("later, 1 % changed a day: runs", *(f"{one.runs_a_day:,}" for one in found))
    yield row("later, 1 % changed a day: dollars", *(f"{one.usd_a_day:,.2f}" for one in found))


def _breaking(found: list[Capacity]) -> Iterator[str]:
    yield from table("articles", "what breaks, the nearest first", "so")
    for one in found:
        for limit in one.breaks:
            what = f"{limit.what} ({limit.reached:,.1f} times)"
            yield row(f"{one.articles:,}", what, limit.remedy)


def _days(days: float) -> str:
    return f"{days:,.0f}" if days >= 10 else f"{days:.1f}"


def _short(number: float) -> str:
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:,}"


def _bytes(gigabytes: float) -> str:
    return f"{_short(gigabytes * 1e9)}B"


def written(page: str) -> str:
    """The page with its tables made anew."""
    return generated.written(page, "tests.interfaces.capacity_table", tables)


if __name__ == "__main__":
    generated.rewrite("scaling.md", sys.argv[1:], written)
