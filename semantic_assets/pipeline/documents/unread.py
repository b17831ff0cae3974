"""unread: what is listed and not read or cut yet, by the ledger alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from semantic_assets.ledger.slices import SourceSlice
from semantic_assets.model.keys import DatasetKey
from semantic_assets.parsing.media import MEDIA
from semantic_assets.store import Store

#: Bytes of text in a byte of the file, roughly: compressed forms hold more, PDF much less.
_TEXT_OF_A_BYTE = {".parquet": 3.0, ".gz": 3.5, ".pdf": 0.15, ".html": 0.4, ".htm": 0.4}
#: Media have no text before a task describes them.
_TEXT_OF_A_BYTE |= dict.fromkeys(MEDIA, 0.0)


@dataclass(frozen=True, slots=True)
class Unread:
    files: int = 0
    #: Text to expect of them, in bytes, by dataset; may be off by a factor of two.
    bytes: dict[DatasetKey, int] = field(default_factory=dict)


def unread(store: Store, datasets: Sequence[DatasetKey] = ()) -> Unread:
    """Files new or changed since they were last read, of all datasets or these."""
    files, sizes = 0, {}
    for dataset in datasets or store.ledger.sources.datasets():
        waiting = store.ledger.sources.unread(dataset)
        files += len(waiting)
        if waiting:
            sizes[dataset] = sum(_text_bytes(item) for item in waiting)
    return Unread(files, sizes)


def _text_bytes(item: SourceSlice) -> int:
    return round(item.bytes * _TEXT_OF_A_BYTE.get(PurePath(item.uri).suffix.lower(), 1.0))
