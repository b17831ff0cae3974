"""Calls in real time: 100 texts to be embedded in one, or eight documents generated from beside each other."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.batching.codec import Block
from semantic_assets.batching.generation_answers import AnswerReader, Generated, GeneratedBlock
from semantic_assets.batching.generation_requests import Ask, request_of
from semantic_assets.errors import Conflict, RequestRejected, SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import manifest_keys, manifest_texts
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.planned_job import PlannedJob
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import MAX_REALTIME_TEXTS
from semantic_assets.model.chat_models import chat_model
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.generation.media_uploads import asks, clear_uploads
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

#: Generation calls at once. At 2 to 10 seconds each that is within every tier's calls a minute.
_CALLS_AT_ONCE = 8
_MINUTE = 60.0
T = TypeVar("T")


def at_once(product: Product) -> int:
    """How many texts may be out at one moment: what a crash can lose."""
    return MAX_REALTIME_TEXTS if isinstance(product, EmbeddingSpace) else _CALLS_AT_ONCE


def calls(store: Store, gemini: Gemini, product: Product, planned: PlannedJob) -> Iterator[Block]:
    """The answers to a job's manifest, call by call.

    Raises:
        TransientError, PermanentError: a call failed; answers beside it were given before.
        Conflict: the lease was lost.
    """
    if isinstance(product, EmbeddingSpace):
        texts = manifest_texts(store.lake, planned.job.job_id)
        for group in _groups(texts, MAX_REALTIME_TEXTS):
            require_ours(store, planned.job, planned.lease)
            yield _embedded(gemini, product, group)
        return
    try:
        yield from _generated(store, gemini, product, planned)
    finally:
        clear_uploads(store, gemini, planned.job)


def require_ours(store: Store, job: BatchJob, lease: Lease) -> None:
    """Ahead of each call, by the ledger: after a suspension the heartbeat learns of it too late.

    Raises:
        Conflict: another process took the job over.
    """
    lease.require()
    claimed = store.ledger.jobs.claim(job.job_id, lease.fence)
    if claimed is None or claimed.state != JobState.RUNNING:
        raise Conflict(f"job {job.job_id} was taken over while it ran; run again for what is left")


def _groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


def _embedded(
    gemini: Gemini, space: EmbeddingSpace, texts: Sequence[tuple[str, str]]
) -> AnswerBlock:
    vectors = gemini.embed_documents(space, [text for _, text in texts])
    return AnswerBlock(
        vectors=np.ascontiguousarray(vectors),
        keys=[key for key, _ in texts],
        tokens=[estimate_tokens(text) for _, text in texts],
        outcomes=[Outcome.OK] * len(texts),
        error_codes=[None] * len(texts),
        error_messages=[None] * len(texts),
    )


def _generated(
    store: Store, gemini: Gemini, task: GenerationTask, planned: PlannedJob
) -> Iterator[Block]:
    reader = AnswerReader(task)
    rate = chat_model(task.model).calls_per_minute[store.settings.tier]
    open_keys = set(manifest_keys(store.lake, planned.job.job_id) or ())
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        for group in _groups(asks(store, gemini, planned), _CALLS_AT_ONCE):
            require_ours(store, planned.job, planned.lease)
            began = time.monotonic()
            found = list(pool.map(lambda ask: _one(gemini, task, reader, ask), group))
            block, trouble = _landed(group, found)
            if block.keys:
                yield block
            if trouble is not None:
                raise trouble
            open_keys.difference_update(block.keys)
            spent = time.monotonic() - began
            time.sleep(max(0.0, len(group) * _MINUTE / rate - spent))
    if open_keys:
        yield _not_asked(sorted(open_keys))


def _not_asked(keys: list[str]) -> GeneratedBlock:
    """Media that could not be sent: as in a batch, an attempt without an answer."""
    missing = Generated(outcome=Outcome.MISSING, error_message="its file could not be sent")
    return GeneratedBlock(keys, [missing] * len(keys))


def _one(
    gemini: Gemini, task: GenerationTask, reader: AnswerReader, ask: Ask
) -> Generated | SemanticAssetsError:
    """Trouble is handed back: the answers beside it are paid for, and are kept first."""
    try:
        return reader.read({"response": gemini.generate(task.model, request_of(task, ask))})
    except RequestRejected as error:
        return Generated(outcome=Outcome.PERMANENT, error_code="3", error_message=str(error))
    except SemanticAssetsError as error:
        return error


def _landed(
    group: Sequence[Ask], found: Sequence[Generated | SemanticAssetsError]
) -> tuple[GeneratedBlock, SemanticAssetsError | None]:
    block, trouble = GeneratedBlock(), None
    for ask, answer in zip(group, found, strict=True):
        if isinstance(answer, Generated):
            block.keys.append(ask.key)
            block.rows.append(answer)
        else:
            trouble = answer
    return block, trouble
