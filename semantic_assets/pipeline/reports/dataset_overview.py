"""What a dataset holds, in a few figures: for who has to choose where to search."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.lake.lake import Lake
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.kind_names import kind_name
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.pipeline.discovery.named_datasets import nearest_told
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.pipeline.reports.status import chunks_failed, documents_failed
from semantic_assets.store import Store

_KEPT_SHARDS = 4_096
#: Google's name of a job, which has a slash too.
REMOTE = "batches/"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOverview:
    """The figures of one dataset; those from `documents_to_chunk` on are not in search yet."""

    dataset: str
    documents: int
    #: Rows of the serving index; 0: nothing of it can be found yet.
    passages: int
    #: Documents by kind, as the filter `kind` names it.
    kinds: dict[str, int]
    metadata_keys: tuple[str, ...]
    documents_to_chunk: int
    chunks_to_embed: int
    vectors_to_index: int
    #: What could not be read, and what ended without a vector: search does not find it.
    documents_failed: int
    chunks_failed: int


@dataclass(frozen=True, slots=True)
class _Contents:
    kinds: Counter[str]
    keys: frozenset[str]


def dataset_overviews(store: Store, project: str | None = None) -> list[DatasetOverview]:
    """Return the overview of each dataset of a project, or of all, by name."""
    counted = [one for one in pending_counts(store) if project in (None, one.project_id)]
    return sorted((_overview(store, one) for one in counted), key=lambda one: one.dataset)


def overviews_of(store: Store, datasets: Sequence[DatasetKey]) -> list[DatasetOverview]:
    """Return the overview of each of these datasets, by name."""
    counted = pending_counts(store, datasets) if datasets else []
    return sorted((_overview(store, one) for one in counted), key=lambda one: one.dataset)


def is_of_datasets(store: Store, name: str) -> bool:
    """Tell whether a word is meant, perhaps mistyped, as a dataset or a project, and no job."""
    if name.startswith(REMOTE):
        return False
    return "/" in name or bool(nearest_told(name, sorted(store.ledger.datasets.rows())))


def _overview(store: Store, counts: PendingCounts) -> DatasetOverview:
    assert counts.dataset_id is not None
    dataset = DatasetKey(counts.project_id, counts.dataset_id)
    serving = store.ledger.index_versions.serving(dataset)
    shards = store.ledger.sources.shards(dataset)
    contents = [
        _contents(store.lake, shard.key, record.fingerprint)
        for shard in shards
        if (record := store.ledger.files.find(layout.documents(shard.key))) is not None
        and store.lake.exists(layout.documents(shard.key))
    ]
    kinds = sum((one.kinds for one in contents), Counter[str]())
    return DatasetOverview(
        dataset=str(dataset),
        documents=kinds.total(),
        passages=serving.rows if serving else 0,
        kinds=dict(sorted(kinds.items(), key=lambda one: (-one[1], one[0]))),
        metadata_keys=tuple(sorted(frozenset[str]().union(*(one.keys for one in contents)))),
        documents_to_chunk=counts.documents_to_chunk,
        chunks_to_embed=counts.chunks_to_embed,
        vectors_to_index=counts.vectors_to_index,
        documents_failed=documents_failed(store, shards),
        chunks_failed=chunks_failed(store, shards),
    )


@lru_cache(maxsize=_KEPT_SHARDS)
def _contents(lake: Lake, shard: ShardKey, fingerprint: str) -> _Contents:
    """Read kinds and keys from two narrow columns; a table of this fingerprint is read once."""
    rows = lake.read(layout.documents(shard), ["mime", "metadata", "parse_status"])
    rows = rows.filter(pc.equal(rows["parse_status"], ParseStatus.OK))
    kinds = Counter(map(kind_name, rows["mime"].to_pylist()))
    keys: set[str] = set()
    for piece in rows["metadata"].chunks:
        keys.update(pc.unique(_keys(piece)).to_pylist())
    return _Contents(kinds, frozenset(keys))


def _keys(metadata: pa.MapArray) -> pa.Array:
    return metadata.drop_null().keys if len(metadata) else pa.array([], pa.string())
