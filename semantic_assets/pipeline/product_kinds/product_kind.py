"""kind_of: the one place that tells jobs for vectors from jobs for answers."""

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.batching.codec import Block
from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.gemini.client import Gemini
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.product_kinds.embedding_kind import EmbeddingKind
from semantic_assets.pipeline.product_kinds.generation_kind import GenerationKind
from semantic_assets.store import Store

Measure = Callable[[pa.Array], npt.NDArray[np.int64]]


class ProductKind(Protocol):
    """What the jobs of one space or task do in their own way."""

    #: What comes back, in messages.
    noun: str
    #: Whether the same text asked again gives the same, so that a canary can be compared.
    is_comparable: bool
    #: Texts that may be out at one moment in real time: what a crash can lose.
    calls_out: int

    @property
    def has_known_counts(self) -> bool: ...  # estimates can be held against what Google counted
    @property
    def uploads_media(self) -> bool: ...  # making a request line uploads what it names
    def rows_of(self, shard: Shard) -> int: ...  # that may want an answer
    def is_wanted_by(self, store: Store, datasets: Set[DatasetKey]) -> bool: ...  # by all of them
    def refusal(self, store: Store) -> str | None: ...  # why its model may be asked nothing
    def expected_output(self, store: Store, requests: int) -> int | None: ...  # tokens
    # Notes on the last answer, where one was not accepted, go into the manifest.
    def with_repairs(
        self, store: Store, chosen: PendingTexts, pieces: Iterable[pa.Table]
    ) -> Iterable[pa.Table]: ...
    def line_bytes(self) -> Measure | None: ...  # of request lines, by their texts, if known
    # Media are uploaded as they come, and deleted when the job is over.
    def request_lines(
        self, store: Store, gemini: Gemini, planned: PlannedJob
    ) -> Iterator[bytes]: ...
    def clear_uploads(self, store: Store, gemini: Gemini, job: BatchJob) -> None: ...
    def create_job(self, gemini: Gemini, job: BatchJob, input_file: str) -> str: ...

    def calls(self, store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[Block]:
        """Yield the answers to a job's manifest in real time, call by call.

        Raises:
            TransientError, PermanentError: a call failed; answers beside it were given before.
            Conflict: the lease was lost.
        """

    # What a results file says of the product, and how a lost ledger learns of it again.
    def identity(self) -> dict[str, str]: ...
    def know_again(self, store: Store, datasets: Set[DatasetKey]) -> None: ...


def kind_of(product: Product) -> ProductKind:
    """Choose how the jobs of a space or a task are done."""
    if isinstance(product, EmbeddingSpace):
        return EmbeddingKind(product)
    return GenerationKind(product)


def kind_of_job(store: Store, job: BatchJob) -> ProductKind:
    """Choose by what a job makes."""
    return kind_of(store.product(job.product_id))
