"""Chat models: prices, windows and limits, each figure with its date and source.

Prices: Google's pricing page as transcribed 2026-10-07; batch is half of real time. Windows of
enqueued tokens: copies of the rate-limits page from 2026-03 to mid-2026; models that its table
does not name have those of their family. Shutdowns: the deprecations page as read 2026-11-10.
None of it was read from a live account.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from semantic_assets.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    name: str
    #: ISO start date -> US dollars per million (input, output) tokens in real time.
    realtime_usd_per_mtok: dict[str, tuple[float, float]]
    #: Tokens in all active batch jobs of the model together, by paid tier.
    enqueued_tokens: dict[int, int]
    max_input_tokens: int = 1_048_576
    max_output_tokens: int = 65_536
    #: Real-time calls a minute, by tier. No page was at hand: set low on purpose.
    calls_per_minute: dict[int, int] = field(default_factory=lambda: {1: 300, 2: 1_000, 3: 2_000})
    #: ISO date from which the model answers no more, where one is announced, and what to use then.
    retires: str | None = None
    replacement: str | None = None


_FLASH = {1: 3_000_000, 2: 400_000_000, 3: 1_000_000_000}
_FLASH_LITE = {1: 10_000_000, 2: 500_000_000, 3: 1_000_000_000}
_PRO = {1: 5_000_000, 2: 500_000_000, 3: 1_000_000_000}
_ALWAYS = "0001-01-01"

CHAT_MODELS: dict[str, ChatModel] = {
    model.name: model
    for model in (
        ChatModel(
            name="gemini-3.5-flash-lite",
            realtime_usd_per_mtok={_ALWAYS: (0.30, 2.50)},
            enqueued_tokens=_FLASH_LITE,
        ),
        ChatModel(
            name="gemini-3.5-flash",
            realtime_usd_per_mtok={_ALWAYS: (1.50, 9.00)},
            enqueued_tokens=_FLASH,
        ),
        ChatModel(
            name="gemini-3.8-flash",
            realtime_usd_per_mtok={_ALWAYS: (0.75, 3.75), "2027-01-01": (1.50, 7.50)},
            enqueued_tokens=_FLASH,
        ),
        # Prompts above 200,000 tokens cost 4 and 18: such prompts are refused below.
        ChatModel(
            name="gemini-3.1-pro-preview",
            realtime_usd_per_mtok={_ALWAYS: (2.00, 12.00)},
            enqueued_tokens=_PRO,
            max_input_tokens=200_000,
        ),
    )
}

#: (shut down on, what to use instead). Google routes the 2.5 models on by itself from that day, at
#: the other model's price and with its answers: a user must choose that.
RETIRED_CHAT_MODELS: dict[str, tuple[str, str]] = {
    "gemini-2.5-pro": ("2026-12-01", "gemini-3.8-flash"),
    "gemini-2.5-flash": ("2026-12-01", "gemini-3.5-flash-lite"),
    "gemini-2.0-flash": ("2026-06-01", "gemini-3.5-flash-lite"),
    "gemini-2.0-flash-lite": ("2026-06-01", "gemini-3.5-flash-lite"),
    "gemini-1.5-flash": ("2025-09-24", "gemini-3.5-flash-lite"),
    "gemini-1.5-pro": ("2025-09-24", "gemini-3.8-flash"),
}
_BATCH_SHARE = 0.5


#: A model that retires is warned of so long before.
_WARNED_DAYS = 60


def chat_model(name: str) -> ChatModel:
    """Return the table's row for a chat model.

    Raises:
        ConfigError: the model is unknown, or retired; the message names what to use.
    """
    if reason := why_not(name):
        raise ConfigError(reason)
    return CHAT_MODELS[name]


def why_not(name: str, today: date | None = None) -> str | None:
    """Return why nothing can be asked of a model: it is unknown, or shut down. None: it can."""
    if name in RETIRED_CHAT_MODELS:
        day, replacement = RETIRED_CHAT_MODELS[name]
        return f"{name} is shut down on {day}: use {replacement}"
    if name not in CHAT_MODELS:
        return f"chat model {name!r} is unknown: use one of {', '.join(CHAT_MODELS)}"
    model = CHAT_MODELS[name]
    if model.retires is not None and model.retires <= _day(today).isoformat():
        return f"{name} is shut down on {model.retires}: use {model.replacement}"
    return None


def retires_soon(name: str, today: date | None = None) -> str | None:
    """Return a warning that a model is shut down within two months. None: it is not."""
    model = CHAT_MODELS.get(name)
    if model is None or model.retires is None or why_not(name, today):
        return None
    if _day(today) + timedelta(days=_WARNED_DAYS) < date.fromisoformat(model.retires):
        return None
    return f"{name} is shut down on {model.retires}: change to {model.replacement} before"


def is_chat_model(name: str) -> bool:
    """Return whether a model generates text, retired ones included."""
    return name in CHAT_MODELS or name in RETIRED_CHAT_MODELS


def listed_chat_model(name: str) -> ChatModel:
    """Return the row that counts and prices of a model are taken from, also when it is retired.

    Google answers calls to a retired model by its replacement, at that one's price.

    Raises:
        ConfigError: the model is unknown.
    """
    if name in RETIRED_CHAT_MODELS:
        return CHAT_MODELS[RETIRED_CHAT_MODELS[name][1]]
    if name not in CHAT_MODELS:
        return chat_model(name)
    return CHAT_MODELS[name]


def chat_usd(
    name: str, tokens: int, output_tokens: int, *, is_batch: bool, day: str | None = None
) -> float:
    """Return the price in US dollars at the rates of a day (ISO), or of today."""
    prices = listed_chat_model(name).realtime_usd_per_mtok
    day = day or _day(None).isoformat()
    of_input, of_output = prices[max(start for start in prices if start <= day)]
    share = _BATCH_SHARE if is_batch else 1.0
    return share * (tokens * of_input + output_tokens * of_output) / 1e6


def _day(today: date | None) -> date:
    return today or datetime.now(UTC).date()
