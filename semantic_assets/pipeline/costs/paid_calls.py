"""Real-time calls that cost: reserved before they are made, settled after they have answered."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex

import numpy as np
import numpy.typing as npt

from semantic_assets.errors import (
    CorruptResult,
    GeminiUnavailable,
    IncompleteAnswer,
    SemanticAssetsError,
    SpendRefused,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.budgets import (
    UPPER,
    at_most_usd,
    require_budget,
    require_caller_budget,
    since_midnight,
)
from semantic_assets.pipeline.costs.callers import current_caller
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

Vectors = npt.NDArray[np.float32]
#: The questions of a day are booked together, those of a caller with a cap of its own apart.
_QUERY = "query"


def may_be_billed(error: SemanticAssetsError) -> bool:
    """Return whether a call that ended so may cost: an answer that refuses bills nothing.

    One that cannot be used is billed all the same, and one that was lost may be.
    """
    if isinstance(error, GeminiUnavailable):
        return error.sent
    return isinstance(error, CorruptResult)


@contextmanager
def paid_call(
    store: Store, model: str, tokens: int, *, guard: Guard, call_id: str
) -> Iterator[None]:
    """Reserve what the call in the block may cost; what became of it is booked when it ends.

    Killed inside, or without an answer to what was sent, it stays possibly billed.

    Raises:
        SpendRefused: `guard` found no room; the block was not entered.
    """
    amount = Amount(tokens, realtime_usd(model, tokens))
    spending = store.ledger.spending
    spending.reserve(call_id, model=model, amount=amount, guard=guard)
    try:
        yield
    except SemanticAssetsError as error:
        if isinstance(error, CorruptResult):
            spending.settle(call_id, model=model, reserved=amount, cost=amount)
        elif not may_be_billed(error):
            spending.settle(call_id, model=model, reserved=amount, cost=Amount(0, 0.0))
        raise
    spending.settle(call_id, model=model, reserved=amount, cost=amount)


@dataclass(frozen=True, slots=True)
class Sample:
    """A few texts of a job, to be embedded again."""

    job_id: str
    texts: Sequence[str]
    tokens: int


def embed_sample(
    store: Store, gemini: Gemini, space: EmbeddingSpace, texts: Sequence[str], *, of: str
) -> Vectors:
    """Embed a few texts of the corpus again, to compare; shape (n, dimensions).

    Args:
        of: the job it is for; its cost counts where the job's does.

    Raises:
        TransientError, PermanentError: as the API answers.
    """
    tokens = sum(estimate_tokens(space.document_text(text)) for text in texts)
    return embed_samples(store, gemini, space, [Sample(of, texts, tokens)])[0]


def embed_samples(
    store: Store, gemini: Gemini, space: EmbeddingSpace, samples: Sequence[Sample]
) -> list[Vectors]:
    """Embed texts of several jobs again in one call; each one's cost counts where its job's does.

    Raises:
        TransientError, PermanentError: as the API answers.
        SpendRefused: calls for a job were not answered, and the day's cap has no room for one more.
    """
    if len(samples) == 1:
        parts = _parts(space, samples[0])
        return [np.concatenate([_embed_booked(store, gemini, space, [part]) for part in parts])]
    found = _embed_booked(store, gemini, space, samples)
    return np.split(found, np.cumsum([len(sample.texts) for sample in samples])[:-1])


def _parts(space: EmbeddingSpace, sample: Sample) -> list[Sample]:
    """Return a sample as it fits into calls, each booked by itself."""
    return [
        replace(sample, texts=part, tokens=max(1, sample.tokens * len(part) // len(sample.texts)))
        for part in call_groups(sample.texts, space.document_text)
    ]


def _embed_booked(
    store: Store, gemini: Gemini, space: EmbeddingSpace, samples: Sequence[Sample]
) -> Vectors:
    return once_more(partial(_embed_call, store, gemini, space, samples))


def _embed_call(
    store: Store, gemini: Gemini, space: EmbeddingSpace, samples: Sequence[Sample]
) -> Vectors:
    texts = [text for sample in samples for text in sample.texts]
    if store.is_read_only and store.settings.backend == "emulator":
        return gemini.embed_documents(space, texts)  # free: there is nothing to book
    with ExitStack() as booked:
        for one in samples:
            guard, call_id = _repeat_guard(store, space, one), f"{one.job_id}+{token_hex(4)}"
            booked.enter_context(
                paid_call(store, space.model, one.tokens, guard=guard, call_id=call_id)
            )
        return gemini.embed_documents(space, texts)


def _repeat_guard(store: Store, space: EmbeddingSpace, sample: Sample) -> Guard:
    """Return what refuses more than was reserved with the job: its canary, once."""

    def guard(spending: Spending) -> None:
        is_capped = store.settings.max_cost_usd_per_day is not None
        if is_capped and spending.has_open_calls(sample.job_id):
            require_budget(store, realtime_usd(space.model, sample.tokens), spending)

    return guard


def once_more(call: Callable[[], Vectors]) -> Vectors:
    """Make a call, and once more if it answered fewer embeddings than asked (live, 2026-06-17).

    Each of the two books for itself: the first may have been billed.
    """
    try:
        return call()
    except IncompleteAnswer:
        return call()


def embed_questions(
    store: Store, gemini: Gemini, space: EmbeddingSpace, questions: Sequence[str]
) -> Vectors:
    """Embed questions, as many a call as it takes; shape (n, dimensions).

    Raises:
        SpendRefused: over the day's cap of questions; nothing of the refused call was sent.
    """
    found = [np.empty((0, space.dimensions), np.float32)]
    for part in call_groups(questions, space.query_text):
        found.append(once_more(partial(_ask_part, store, gemini, space, part)))
    return np.concatenate(found)


def _ask_part(
    store: Store, gemini: Gemini, space: EmbeddingSpace, questions: Sequence[str]
) -> Vectors:
    if store.settings.backend == "emulator":
        return gemini.embed_queries(space, questions)
    tokens = sum(estimate_tokens(space.query_text(question)) for question in questions)
    guard = _question_guard(store, realtime_usd(space.model, tokens))
    caller = current_caller()
    of = _QUERY if caller is None else f"{_QUERY}.{caller.name}"
    call_id = f"{of}+{_day(store)}.{space.model}"
    with paid_call(store, space.model, tokens, guard=guard, call_id=call_id):
        return gemini.embed_queries(space, questions)


def _question_guard(store: Store, usd: float) -> Guard:
    def guard(spending: Spending) -> None:
        if store.settings.max_cost_usd_per_day is not None:
            require_budget(store, usd, spending)
        cap = store.settings.max_question_cost_usd_per_day
        totals = spending.totals(
            since=since_midnight(store), of=lambda call_id: call_id.partition(".")[0] == _QUERY
        )
        if not at_most_usd(totals) + usd * UPPER <= cap:
            raise SpendRefused(
                f"questions cost ${totals.spent_usd:.4f} of ${cap:.2f} today, the next about "
                f"${usd:.6f}: wait until midnight UTC or raise "
                "SEMANTIC_ASSETS_MAX_QUESTION_COST_USD_PER_DAY"
            )
        require_caller_budget(store, usd, spending)

    return guard


def _day(store: Store) -> str:
    return f"{datetime.fromtimestamp(store.ledger.now(), UTC):%Y%m%d}"
