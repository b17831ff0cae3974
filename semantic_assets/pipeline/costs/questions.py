"""Questions embedded in real time: what several ask at once is one call, and each pays its part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import numpy as np
import numpy.typing as npt

from semantic_assets.errors import RequestRejected, SemanticAssetsError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.ledger.spending import Amount, Guard, Spending
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.budgets import (
    UPPER,
    at_most_usd,
    day_cap,
    require_budget,
    require_caller_budget,
    since_midnight,
)
from semantic_assets.pipeline.costs.callers import Caller, current_caller, on_behalf_of
from semantic_assets.pipeline.costs.paid_calls import PaidCall, once_more, paid_together
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

Vectors = npt.NDArray[np.float32]
#: The questions of a day are booked together, those of a caller with a cap of its own apart.
_QUERY = "query"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and on whose behalf it is embedded."""

    text: str
    caller: Caller | None = None


def embed_questions(
    store: Store, gemini: Gemini, space: EmbeddingSpace, questions: Sequence[str]
) -> Vectors:
    """Embed questions, as many a call as it takes; shape (n, dimensions).

    Raises:
        SpendRefused: over the day's cap of questions; nothing of the refused call was sent.
    """
    caller = current_caller()
    asked = [Question(question, caller) for question in questions]
    found = [np.empty((0, space.dimensions), np.float32)]
    for part in call_groups(asked, partial(_sent, space)):
        answers = _embed_part(store, gemini, space, part)
        for answer in answers:
            if isinstance(answer, SemanticAssetsError):
                raise answer
            found.append(answer[None])
    return np.concatenate(found)


def embed_each(
    store: Store, gemini: Gemini, space: EmbeddingSpace, questions: Sequence[Question]
) -> list[Vectors | SemanticAssetsError]:
    """Embed questions of several callers, 100 a call; or say why one has no vector."""
    try:
        parts = [*call_groups(questions, partial(_sent, space))]
    except RequestRejected as refusal:
        return [refusal for _ in questions]
    return [one for part in parts for one in _embed_part(store, gemini, space, part)]


def _sent(space: EmbeddingSpace, question: Question) -> str:
    return space.query_text(question.text)


def _embed_part(
    store: Store, gemini: Gemini, space: EmbeddingSpace, part: Sequence[Question]
) -> list[Vectors | SemanticAssetsError]:
    try:
        return once_more(partial(_ask_part, store, gemini, space, part))
    except SemanticAssetsError as error:
        return [error for _ in part]


def _ask_part(
    store: Store, gemini: Gemini, space: EmbeddingSpace, part: Sequence[Question]
) -> list[Vectors | SemanticAssetsError]:
    if store.settings.backend == "emulator":
        return [*gemini.embed_queries(space, [question.text for question in part])]
    calls = {caller: _call(store, space, caller, part) for caller in {one.caller for one in part}}
    with paid_together(store, space.model, [*calls.values()]) as refused:
        reasons = [refused.get(calls[one.caller].call_id) for one in part]
        texts = [one.text for one, reason in zip(part, reasons, strict=True) if reason is None]
        vectors: Iterator[Vectors] = iter(gemini.embed_queries(space, texts) if texts else ())
    return [next(vectors) if reason is None else reason for reason in reasons]


def _call(
    store: Store, space: EmbeddingSpace, caller: Caller | None, part: Sequence[Question]
) -> PaidCall:
    """Return one caller's part of a call."""
    tokens = sum(estimate_tokens(_sent(space, one)) for one in part if one.caller == caller)
    usd = realtime_usd(space.model, tokens)
    of = _QUERY if caller is None else f"{_QUERY}.{caller.name}"
    guard = _question_guard(store, space, usd, caller)
    return PaidCall(f"{of}+{_day(store)}.{space.model}", Amount(tokens, usd), guard)


def _question_guard(
    store: Store, space: EmbeddingSpace, usd: float, caller: Caller | None
) -> Guard:
    def guard(spending: Spending) -> None:
        if day_cap(store.settings, space.backend).usd is not None:
            require_budget(store, space.backend, usd, spending)
        cap = store.settings.max_question_cost_usd_per_day
        totals = spending.totals(
            backend=store.settings.backend,
            since=since_midnight(store),
            of=lambda call_id: call_id.partition(".")[0] == _QUERY,
        )
        if not at_most_usd(totals) + usd * UPPER <= cap:
            raise SpendRefused(
                f"questions cost ${totals.spent_usd:.4f} of ${cap:.2f} today, the next about "
                f"${usd:.6f}: wait until midnight UTC or raise "
                "SEMANTIC_ASSETS_MAX_QUESTION_COST_USD_PER_DAY"
            )
        with on_behalf_of(caller):
            require_caller_budget(store, usd, spending)

    return guard


def _day(store: Store) -> str:
    return f"{datetime.fromtimestamp(store.ledger.now(), UTC):%Y%m%d}"
