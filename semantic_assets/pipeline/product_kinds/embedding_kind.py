"""Jobs that make vectors of an embedding space."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.batching.codec import Block
from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.batching.requests import embedding_lines, line_bytes
from semantic_assets.errors import IncompleteAnswer
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.embedding_calls import call_groups
from semantic_assets.lake.manifests import manifest_texts
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.model.batch_job import BatchJob
from semantic_assets.model.catalog import MAX_REALTIME_TEXTS, realtime_usd
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.statuses import Outcome
from semantic_assets.pipeline.costs.budgets import job_guard
from semantic_assets.pipeline.costs.paid_calls import paid_call
from semantic_assets.pipeline.product_kinds.realtime_calls import require_ours
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens


@dataclass(frozen=True, slots=True)
class EmbeddingKind:
    """What `ProductKind` says, for vectors."""

    space: EmbeddingSpace
    noun = "vectors"
    is_comparable = True
    has_known_counts = True
    uploads_media = False
    calls_out = MAX_REALTIME_TEXTS

    def rows_of(self, shard: Shard) -> int:
        return shard.chunks

    def refusal(self, store: Store) -> str | None:
        return None

    def is_wanted_by(self, store: Store, datasets: Set[DatasetKey]) -> bool:
        """Decide the spaces of these datasets, by one query where all are decided already."""
        known = store.ledger.dataset_spaces.all()
        open_ones = sorted(d for d in datasets if d in known and known[d].serving is None)
        for dataset in open_ones:
            store.decide_space(dataset)
        if open_ones:
            known = store.ledger.dataset_spaces.all()
        wanted = self.space.space_id
        held = [known[dataset] for dataset in datasets if dataset in known]
        return len(held) == len(datasets) and all(
            wanted in (spaces.serving, spaces.target) for spaces in held
        )

    def expected_output(self, store: Store, requests: int) -> None:
        return None

    def with_repairs(
        self, store: Store, chosen: PendingTexts, pieces: Iterable[pa.Table]
    ) -> Iterable[pa.Table]:
        return pieces

    def line_bytes(self) -> Callable[[pa.Array], npt.NDArray[np.int64]]:
        return partial(line_bytes, self.space)

    def request_lines(self, store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[bytes]:
        return embedding_lines(self.space, manifest_texts(store.lake, planned.job.job_id))

    def create_job(self, gemini: Gemini, job: BatchJob, input_file: str) -> str:
        return gemini.batches.create_embedding_job(
            model=job.model, input_file=input_file, display_name=job.display_name
        )

    def calls(self, store: Store, gemini: Gemini, planned: PlannedJob) -> Iterator[Block]:
        texts = manifest_texts(store.lake, planned.job.job_id)
        for group in call_groups(texts, lambda text: self.space.document_text(text[1])):
            require_ours(store, planned.job, planned.lease)
            yield _embedded(store, gemini, self.space, planned.job, group)

    def clear_uploads(self, store: Store, gemini: Gemini, job: BatchJob) -> None:
        return None

    def identity(self) -> dict[str, str]:
        return {}

    def know_again(self, store: Store, datasets: Set[DatasetKey]) -> None:
        store.ledger.spaces.register(self.space)


def _embedded(
    store: Store,
    gemini: Gemini,
    space: EmbeddingSpace,
    job: BatchJob,
    texts: Sequence[tuple[str, str]],
) -> AnswerBlock:
    try:
        vectors = gemini.embed_documents(space, [text for _, text in texts])
    except IncompleteAnswer:
        vectors = _embedded_again(store, gemini, space, job, [text for _, text in texts])
    return AnswerBlock(
        vectors=np.ascontiguousarray(vectors),
        keys=[key for key, _ in texts],
        tokens=[estimate_tokens(text) for _, text in texts],
        outcomes=[Outcome.OK] * len(texts),
        error_codes=[None] * len(texts),
        error_messages=[None] * len(texts),
    )


def _embedded_again(
    store: Store, gemini: Gemini, space: EmbeddingSpace, job: BatchJob, texts: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Ask once more, within the caps: of the two calls only one is in what the job reserved."""
    tokens = sum(estimate_tokens(text) for text in texts)
    dataset = ShardKey.parse(job.shards[0]).dataset
    guard = job_guard(store, space, dataset, realtime_usd(space.model, tokens))
    call_id = f"{job.job_id}+{secrets.token_hex(4)}"
    with paid_call(store, space.model, tokens, guard=guard, call_id=call_id):
        return gemini.embed_documents(space, texts)
