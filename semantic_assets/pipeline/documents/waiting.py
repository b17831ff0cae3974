"""documents_waiting: documents that are there and not cut yet, by dataset. Lists only the inboxes.

Files not read yet count as one document each: how many they hold shows when they are read. Of
segments each document is counted.
"""

from semantic_assets.intake.inbox import Inbox
from semantic_assets.intake.names import is_segment
from semantic_assets.ledger.slices import SourceSlice
from semantic_assets.model.keys import DatasetKey
from semantic_assets.sources.listing import file_fingerprint
from semantic_assets.store import Store


def documents_waiting(store: Store) -> dict[DatasetKey, int]:
    """Of each dataset that has any."""
    known = store.ledger.datasets.rows()
    handed = set(Inbox.all(store.lake.root))
    datasets = handed | {dataset for dataset, row in known.items() if not row.is_removed}
    found = {}
    for dataset in sorted(datasets):
        if dataset not in known or not known[dataset].is_removed:
            files = [s for s in store.ledger.sources.unread(dataset) if not is_segment(s.uri)]
            waiting = len(files) + (_in_inbox(store, dataset) if dataset in handed else 0)
            if waiting:
                found[dataset] = waiting
    return found


def _in_inbox(store: Store, dataset: DatasetKey) -> int:
    placed = {item.uri: item for item in store.ledger.sources.placed(dataset)}
    with Inbox(store.settings.sources, store.lake.root, dataset) as inbox:
        new = sum(held.uri not in placed for held in inbox.files())
        return new + sum(
            _unread_of(inbox, uri, file_fingerprint(stat), placed.get(uri))
            for uri, stat in inbox.segments().items()
        )


def _unread_of(inbox: Inbox, uri: str, mark: str, item: SourceSlice | None) -> int:
    if item is not None and item.read_fingerprint == mark:
        return 0
    until = (item.reading or {}).get("read_until_ns", 0) if item is not None else 0
    # Two writes may have one time; of a segment that changed something waits.
    return max(1, inbox.count_since(uri, until))
