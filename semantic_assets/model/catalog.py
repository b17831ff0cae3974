"""Models, prices and limits of the Gemini API: one table, each figure with its date and source.

None of it was read from a live account. Google shows an account's own limits in AI Studio; set
SEMANTIC_ASSETS_ENQUEUED_TOKENS where yours differ.
"""

from dataclasses import dataclass

from semantic_assets.errors import ConfigError
from semantic_assets.model.chat_models import chat_usd, is_chat_model, listed_chat_model


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    name: str
    max_input_tokens: int
    min_dimensions: int
    max_dimensions: int
    #: Vectors come L2-normalised from this size on; below it we normalise.
    normalised_from: int
    document_task: str | None
    query_task: str | None
    document_template: str
    query_template: str
    #: US dollars per million input tokens.
    batch_usd_per_mtok: float
    realtime_usd_per_mtok: float
    #: Tokens in all active batch jobs of the model together, by paid tier.
    enqueued_tokens: dict[int, int]
    #: ISO date after which the model answers no more, where one is announced.
    retired: str | None = None
    replacement: str | None = None


# Sources. Prices: Google's developers blog 2025-09-10 (001); pricing page as noted 2026-10-01 (2).
# Limits: copies of the rate-limits page from 2026-03 to mid-2026, and a third party's probe of
# 2026-07-06 (tier 1 took 182k tokens and refused 2.56M). Input sizes: embeddings guide 2026-08.
_ENQUEUED = {1: 500_000, 2: 5_000_000, 3: 10_000_000}
EMBEDDING_MODELS: dict[str, EmbeddingModel] = {
    "gemini-embedding-001": EmbeddingModel(
        name="gemini-embedding-001",
        max_input_tokens=2_048,
        min_dimensions=128,
        max_dimensions=3_072,
        normalised_from=3_072,
        document_task="RETRIEVAL_DOCUMENT",
        query_task="RETRIEVAL_QUERY",
        document_template="{text}",
        query_template="{text}",
        batch_usd_per_mtok=0.075,
        realtime_usd_per_mtok=0.15,
        enqueued_tokens=_ENQUEUED,
    ),
    # Takes no task type; the guide gives these prefixes instead.
    "gemini-embedding-2": EmbeddingModel(
        name="gemini-embedding-2",
        max_input_tokens=8_192,
        min_dimensions=128,
        max_dimensions=3_072,
        normalised_from=128,
        document_task=None,
        query_task=None,
        document_template="title: none | text: {text}",
        query_template="task: search result | query: {text}",
        batch_usd_per_mtok=0.10,
        realtime_usd_per_mtok=0.20,
        enqueued_tokens=_ENQUEUED,
    ),
    # Shut down 2026-01-14.
    "text-embedding-004": EmbeddingModel(
        name="text-embedding-004",
        max_input_tokens=2_048,
        min_dimensions=1,
        max_dimensions=768,
        normalised_from=1,
        document_task="RETRIEVAL_DOCUMENT",
        query_task="RETRIEVAL_QUERY",
        document_template="{text}",
        query_template="{text}",
        batch_usd_per_mtok=0.0,
        realtime_usd_per_mtok=0.0,
        enqueued_tokens={1: 0, 2: 0, 3: 0},
        retired="2026-01-14",
        replacement="gemini-embedding-001",
    ),
}

#: Batch jobs a key may have at once (rate-limits page, early 2026).
MAX_ACTIVE_JOBS = 100
#: The backend whose dollars are nobody's bill.
EMULATOR = "emulator"
#: Google's own: the Developer API and the Agent Platform.
AGENT_PLATFORM = "agent-platform"
SERVICES = ("gemini", AGENT_PLATFORM)


def is_charged(backend: str) -> bool:
    """Return whether a backend's dollars are charged: Google's are, through whichever service."""
    return backend != EMULATOR


#: Of one job of the Agent Platform: the bytes of its input, by Google's docs; and rows, of which it
#: takes 1,000,000, but planning and landing 400,000 texts take 380 MB of memory.
AGENT_PLATFORM_BYTES, AGENT_PLATFORM_ROWS = 1_000_000_000, 400_000
#: Bytes of a request line for each estimated token of its text, at most: Russian has 5.2, English
#: 4.2; and of what is around the text.
BYTES_A_TOKEN, BYTES_A_LINE = 5.5, 300
#: The same of ordinary English, where texts are not known yet.
USUAL_BYTES_A_TOKEN, USUAL_BYTES_A_LINE = 4.2, 150
#: Tokens of a window that does not exist: no sum of jobs reaches it.
NO_WINDOW = 10**15
#: Texts in one real-time embedding call (third party, not documented by Google).
MAX_REALTIME_TEXTS = 100
#: Bytes of its body: "Request payload size exceeds the limit" (reports since 2025-08-21).
MAX_REALTIME_BYTES = 4_194_304


def embedding_model(name: str) -> EmbeddingModel:
    """Return the table's row for a model.

    Raises:
        ConfigError: the model is unknown, or retired; the message names what to use.
    """
    spec = EMBEDDING_MODELS.get(name)
    if spec is None:
        known = ", ".join(n for n, s in EMBEDDING_MODELS.items() if s.retired is None)
        raise ConfigError(f"embedding model {name!r} is unknown: use one of {known}")
    if spec.retired is not None:
        raise ConfigError(f"{name} was shut down on {spec.retired}: use {spec.replacement}")
    return spec


def enqueued_tokens(model: str, tier: int) -> int:
    """Return the token limit of all active batch jobs of a model together, by the table."""
    if is_chat_model(model):
        return listed_chat_model(model).enqueued_tokens[tier]
    return embedding_model(model).enqueued_tokens[tier]


def batch_usd(model: str, tokens: int, output_tokens: int = 0) -> float:
    """Return the batch price in US dollars; `output_tokens` count for chat models only."""
    if is_chat_model(model):
        return chat_usd(model, tokens, output_tokens, is_batch=True)
    return tokens * embedding_model(model).batch_usd_per_mtok / 1e6


def realtime_usd(model: str, tokens: int, output_tokens: int = 0) -> float:
    """Return the real-time price in US dollars; `output_tokens` count for chat models only."""
    if is_chat_model(model):
        return chat_usd(model, tokens, output_tokens, is_batch=False)
    return tokens * embedding_model(model).realtime_usd_per_mtok / 1e6
