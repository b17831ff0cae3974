"""The part of docs/costs.md on generated text: prices and times of a task, from the catalogue."""

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from semantic_assets.model.chat_models import CHAT_MODELS, chat_usd
from semantic_assets.settings.task_file import TaskFile, read_tasks
from semantic_assets.text.tokens import estimate_tokens
from tests.interfaces.generated import row, table

ARTICLES = (10, 100, 1_000, 12_000)
TIERS = (1, 2, 3)
#: Characters of Latin script for a token, and the part by which an estimate may be too low.
_CHARS_PER_TOKEN, _BAND = 4.4, 0.25
_CHARS = 9_000
_TASK = "summary-en"
_TASKS = Path(__file__).resolve().parents[2] / "data" / "tasks"


@cache
def task() -> TaskFile:
    """The task that the figures are of."""
    return read_tasks(_TASKS, backend="gemini").valid[_TASK]


def tokens_in(articles: int) -> int:
    """Of the articles, and of the task's words and schema with each."""
    asked = task().task
    words = f"{asked.system_instruction}{asked.response_schema}{asked.prompt}"
    return round(articles * (_CHARS / _CHARS_PER_TOKEN + estimate_tokens(words)))


def tokens_out(articles: int) -> int:
    return articles * task().use.expected_output_tokens


def usd(model: str, articles: int, *, is_batch: bool, day: str) -> float:
    found = tokens_in(articles), tokens_out(articles)
    return chat_usd(model, *found, is_batch=is_batch, day=day)


def fills(model: str, articles: int, tier: int) -> int:
    """How often the window of enqueued tokens is filled, at the upper bound of the tokens."""
    return math.ceil(tokens_in(articles) * (1 + _BAND) / CHAT_MODELS[model].enqueued_tokens[tier])


def lines() -> Iterator[str]:
    """Prices by model and day from which they hold, then fills and times by tier."""
    yield f"### Generated text: {_TASK}, {_CHARS:,} characters an article\n"
    yield from table("model", "articles", "tokens in", "tokens out", "batch", "real-time")
    for name, model in CHAT_MODELS.items():
        for day in sorted(model.realtime_usd_per_mtok):
            shown = name if day == min(model.realtime_usd_per_mtok) else f"{name}, from {day}"
            for articles in ARTICLES:
                yield row(
                    shown,
                    f"{articles:,}",
                    f"{tokens_in(articles):,}",
                    f"{tokens_out(articles):,}",
                    f"${usd(name, articles, is_batch=True, day=day):,.4f}",
                    f"${usd(name, articles, is_batch=False, day=day):,.4f}",
                )
    yield ""
    ways = ("batch, at a day a fill", "real-time")
    heads = (f"tier {tier}: {way}" for tier in TIERS for way in ways)
    yield from table("model", "articles", *heads)
    for name in CHAT_MODELS:
        for articles in ARTICLES:
            cells = (cell for tier in TIERS for cell in _times(name, articles, tier))
            yield row(name, f"{articles:,}", *cells)


def _times(model: str, articles: int, tier: int) -> tuple[str, str]:
    rounds = fills(model, articles, tier)
    minutes = math.ceil(articles / CHAT_MODELS[model].calls_per_minute[tier])
    return f"{rounds} day{'s' if rounds > 1 else ''}", f"{minutes} min"
