"""The capacity model against what was measured, and against common sense."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.pipeline.costs.services.capacity import capacity
from semantic_assets.settings.settings import project_dir

RESULTS = (project_dir() / "benchmarks" / "RESULTS.md").read_text()


def measured(name: str) -> float:
    found = re.search(rf"^\| {re.escape(name)} \| ([\d.,e+]+) \|", RESULTS, re.MULTILINE)
    assert found, name
    return float(found[1].replace(",", ""))


def test_of_one_shard_it_says_what_was_measured() -> None:
    found = capacity(12_000, tier=1)
    tables = ("documents", "chunks", "results", "embeddings", "index")
    size = sum(measured(f"footprint: {table}") for table in tables) * 12_000
    assert found.lake_gb == pytest.approx(size / 1e9, rel=0.05)
    assert found.jobs == pytest.approx(measured("footprint: jobs of a shard"), rel=0.05)
    rows = measured("footprint: ledger of a shard and its jobs")
    assert found.ledger_rows == pytest.approx(rows, rel=0.05)
    assert found.ledger_mb == pytest.approx(
        measured("footprint: ledger of a shard") / 1e6, rel=0.05
    )
    assert found.chunks == pytest.approx(
        measured("footprint: chunks of an article") * 12_000, rel=0.01
    )
    assert found.tokens == pytest.approx(
        measured("footprint: tokens of an article") * 12_000, rel=0.01
    )
    assert found.cpu_hours == pytest.approx(
        (measured("first refresh: total") + 2 * 2.7) / 3_600, abs=0.01
    )


@given(
    articles=st.integers(1, 10**9),
    more=st.integers(1, 10**9),
    tier=st.sampled_from((1, 2, 3)),
    tokens=st.integers(1, 100_000),
)
def test_more_articles_are_never_less(articles: int, more: int, tier: int, tokens: int) -> None:
    few = capacity(articles, tier=tier, tokens_of_article=tokens)
    many = capacity(articles + more, tier=tier, tokens_of_article=tokens)
    for name in ("shards", "chunks", "tokens", "usd", "jobs", "window_fills", "lake_gb", "files"):
        assert getattr(few, name) <= getattr(many, name), name
    assert {limit.what for limit in few.breaks} <= {limit.what for limit in many.breaks}


@given(articles=st.integers(1, 10**9))
def test_a_higher_tier_is_faster_and_costs_the_same(articles: int) -> None:
    one, three = capacity(articles, tier=1), capacity(articles, tier=3)
    assert one.window_fills >= three.window_fills
    assert one.jobs >= three.jobs
    assert one.usd == three.usd


def test_what_breaks_is_named_the_nearest_first() -> None:
    assert capacity(10_000).breaks == ()
    assert "one machine" in capacity(10_000).breaks_first
    found = capacity(10**9, tier=3).breaks
    assert [limit.reached for limit in found] == sorted(
        (limit.reached for limit in found), reverse=True
    )
    assert all(limit.remedy for limit in found)


def test_the_agent_platform_takes_a_million_articles_in_few_jobs() -> None:
    found = capacity(1_000_000)
    assert found.services[1].jobs == 12
    assert found.services[1].days_high < found.days_at_a_day_a_fill
    assert capacity(1).services[1].jobs == 1
    # Short articles are limited by rows, not by bytes.
    assert capacity(10_000_000, tokens_of_article=10).services[1].jobs == 25
