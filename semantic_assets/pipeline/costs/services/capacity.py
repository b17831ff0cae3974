"""Capacity of a corpus: its shards, bytes, jobs, days and dollars, and the limit it meets first.

An estimate, not a promise: it scales constants measured on 12,000 manuals of 8,700 characters
(`python -m benchmarks footprint`, and the named rows of benchmarks/RESULTS.md).
"""

import math
from dataclasses import dataclass

from semantic_assets.model.catalog import batch_usd, enqueued_tokens
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import SHARD_MAX_DOCUMENTS
from semantic_assets.pipeline.costs.services.comparison import (
    Limit,
    Load,
    Services,
    compare_services,
    listing_limit,
    window_limit,
)

_MODEL = "gemini-embedding-001"
#: `footprint`: tokens of an article, and its chunks at the default size.
TOKENS_OF_ARTICLE = 2_526
_CHUNKS_A_TOKEN = 4.611 / TOKENS_OF_ARTICLE
#: `footprint`: text bytes per token in documents, chunks and index rows.
_TEXT_BYTES_A_TOKEN = (9_083 + 18_650 + (24_240 - 14_165 - 480)) / TOKENS_OF_ARTICLE
#: Vectors lie in results, in embeddings and in an index; its three kept versions share unchanged
#: parts. FAISS codes and the other columns come on top: `footprint`, `recall`.
_COPIES_OF_VECTOR, _BYTES_BESIDE_VECTOR = 3, 230
#: `footprint`: bytes per key in the key index; each machine that plans or assembles builds its own.
_KEY_BYTES = 31
#: `footprint`: 4,307 rows and 5.0 MB with 415 jobs.
_ROWS_A_JOB, _ROWS_A_SHARD, _BYTES_A_ROW = 10.3, 20, 1_160
#: `stages`: CPU seconds of a shard's first refresh, and of starting a Dagster run.
_CPU_SECONDS_A_SHARD, _CPU_SECONDS_A_RUN = 22.0, 2.7
#: Dagster runs per shard: of the chain, of the results, of the index.
_RUNS_A_SHARD = 2
#: `recall`: time of a FAISS query, which scans all codes.
_QUERY_MS_A_MILLION_ROWS = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(HtmlTable):
    """The needs of embedding a corpus for the first time, and of a later day of changes."""

    articles: int
    tier: int
    shards: int
    chunks: int
    tokens: int
    usd: float
    jobs: int
    #: Number of times the window of enqueued tokens is filled.
    window_fills: float
    #: Days if each filling takes an hour, and if it takes the day that Google allows for a job.
    days_at_an_hour_a_fill: float
    days_at_a_day_a_fill: float
    #: The first embedding through either service of Google, the one with the window first.
    services: Services
    #: Files and bytes of the lake: texts, vectors, one index.
    files: int
    lake_gb: float
    ledger_rows: int
    ledger_mb: float
    #: CPU hours of the first embedding on our machines.
    cpu_hours: float
    #: Runs for the articles that change each day, spread over as many shards as possible.
    runs_a_day: int
    usd_a_day: float
    #: The limits that are reached, most pressing first.
    breaks: tuple[Limit, ...]

    @property
    def breaks_first(self) -> str:
        return self.breaks[0].what if self.breaks else "nothing: one machine, as it comes"


def capacity(
    articles: int,
    *,
    tier: int = 1,
    dimensions: int = 768,
    tokens_of_article: int = TOKENS_OF_ARTICLE,
    changed_a_day: float = 0.01,
    model: str = _MODEL,
) -> Capacity:
    """Estimate shards, bytes, jobs, days and dollars for a corpus.

    Args:
        changed_a_day: the share of the articles that change each day, each as a whole.
    """
    tokens = articles * tokens_of_article
    chunks = max(articles, round(tokens * _CHUNKS_A_TOKEN))
    shards = math.ceil(articles / SHARD_MAX_DOCUMENTS)
    window = enqueued_tokens(model, tier)
    size = lake_bytes(chunks, tokens, dimensions)
    touched = min(shards, math.ceil(articles * changed_a_day))
    others = (*lake_limits(chunks, size), runs_limit(touched), partitions_limit(shards))
    usd = batch_usd(model, tokens)
    services = compare_services([Load(chunks, tokens, window)], usd, others=others)
    jobs, fills = services[0].jobs, tokens / window
    rows = round(jobs * _ROWS_A_JOB + shards * _ROWS_A_SHARD)
    return Capacity(
        articles=articles,
        tier=tier,
        shards=shards,
        chunks=chunks,
        tokens=tokens,
        usd=usd,
        jobs=jobs,
        window_fills=round(fills, 1),
        days_at_an_hour_a_fill=services[0].days_low,
        days_at_a_day_a_fill=services[0].days_high,
        services=services,
        # documents, chunks, embeddings, four files of an index part; a results file for each job
        files=shards * 7 + jobs,
        lake_gb=round(size / 1e9, 2),
        ledger_rows=rows,
        ledger_mb=round(rows * _BYTES_A_ROW / 1e6, 1),
        cpu_hours=round(
            shards * (_CPU_SECONDS_A_SHARD + _RUNS_A_SHARD * _CPU_SECONDS_A_RUN) / 3_600, 2
        ),
        runs_a_day=touched * _RUNS_A_SHARD,
        usd_a_day=batch_usd(model, round(tokens * changed_a_day)),
        breaks=_breaks(window_limit(fills / 24), listing_limit(jobs), *others),
    )


def lake_bytes(chunks: int, tokens: int, dimensions: int) -> float:
    """Return the size of a lake: texts, vectors, one index."""
    beside = dimensions * 4 * _COPIES_OF_VECTOR + _BYTES_BESIDE_VECTOR
    return tokens * _TEXT_BYTES_A_TOKEN + chunks * beside


def lake_limits(chunks: int, size: float) -> tuple[Limit, Limit, Limit]:
    """Return the limits of what lies here once the texts are embedded, reached or not."""
    return (
        Limit(
            "the time of a query: FAISS scans all codes, over 100 ms of CPU",
            chunks / 1e6 * _QUERY_MS_A_MILLION_ROWS / 100,
            "several datasets, or [index] backend = lance or qdrant",
        ),
        Limit(
            "one disk: over 1 TB of lake",
            size / 1e12,
            "a lake in a bucket, which needs a ledger in Postgres",
        ),
        Limit(
            "the key index of each machine: over 10 GB, read from all results on an empty disk",
            chunks * _KEY_BYTES / 10e9,
            "keep the cache folder of workers, or a space for each part of the corpus",
        ),
    )


def runs_limit(touched: int) -> Limit:
    """Return how far a day's runs for changed shards are from what one machine starts."""
    return Limit(
        "one machine's runs: two cores start about 36,000 a day",
        touched * _RUNS_A_SHARD / 36_000,
        "more workers: deploy/celery or deploy/kubernetes",
    )


def partitions_limit(shards: int) -> Limit:
    """Return how far Dagster is from more partitions than its UI bears."""
    return Limit(
        "partitions of Dagster: its UI slows down from 40,000 on, 100,000 are the advised most",
        shards / 40_000,
        "several deployments over parts of the corpus",
    )


def _breaks(*limits: Limit) -> tuple[Limit, ...]:
    return tuple(sorted((one for one in limits if one.reached >= 1), key=lambda one: -one.reached))
