"""Jobs that make answers to a generation task."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa

from semantic_assets.batching.codec import Block
from semantic_assets.batching.generation_answers import AnswerReader, Generated, GeneratedBlock
from semantic_assets.batching.generation_requests import Ask, generation_lines, request_of
from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.errors import ConfigError, RequestRejected, SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.chat_models import listed_chat_model, why_not
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.task import GenerationTask, TaskUse
from semantic_assets.pipeline.generation.expected_output import expected_output_tokens
from semantic_assets.pipeline.generation.media_uploads import asks, clear_uploads
from semantic_assets.pipeline.generation.repair_notes import with_repairs
from semantic_assets.pipeline.generation.task_versions import find_task
from semantic_assets.pipeline.product_kinds.realtime_calls import groups_of, require_ours
from semantic_assets.store import Store

#: Key in a results file's metadata: its task.
TASK = "semantic_assets.task"
#: Generation calls at once. At 2 to 10 seconds each that is within every tier's calls a minute.
CALLS_AT_ONCE = 8
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class GenerationKind:
    """What `ProductKind` says, for generated answers."""

    task: GenerationTask
    noun = "answers"
    is_comparable = False
    calls_out = CALLS_AT_ONCE

    @property
    def has_known_counts(self) -> bool:
        return not self.task.is_media

    @property
    def uploads_media(self) -> bool:
        return self.task.is_media

    def rows_of(self, shard: Shard) -> int:
        return shard.documents

    def is_wanted_by(self, store: Store, datasets: Set[DatasetKey]) -> bool:
        return True

    def refusal(self, store: Store) -> str | None:
        """Return why the task is stopped: Google would answer by another model, at its price."""
        today = datetime.fromtimestamp(store.ledger.now(), UTC).date()
        reason = why_not(self.task.model, today)
        return None if reason is None else f"task {self.task.name} is stopped: {reason}"

    def expected_output(self, store: Store, requests: int) -> int:
        return expected_output_tokens(store, self.task, requests)

    def with_repairs(
        self, store: Store, chosen: PendingTexts, pieces: Iterable[pa.Table]
    ) -> Iterable[pa.Table]:
        return with_repairs(store, self.task, chosen, pieces)

    def line_bytes(self) -> None:
        return None  # a prompt is laid out anew, with its schema and the names of its media

    def request_lines(self, store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[bytes]:
        field = store.settings.batch_schema_field
        return generation_lines(self.task, asks(store, gemini, planned), field)

    def create_job(self, gemini: Gemini, job: BatchJob, input_file: str) -> str:
        return gemini.batches.create_generation_job(
            model=job.model, input_file=input_file, display_name=job.display_name
        )

    def calls(self, store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[Block]:
        try:
            yield from _generated(store, gemini, self.task, planned)
        finally:
            clear_uploads(store, gemini, planned.job)

    def clear_uploads(self, store: Store, gemini: Gemini, job: BatchJob) -> None:
        clear_uploads(store, gemini, job)

    def identity(self) -> dict[str, str]:
        return {TASK: json.dumps(asdict(self.task))}

    def know_again(self, store: Store, datasets: Set[DatasetKey]) -> None:
        """Register the task and pin it, used as its file says now, if there is one."""
        store.ledger.tasks.register(self.task)
        for dataset in datasets:
            store.ledger.tasks.pin(dataset, self.task, self._use_by(store, dataset))

    def _use_by(self, store: Store, dataset: DatasetKey) -> TaskUse:
        try:
            return find_task(store, self.task.name, dataset).use
        except ConfigError:
            return TaskUse()


def _generated(
    store: Store, gemini: Gemini, task: GenerationTask, planned: PlannedJob
) -> Iterator[Block]:
    reader = AnswerReader(task)
    rate = listed_chat_model(task.model).calls_per_minute[store.settings.tier]
    open_keys = set(manifest_keys(store.lake, planned.job.job_id) or ())
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        for group in groups_of(asks(store, gemini, planned), CALLS_AT_ONCE):
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
