"""Switching off what keeps a generated answer with its document, and from being paid for in vain."""

from typing import Any

from semantic_assets.batching import codec, generation_answers
from semantic_assets.batching.generation_answers import AnswerReader, Generated
from semantic_assets.pipeline.answers import canary
from semantic_assets.pipeline.batch_jobs import collect, realtime
from semantic_assets.pipeline.chunks import chunk_shard
from semantic_assets.pipeline.generation import context
from semantic_assets.pipeline.generation.context import Fed, Feeds
from semantic_assets.pipeline.product_kinds import generation_kind
from tests.chaos import answer_guards, payment_guards


def no_schema_check() -> None:
    """An answer is taken as it is."""

    def validated(self: AnswerReader, text: str, billed: dict[str, Any]) -> Generated:
        return Generated(outcome="ok", **billed)

    AnswerReader._validated = validated  # type: ignore[method-assign]


def no_document_wait() -> None:
    """Documents are cut before their answer is there, and once more with it."""
    real = Feeds.of

    def of(self: Feeds, document: str, content_hash: str, status: str) -> Fed | None:
        fed = real(self, document, content_hash, status)
        self.waiting = 0
        return fed or Fed(None if status == "ok" else "", None, content_hash)

    Feeds.of = of  # type: ignore[method-assign]


def no_standing_answers() -> None:
    """Documents wait for their answer, and are cut without it."""
    context.shortened = lambda text: ""


def no_repair_limit() -> None:
    """What does not obey its schema is asked again for ever."""
    answer_guards.no_attempt_limit()


def no_media_deleted() -> None:
    """What was uploaded for a job stays when it is over."""
    generation_kind.clear_uploads = lambda *_: None


def no_request_keys() -> None:
    """Answers are taken in the order of the requests."""

    class InOrder(generation_answers.GenerationDecoder):
        def __init__(self, *, expected: Any, reader: AnswerReader) -> None:
            super().__init__(expected=expected, reader=reader)
            self._asked = list(expected)

        def rest(self) -> Any:
            for block in super().rest():
                block.keys = [self._asked.pop(0) for _ in block.keys]
                yield block

    codec.GenerationDecoder = InOrder  # type: ignore[misc]


def no_foreign_request_check() -> None:
    """Answers to what nobody asked are taken along."""
    generation_answers.set = answer_guards.Everything  # type: ignore[attr-defined]
    collect.verify_answers = lambda *_: iter(())
    collect.require_whole = lambda *_: None


def no_withheld_requests() -> None:
    """Requests of open jobs are not held back from others."""
    payment_guards.no_withholding()


def no_prompt_counts() -> None:
    """The token counts of prompts are not held against them."""
    canary.outlying = canary.disordered = lambda estimates, counts: None


def no_tasks_recovered() -> None:
    """A ledger made anew does not ask the lake what datasets are processed by."""
    generation_kind.GenerationKind.know_again = lambda *_: None  # type: ignore[method-assign]


def no_task_in_real_time() -> None:
    """Answers of real time do not say of which task they are."""
    realtime.identity = lambda *_: {}


def no_trusted_outputs() -> None:
    """The ledger is believed that answers are there to cut documents with."""
    chunk_shard.trusted_outputs = lambda store, shard, tasks: store.ledger.files.fingerprints(
        "generations"
    )
