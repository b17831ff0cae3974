"""Files that are listed and not read or split yet, from the ledger and the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from semantic_assets.intake.inbox import Inbox, catalogue_file
from semantic_assets.intake.names import is_segment
from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.formats import is_supported
from semantic_assets.parsing.media import MEDIA
from semantic_assets.sources.listing import file_fingerprint
from semantic_assets.store import Store

#: Rough bytes of text per byte of file: compressed forms hold more, PDF much less.
_TEXT_OF_A_BYTE = {".parquet": 3.0, ".gz": 3.5, ".pdf": 0.15, ".html": 0.4, ".htm": 0.4}
#: Media have no text before a task describes them.
_TEXT_OF_A_BYTE |= dict.fromkeys(MEDIA, 0.0)


@dataclass(frozen=True, slots=True)
class Unread:
    files: int = 0
    #: Expected bytes of text in these files, by dataset; may be off by a factor of two.
    bytes: dict[DatasetKey, int] = field(default_factory=dict)


def unread(store: Store, datasets: Sequence[DatasetKey] = ()) -> Unread:
    """Count the files new or changed since their last reading, in all datasets or these."""
    waiting = store.ledger.sources.unread_of(datasets or store.ledger.sources.datasets())
    sizes = {dataset: sum(map(expected_text_bytes, items)) for dataset, items in waiting.items()}
    files = sum(len({item.uri for item in items}) for items in waiting.values())
    return Unread(files, sizes)


def expected_text_bytes(item: SourceSlice) -> int:
    """Return the bytes of text of a slice that is not read: as counted, else by the file's size."""
    plan = item.current_plan
    if plan is not None and plan.planned_text_bytes is not None:
        return plan.planned_text_bytes
    if not is_supported(item.uri) or item.end_record is not None:
        return 0  # the size of a file counts once, in the slice to its end
    return round(item.bytes * _TEXT_OF_A_BYTE.get(PurePath(item.uri).suffix.lower(), 1.0))


def documents_waiting(store: Store) -> dict[DatasetKey, int]:
    """Map each dataset with unread documents to their number; a file not counted yet is one."""
    known = store.ledger.datasets.rows()
    handed = set(Inbox.all(store.lake.root))
    datasets = handed | {dataset for dataset, row in known.items() if not row.is_removed}
    found, unread_files = {}, store.ledger.sources.unread_of()
    for dataset in sorted(datasets):
        if dataset not in known or not known[dataset].is_removed:
            files = [s for s in unread_files.get(dataset, ()) if not is_segment(s.uri)]
            waiting = sum(item.new_documents for item in files)
            waiting += _in_inbox(store, dataset) if dataset in handed else 0
            if waiting:
                found[dataset] = waiting
    return found


def _in_inbox(store: Store, dataset: DatasetKey) -> int:
    placed = {item.uri: item for item in store.ledger.sources.placed(dataset)}
    catalogue = store.lake.path(catalogue_file(dataset))
    with Inbox(store.settings.sources, catalogue, dataset, reading=True) as inbox:
        new = sum(held.uri not in placed for held in inbox.files())
        return new + sum(
            _unread_of(inbox, uri, file_fingerprint(stat), placed.get(uri))
            for uri, stat in inbox.segments().items()
        )


def _unread_of(inbox: Inbox, uri: str, file_stamp: str, item: SourceSlice | None) -> int:
    if item is not None and item.read_fingerprint == file_stamp:
        return 0
    until = (item.reading or {}).get("read_until_ns", 0) if item is not None else 0
    # Two writes may have the same time; a changed segment has at least one waiting document.
    return max(1, inbox.count_since(uri, until))
