"""Write tables that have amendments as one file each; rows and fingerprints stay."""

from collections.abc import Sequence
from dataclasses import dataclass

from semantic_assets.lake import layout
from semantic_assets.lake.table_update import amended_tables, compact
from semantic_assets.ledger import lease_names
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """The tables that were written as one file."""

    tables: tuple[str, ...]
    #: Tables of shards that another process is writing.
    busy: tuple[str, ...]


def compact_tables(store: Store, *, datasets: Sequence[DatasetKey] = ()) -> Compaction:
    """Compact the tables of these datasets, or of all; nothing is sent and nothing is derived.

    Raises:
        NotFound: there is no such dataset.
    """
    for dataset in datasets:
        store.ledger.datasets.require(dataset)
    done: list[str] = []
    busy: list[str] = []
    for folder in layout.AMENDED:
        for path in amended_tables(store.lake, folder):
            shard = ShardKey.of_path(path)
            if datasets and shard.dataset not in datasets:
                continue
            (done if _compacted(store, shard, path) else busy).append(path)
    return Compaction(tables=tuple(done), busy=tuple(busy))


def _compacted(store: Store, shard: ShardKey, path: str) -> bool:
    """Compact one table under its shard's lease; False: another process holds that."""
    with store.ledger.leases.trying(lease_names.of_shard(shard)) as lease:
        if lease is None:
            return False
        compact(store.lake, path)
        store.lake.drop_amendments(path)  # also those of an earlier base, which a crash left
        return True
