"""The texts that still want an answer, derived each time: there is no stored backlog.

pending = wanted by current rows - landed - failed for good - texts of jobs that are not final

The rows are the chunks of a shard, which want a vector, or a task's requests, which want an output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.lake.key_halves import PackedKeys
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.manifests import manifest_key_column
from semantic_assets.lake.outcomes import KnownTexts, Mask
from semantic_assets.model.batch_job import WITHHOLDING, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.pending.landed import complete_key_index, damaged_jobs
from semantic_assets.store import Store

#: Metadata key of a chunks file: documents that wait for an answer of a task before they are split.
WAITING = "semantic_assets.waiting_documents"


class Counted(StrEnum):
    """Which texts of a shard count as pending."""

    #: Those that are to be sent.
    TO_SEND = "to send"
    #: As if projects shared no text: those that no job has and the shard's own table lacks.
    UNSHARED = "unshared"
    #: All that the shard's own table lacks, also those that are out.
    LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Texts:
    """The n distinct texts of a shard's rows, in the order of the rows."""

    #: The text_hash of each text.
    keys: pa.StringArray
    #: Estimated tokens, and the first row with the text. Shape (n,).
    estimates: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    #: For each row, the number of its text.
    of_row: npt.NDArray[np.int64]
    #: Texts that are not sent, for the reason given in their row.
    is_refused: Mask


