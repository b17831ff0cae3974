"""Which texts still want a vector. Derived each time: there is no standing backlog.

pending = wanted by current chunks - landed - failed for good - texts of jobs that are not final
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from semantic_assets.lake import layout
from semantic_assets.lake.key_index import KeyIndex, Landed, OutcomeCode
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.model.jobs import WITHHOLDING, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.store import Store

#: Key in a results file's metadata: how many texts failed together, as one job.
WHOLE_JOB = "semantic_assets.whole_job"
_RETRY = "retry/"


@dataclass(frozen=True, slots=True)
class ShardDemand:
    """The distinct texts of a shard's chunks in a space, by what is known of each."""

    shard: ShardKey
    space: EmbeddingSpace
    chunks_fingerprint: str
    #: text_hash -> estimated tokens; in the order of the chunks.
    pending: dict[str, int]
    #: text_hash -> (job, requests) that failed as a whole with this text, for those pending.
    failed_with: dict[str, tuple[str, int]]
    in_flight: int
    landed: int
    failed: int
    #: All that is known of each text.
    known: Mapping[str, Landed]

    @property
    def is_settled(self) -> bool:
        return not self.pending and not self.in_flight


def complete_key_index(store: Store, space_id: str) -> KeyIndex:
    """The space's key index, brought level with the results directory: the files decide."""
    index = store.key_index(space_id)
    covered = index.covered()
    present = store.lake.names(layout.results_dir(space_id))
    for name in present:
        if name not in covered:
            cover(store, index, space_id, name)
    for name in store.lake.names(layout.retries_dir(space_id)):
        if f"{_RETRY}{name}" not in covered:
            keys = store.lake.read(f"{layout.retries_dir(space_id)}/{name}")["text_hash"]
            index.add_retry(f"{_RETRY}{name}", keys.to_pylist())
    covered = {name for name in covered if not name.startswith(_RETRY)}
    if gone := covered.difference(present):
        index.forget(sorted(gone))
    return index


def cover(store: Store, index: KeyIndex, space_id: str, name: str) -> None:
    path = f"{layout.results_dir(space_id)}/{name}"
    table = store.lake.read(path, ["text_hash", "outcome"])
    outcomes = [OutcomeCode[word.upper()] for word in table["outcome"].to_pylist()]
    whole_job = int(store.lake.metadata(path).get(WHOLE_JOB, "0"))
    index.add(name, table["text_hash"].to_pylist(), outcomes, whole_job=whole_job)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Texts in the hands of jobs that are not final, and whether that is all of them."""

    texts: Mapping[str, str]
    #: A job whose row is there and whose manifest is not, while its owner lives: wait for it.
    is_complete: bool


def withheld_texts(store: Store, space_id: str) -> Withheld:
    texts: dict[str, str] = {}
    complete = True
    for job in store.ledger.jobs.list(states=WITHHOLDING, space_id=space_id):
        keys = manifest_keys(store.lake, job.job_id)
        if keys is None:
            complete = complete and job.state != JobState.UPLOADING
        for key in keys or ():
            texts[key] = job.job_id
    return Withheld(texts, complete)


def shard_demand(store: Store, shard: ShardKey, space: EmbeddingSpace) -> ShardDemand:
    """What one shard wants as of now."""
    index = complete_key_index(store, space.space_id)
    return demand(store, shard, space, index, withheld_texts(store, space.space_id).texts)


def pending_texts(
    store: Store, space: EmbeddingSpace, shards: Sequence[ShardKey]
) -> dict[str, int]:
    """text_hash -> estimated tokens of what these shards want and nobody has in hand."""
    if not shards:
        return {}
    index = complete_key_index(store, space.space_id)
    withheld = withheld_texts(store, space.space_id).texts
    found: dict[str, int] = {}
    for shard in shards:
        found.update(demand(store, shard, space, index, withheld).pending)
    return found


def demand(
    store: Store,
    shard: ShardKey,
    space: EmbeddingSpace,
    index: KeyIndex,
    withheld: Mapping[str, str],
) -> ShardDemand:
    """Derive exactly what one shard still wants, from its chunks and the results there are."""
    path = layout.chunks(shard)
    fingerprint = store.lake.fingerprint(path) or ""
    wanted = _wanted(store.lake.read(path, ["text_hash", "token_estimate"]))
    known = index.look_up(list(wanted))
    limit = store.settings.max_attempts
    pending = {
        key: estimate
        for key, estimate in wanted.items()
        if key not in withheld and _is_open(known.get(key), limit)
    }
    failed = sum(1 for landed in known.values() if landed.is_failed(limit))
    landed = sum(1 for landed in known.values() if landed.job_id is not None)
    return ShardDemand(
        shard=shard,
        space=space,
        chunks_fingerprint=fingerprint,
        pending=pending,
        failed_with={
            key: landed.failed_with
            for key, landed in known.items()
            if key in pending and landed.failed_with is not None
        },
        in_flight=len(wanted) - len(pending) - failed - landed,
        landed=landed,
        failed=failed,
        known=known,
    )


def _wanted(chunks: pa.Table) -> dict[str, int]:
    keys, estimates = chunks["text_hash"].to_pylist(), chunks["token_estimate"].to_pylist()
    return dict(zip(keys, estimates, strict=True))


def _is_open(landed: Landed | None, max_attempts: int) -> bool:
    return landed is None or (landed.job_id is None and not landed.is_failed(max_attempts))
