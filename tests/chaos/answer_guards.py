"""Switching off what keeps a vector with its text, and a text from being dropped."""

from dataclasses import replace
from secrets import token_hex
from typing import Any

import numpy as np

from semantic_assets.batching import answers, codec
from semantic_assets.batching.grouping import Group
from semantic_assets.batching.packing import MAX_REQUESTS
from semantic_assets.errors import CorruptResult
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.outcomes import KnownTexts
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.answers import canary
from semantic_assets.pipeline.batch_jobs import collect, landing, plan, results
from semantic_assets.pipeline.pending import pending
from semantic_assets.pipeline.pending.pending import ShardDemand, Withheld
from semantic_assets.store import Store


def _without_verification() -> None:
    collect.verify_answers = lambda *_: iter(())


def no_key_check() -> None:
    """Answers are taken in the order of the requests, as with inline batches."""

    class InOrder(answers.AnswerDecoder):
        def __init__(self, *, expected: Any, **named: Any) -> None:
            super().__init__(expected=expected, **named)
            self._asked = list(expected)

        def _finished(self) -> Any:
            block = super()._finished()
            return replace(block, keys=[self._asked.pop(0) for _ in block.keys])

    codec.AnswerDecoder = InOrder  # type: ignore[misc]
    _without_verification()


class Everything(set[str]):
    """Keys of which each was asked for, and none was answered yet."""

    def __contains__(self, key: object) -> bool:
        return True


class _Unanswered(set[str]):
    """Keys that may be answered again."""

    def discard(self, key: str) -> None:
        pass


def no_foreign_key_check() -> None:
    """A key nobody asked for is taken along. The canary, which has no text for it, is off too."""
    answers.set = Everything  # type: ignore[attr-defined]
    collect.require_whole = lambda *_: None
    _without_verification()


def no_duplicate_key_check() -> None:
    """A key may come twice. The key index then refuses the file: its job never gets on.

    The canary is off too: it looks at all rows of a small job.
    """
    answers.set = _Unanswered  # type: ignore[attr-defined]
    _without_verification()


def no_verification() -> None:
    """Token counts and canaries are not looked at."""
    _without_verification()


def no_canary() -> None:
    """Rows that are embedded again need not agree."""
    canary.MIN_COSINE = -2.0


def no_token_counts() -> None:
    """Token counts are not held against the texts."""
    canary.outlying = canary.disordered = lambda estimates, counts: None


def no_waiting_for_canaries() -> None:
    """An answer whose canary cannot be run is used."""
    real = canary.verify_answers

    def verify(*arguments: Any) -> Any:
        try:
            yield from real(*arguments)
        except CorruptResult:
            raise
        except Exception:
            return

    collect.verify_answers = verify


def no_kept_downloads() -> None:
    """An answer that waits for its canary is downloaded again for each try."""
    landing.kept = lambda *_: None  # type: ignore[assignment]


def no_canary_backoff() -> None:
    """A call for canaries that failed is made again in the next pass: its pause is in no place."""
    canary._place = lambda gemini: token_hex(4)


def no_vector_check() -> None:
    """Any numbers are taken for a vector."""
    real = answers.unit_vectors

    def units(vectors: Any, **named: Any) -> Any:
        vectors[:] = np.nan_to_num(vectors) + 1e-3
        return real(vectors, **named)

    answers.unit_vectors = units  # type: ignore[assignment]
    _without_verification()


def no_missing_rows() -> None:
    """A key without an answer is dropped in silence: its row counts as answered."""
    results.write_failures = lambda *_, **__: None
    real = pending.demand

    def demand(
        store: Store, shard: ShardKey, space: EmbeddingSpace, index: KeyIndex, withheld: Withheld
    ) -> ShardDemand:
        found = real(store, shard, space, index, withheld)
        if not index.etags():
            return found
        return replace(found, is_pending=found.is_pending & (found.known.attempts > 0))

    for module in (plan, pending):
        module.demand = demand  # type: ignore[attr-defined]


def no_bisection() -> None:
    """The texts of a job that failed as a whole travel with any others."""
    plan.groups = lambda wanted, budgeted_datasets: [Group(tuple(wanted), MAX_REQUESTS)]


def no_attempt_limit() -> None:
    """A text that can never be embedded is sent for ever."""
    KnownTexts.is_failed = lambda self, limit: np.zeros(len(self.job), dtype=bool)  # type: ignore[method-assign]
