"""How much of the documents was left out around their content."""

from collections.abc import Iterable

import pyarrow.compute as pc

from semantic_assets.lake import layout
from semantic_assets.model.keys import ShardKey
from semantic_assets.store import Store

_COLUMN = "left_out_chars"


def left_out_chars(store: Store, shards: Iterable[ShardKey]) -> int:
    """Return how many letters were left out of the documents of these shards."""
    return sum(_of_table(store, path) for path in map(layout.documents, shards))


def _of_table(store: Store, path: str) -> int:
    if not store.lake.exists(path):
        return 0
    table = store.lake.read_columns(path, [_COLUMN])
    # A table that an earlier version wrote has no such column until it is read again.
    return pc.sum(table[_COLUMN]).as_py() or 0 if _COLUMN in table.column_names else 0