@dataclass(frozen=True, slots=True)
class ShardDemand:
    """The distinct texts of a shard's rows in a space or of a task, with the state of each."""

    shard: ShardKey
    product: Product
    #: Fingerprint of the table with the rows.
    table_fingerprint: str
    texts: Texts
    known: KnownTexts
    is_pending: Mask
    is_failed: Mask
    #: Documents that are not split yet, because an answer they are split with is still out.
    waiting_documents: int = 0

    @property
    def failed(self) -> int:
        return int(self.is_failed.sum())

    @property
    def pending(self) -> dict[str, int]:
        """The estimated tokens of each pending text by its text_hash."""
        return self._tokens(self.is_pending)

    @property
    def lacking(self) -> dict[str, int]:
        """The same of each text without a final outcome: pending, or out."""
        return self._tokens(~(self.known.is_answered | self.is_failed))

    @property
    def landed(self) -> int:
        return int(self.known.is_answered.sum())

    @property
    def in_flight(self) -> int:
        return len(self.texts.keys) - int(self.is_pending.sum()) - self.landed - self.failed

    @property
    def is_settled(self) -> bool:
        return not self.is_pending.any() and not self.in_flight and not self.waiting_documents

    def _tokens(self, mask: Mask) -> dict[str, int]:
        keys = self.texts.keys.filter(pa.array(mask)).to_pylist()
        return dict(zip(keys, self.texts.estimates[mask].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Withheld:
    """The texts of jobs that are not final, and whether they are complete."""

    #: By job; of those whose manifest can be read.
    of_job: Mapping[str, PackedKeys] = field(default_factory=dict)
    #: False: a living process has written a job's row and not its manifest yet; wait for it.
    is_complete: bool = True
    jobs: frozenset[str] = frozenset()
    #: Jobs that are out and whose manifest is gone or cut off: nobody knows what they were sent.
    unreadable: tuple[str, ...] = ()

    def has(self, keys: pa.StringArray) -> Mask:
        """Return which of these texts are in a job that is not final."""
        found = np.zeros(len(keys), dtype=bool)
        for of_job in self.of_job.values():
            found |= of_job.has(keys)
        return found


#: None of what was read before is known.
_NOTHING: Mapping[str, PackedKeys] = MappingProxyType({})


def withheld_texts(
    store: Store, product_id: str, known: Mapping[str, PackedKeys] = _NOTHING
) -> Withheld:
    """Return the texts of jobs that are not final.

    Args:
        known: of jobs whose manifest was read before; which of them are not final, the ledger says.
    """
    found: dict[str, PackedKeys] = {}
    complete, unreadable = True, []
    jobs = store.ledger.jobs.list(states=WITHHOLDING, product_id=product_id)
    for job in jobs:
        keys = known.get(job.job_id)
        if keys is None:
            column = manifest_key_column(store.lake, job.job_id)
            keys = None if column is None else PackedKeys(column)
        if keys is not None:
            found[job.job_id] = keys
        elif job.state == JobState.UPLOADING:
            complete = False
        else:
            unreadable.append(job.job_id)
    names = frozenset(job.job_id for job in jobs)
    return Withheld(found, complete, names, tuple(unreadable))


def landed_and_withheld(
    store: Store, product_id: str, known: Mapping[str, PackedKeys] = _NOTHING
) -> tuple[KeyIndex, Withheld]:
    """Return the texts with an outcome, and those of jobs that are not final.

    Withheld texts are listed first: a job leaves them only once its results file exists, so every
    text is in one of the two; in the other order a job that lands in between is in neither and is
    paid twice. A job that is set aside goes the other way, so both are looked at again.
    """
    withheld = withheld_texts(store, product_id, known)
    index = complete_key_index(store, product_id)
    damaged = {job.job_id for job in damaged_jobs(store, product_id)}
    if damaged <= withheld.jobs:
        return index, withheld
    return landed_and_withheld(store, product_id, known)


def shard_demand(store: Store, shard: ShardKey, product: Product) -> ShardDemand:
    """Derive the demand of one shard as of now."""
    index, withheld = landed_and_withheld(store, product.product_id)
    return demand(store, shard, product, index, withheld)


def pending_texts(
    store: Store,
    product: Product,
    shards: Sequence[ShardKey],
    counted: Counted = Counted.TO_SEND,
) -> dict[str, int]:
    """Map the text_hash of each pending text of these shards to its estimated tokens."""
    if not shards:
        return {}
    index, withheld = landed_and_withheld(store, product.product_id)
    found: dict[str, int] = {}
    for shard in shards:
        of_shard = demand(store, shard, product, index, withheld)
        if counted != Counted.TO_SEND:
            of_shard = as_unshared(store, of_shard)
        found.update(of_shard.lacking if counted == Counted.LACKING else of_shard.pending)
    return found


def as_unshared(store: Store, found: ShardDemand) -> ShardDemand:
    """Return a demand as if projects shared no text: answers that its own table lacks are pending.

    It is for what a project is told and gets. What is sent follows from the demand itself: a text
    that is paid for is not paid for again.
    """
    is_hidden = (found.known.is_answered | found.is_failed) & ~found.texts.is_refused
    if is_hidden.any():
        is_hidden &= ~_is_in_own_table(store, found)
    return replace(
        found,
        known=found.known.within(~is_hidden),
        is_pending=found.is_pending | is_hidden,
        is_failed=found.is_failed & ~is_hidden,
    )


def _is_in_own_table(store: Store, found: ShardDemand) -> Mask:
    path = layout.answered(found.product.product_id, found.shard)
    if store.trusted_fingerprint(path) is None:
        return np.zeros(len(found.texts.keys), dtype=bool)
    held = store.lake.read(path, ["text_hash"])["text_hash"]
    mask: Mask = pc.is_in(found.texts.keys, pc.unique(held)).to_numpy(zero_copy_only=False)
    return mask


def demand(
    store: Store, shard: ShardKey, product: Product, index: KeyIndex, withheld: Withheld
) -> ShardDemand:
    """Derive exactly the texts one shard still wants, from its rows and the existing results."""
    path = layout.wanted(product.product_id, shard)
    # Of one file: rows are taken by number, and an answer must not go to another file's row.
    rows, fingerprint = store.lake.read_marked(path, list(product.wanted_columns))
    texts = _distinct(rows)
    known = index.known(texts.keys)
    failed = failed_of(store, known, texts.is_refused)
    return ShardDemand(
        shard=shard,
        product=product,
        table_fingerprint=fingerprint,
        texts=texts,
        known=known,
        is_pending=~known.is_answered & ~failed & ~withheld.has(texts.keys),
        is_failed=failed,
        waiting_documents=_waiting_documents(store, product, path),
    )


def failed_of(store: Store, known: KnownTexts, is_refused: Mask) -> Mask:
    """Return which texts ended FAILED, by what is known of them."""
    return known.is_failed(store.settings.max_attempts) | (is_refused & ~known.is_answered)


def _waiting_documents(store: Store, product: Product, path: str) -> int:
    if not product.waits_for_answers:
        return 0
    return int(store.lake.metadata(path).get(WAITING, "0"))


def _distinct(rows: pa.Table) -> Texts:
    encoded = rows["text_hash"].combine_chunks().dictionary_encode()
    of_row = encoded.indices.to_numpy().astype(np.int64)
    first = np.zeros(len(encoded.dictionary), dtype=np.int64)
    first[of_row[::-1]] = np.arange(len(of_row) - 1, -1, -1)  # the first row is written last
    estimates = rows["token_estimate"].to_numpy().astype(np.int64)
    refused = np.zeros(len(first), dtype=bool)
    if "refusal" in rows.column_names:
        refused = rows["refusal"].is_valid().to_numpy()[first]
    return Texts(encoded.dictionary, estimates[first], first, of_row, refused)
