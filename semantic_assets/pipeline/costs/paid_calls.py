"""Real-time calls that cost: reserved before they are made, settled after they have answered."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex
from typing import TypeVar

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
from semantic_assets.pipeline.costs.budgets import day_cap, require_budget
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")


def may_be_billed(error: SemanticAssetsError) -> bool:
    """Return whether a call that ended so may cost: an answer that refuses bills nothing.

    One that cannot be used is billed all the same, and one that was lost may be.
    """
    if isinstance(error, GeminiUnavailable):
        return error.sent
    return isinstance(error, CorruptResult)


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A call, or one payer's part of it."""

    call_id: str
    amount: Amount
    guard: Guard


@contextmanager
def paid_call(
    store: Store, model: str, tokens: int, *, guard: Guard, call_id: str
) -> Iterator[None]:
    """Reserve what the call in the block may cost; what became of it is booked when it ends.

    Killed inside, or without an answer to what was sent, it stays possibly billed.

    Raises:
        SpendRefused: `guard` found no room; the block was not entered.
    """
    call = PaidCall(call_id, Amount(tokens, realtime_usd(model, tokens)), guard)
    with paid_together(store, model, [call]) as refused:
        for refusal in refused.values():
            raise refusal
        yield


@contextmanager
def paid_together(
    store: Store, model: str, calls: Sequence[PaidCall]
) -> Iterator[dict[str, SpendRefused]]:
    """Do as `paid_call` for what several pay for; yield the refusals by id of call.

    All parts are reserved in one transaction and settled in another. What was refused must not be
    part of the call in the block.
    """
    refused: dict[str, SpendRefused] = {}
    with store.ledger.spending.together() as spending:
        for one in calls:
            try:
                spending.reserve(one.call_id, model=model, amount=one.amount, guard=one.guard)
            except SpendRefused as refusal:
                refused[one.call_id] = refusal
    booked = [one for one in calls if one.call_id not in refused]
    try:
        yield refused
    except SemanticAssetsError as error:
        if isinstance(error, CorruptResult):
            _settle(store, model, booked, is_billed=True)
        elif not may_be_billed(error):
            _settle(store, model, booked, is_billed=False)
        raise
    _settle(store, model, booked, is_billed=True)


def _settle(store: Store, model: str, booked: Sequence[PaidCall], *, is_billed: bool) -> None:
    if not booked:
        return
    with store.ledger.spending.together() as spending:
        for one in booked:
            cost = one.amount if is_billed else Amount(0, 0.0)
            spending.settle(one.call_id, model=model, reserved=one.amount, cost=cost)


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
        is_capped = day_cap(store.settings, space.backend).usd is not None
        if is_capped and spending.has_open_calls(sample.job_id):
            usd = realtime_usd(space.model, sample.tokens)
            require_budget(store, space.backend, usd, spending)

    return guard


def once_more(call: Callable[[], T]) -> T:
    """Make a call, and once more if it answered fewer embeddings than asked (live, 2026-06-17).

    Each of the two books for itself: the first may have been billed.
    """
    try:
        return call()
    except IncompleteAnswer:
        return call()
