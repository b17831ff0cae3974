"""The tables of docs/costs.md, from `estimate` itself.

python -m tests.interfaces.costs_table --write
"""

import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semantic_assets.batching.canary_rows import canary_tokens
from semantic_assets.batching.packing import JOB_SHARE, RATIO_MARGIN, UNCALIBRATED_RATIO
from semantic_assets.model.catalog import EMBEDDING_MODELS, batch_usd, realtime_usd
from semantic_assets.pipeline.costs.estimate import Estimate, estimate_articles
from semantic_assets.settings.settings import PREFIX, Settings
from semantic_assets.store import Store, open_store
from semantic_assets.text.scripts import Script
from tests.interfaces import generated, generation_costs
from tests.interfaces.generated import row, table

ARTICLES = (10, 100, 1_000, 12_000)
CHARS = 9_000
TIERS = (1, 2, 3)
MODELS = tuple(name for name, spec in EMBEDDING_MODELS.items() if spec.retired is None)


@contextmanager
def quoting(*, model: str, tier: int) -> Iterator[Store]:
    """A lake that nothing was sent from, with the default settings but these."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {PREFIX + "MODEL": model, PREFIX + "TIER": str(tier)}
        with open_store(Settings.load(root=Path(folder), environ=environ), create=True) as store:
            yield store


def quotes(*, model: str, tier: int) -> list[Estimate]:
    """What each number of articles is quoted at."""
    with quoting(model=model, tier=tier) as store:
        return [
            estimate_articles(store, articles=number, chars=CHARS, script=Script.LATIN)
            for number in ARTICLES
        ]


def jobs_of(quote: Estimate, window_tokens: int) -> int:
    """Batch jobs of a first run: each is a fifth of the window, in estimates not calibrated yet."""
    job_tokens = int(window_tokens / (UNCALIBRATED_RATIO * RATIO_MARGIN) * JOB_SHARE)
    return math.ceil(quote.tokens / job_tokens)


def canaries_usd(quote: Estimate, model: str, jobs: int) -> float:
    """Of so many jobs of equal size, each with its own rows embedded again."""
    return realtime_usd(model, jobs * canary_tokens(quote.tokens // jobs, quote.texts // jobs))


def tables() -> str:
    """Everything between the two comments of the page."""
    return "\n".join([*_prices(), *_fills(), "", *generation_costs.lines()])


def _prices() -> Iterator[str]:
    for model in MODELS:
        yield f"### {model}\n"
        yield from table(
            "articles",
            "texts",
            "tokens",
            "between",
            "batch",
            "quoted, with canaries",
            "at most",
            "real-time",
        )
        for number, quote in zip(ARTICLES, quotes(model=model, tier=1), strict=True):
            yield row(
                f"{number:,}",
                f"{quote.texts:,}",
                f"{quote.tokens:,}",
                f"{quote.tokens_low:,} and {quote.tokens_high:,}",
                _usd(batch_usd(model, quote.tokens)),
                _usd(quote.usd),
                _usd(quote.usd_high),
                _usd(quote.realtime_usd),
            )
        yield ""


def _fills() -> Iterator[str]:
    model = MODELS[0]
    windows = EMBEDDING_MODELS[model].enqueued_tokens
    yield "### Window fills, jobs and canaries by tier\n"
    yield from table(
        "articles", *(f"tier {tier}, {windows[tier]:,} tokens: fills" for tier in TIERS)
    )
    of_tier = {tier: quotes(model=model, tier=tier) for tier in TIERS}
    for place, number in enumerate(ARTICLES):
        yield row(f"{number:,}", *(f"{of_tier[tier][place].window_fills}" for tier in TIERS))
    yield ""
    yield from table("articles", *(f"tier {tier}: jobs, canaries" for tier in TIERS))
    for place, number in enumerate(ARTICLES):
        cells = []
        for tier in TIERS:
            quote = of_tier[tier][place]
            jobs = jobs_of(quote, windows[tier])
            cells.append(f"{jobs:,}, {_usd(canaries_usd(quote, model, jobs))}")
        yield row(f"{number:,}", *cells)


def _usd(dollars: float) -> str:
    return f"${dollars:,.4f}"


def written(page: str) -> str:
    """The page with its tables made anew."""
    return generated.written(page, "tests.interfaces.costs_table", tables)


if __name__ == "__main__":
    generated.rewrite("costs.md", sys.argv[1:], written)
