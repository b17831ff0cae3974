"""Real-time calls that cost: reserved before they are made, settled after they have answered."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

import numpy as np
import numpy.typing as npt

from semantic_assets.errors import GeminiUnavailable, SemanticAssetsError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.catalog import MAX_REALTIME_TEXTS, realtime_usd
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.budgets import require_budget, since_midnight
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

Vectors = npt.NDArray[np.float32]
_QUERY = "query+"


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
        if not (isinstance(error, GeminiUnavailable) and error.sent):
            # An answer that refuses bills nothing.
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
    texts = [text for sample in samples for text in sample.texts]
    with ExitStack() as booked:
        # Free on an emulator, and without a ledger to write to there is nothing to book.
        if not (store.is_read_only and store.settings.backend == "emulator"):
            for one in samples:
                guard, call_id = _repeat_guard(store, space, one), f"{one.job_id}+{token_hex(4)}"
                booked.enter_context(
                    paid_call(store, space.model, one.tokens, guard=guard, call_id=call_id)
                )
        found = gemini.embed_documents(space, texts)
    return np.split(found, np.cumsum([len(sample.texts) for sample in samples])[:-1])


def _repeat_guard(store: Store, space: EmbeddingSpace, sample: Sample) -> Guard:
    """Return what refuses more than was reserved with the job: its canary, once."""

    def guard(spending: Spending) -> None:
        is_capped = store.settings.max_cost_usd_per_day is not None
        if is_capped and spending.has_open_calls(sample.job_id):
            require_budget(store, realtime_usd(space.model, sample.tokens), spending)

    return guard


def embed_questions(
    store: Store, gemini: Gemini, space: EmbeddingSpace, questions: Sequence[str]
) -> Vectors:
    """Embed questions, 100 a call; shape (n, dimensions).

    Raises:
        SpendRefused: over the day's cap of questions; nothing of the refused call was sent.
    """
    found = [np.empty((0, space.dimensions), np.float32)]
    for first in range(0, len(questions), MAX_REALTIME_TEXTS):
        part = questions[first : first + MAX_REALTIME_TEXTS]
        tokens = sum(estimate_tokens(space.query_text(question)) for question in part)
        usd = realtime_usd(space.model, tokens)
        if store.settings.backend == "emulator":
            found.append(gemini.embed_queries(space, part))
            continue
        call_id = f"{_QUERY}{_day(store)}.{space.model}"
        guard = _question_guard(store, usd)
        with paid_call(store, space.model, tokens, guard=guard, call_id=call_id):
            found.append(gemini.embed_queries(space, part))
    return np.concatenate(found)


def _question_guard(store: Store, usd: float) -> Guard:
    def guard(spending: Spending) -> None:
        if store.settings.max_cost_usd_per_day is not None:
            require_budget(store, usd, spending)
        cap = store.settings.max_question_cost_usd_per_day
        totals = spending.totals(
            since=since_midnight(store), of=lambda call_id: call_id == _QUERY[:-1]
        )
        if not totals.spent_usd + usd <= cap:
            raise SpendRefused(
                f"questions cost ${totals.spent_usd:.4f} of ${cap:.2f} today, the next about "
                f"${usd:.6f}: wait until midnight UTC or raise "
                "SEMANTIC_ASSETS_MAX_QUESTION_COST_USD_PER_DAY"
            )

    return guard


def _day(store: Store) -> str:
    return f"{datetime.fromtimestamp(store.ledger.now(), UTC):%Y%m%d}"
