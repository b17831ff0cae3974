"""Count the records of source files before they are read, within a given time.

A file is counted by the reader that reads it, in a child process with the limits of a reading. So
what a count finds is what a reading will find, unless the file changes in between.
"""

import os
import time
from array import array
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.intake.names import EMPTY_SEGMENT, is_segment
from semantic_assets.ledger.sources.slices import SourceSlice
from semantic_assets.model.keys import SHARD_MAX_DOCUMENTS, SHARD_MAX_TEXT_BYTES, DatasetKey
from semantic_assets.parsing.records import Columns, Unreadable
from semantic_assets.parsing.source_file import open_source
from semantic_assets.sandbox.isolated import count_records
from semantic_assets.sandbox.patience import CallerGone, reading_for
from semantic_assets.sources.listing import file_fingerprint
from semantic_assets.store import Store

#: A file that fills no shard's worth in this time is not tried again before it changes.
_FAIR_SECONDS = 15.0
#: Larger objects of a bucket are not fetched where time is short: a copy cannot be interrupted.
_MAX_FETCHED_BYTES = 128 << 20


@dataclass(slots=True)
class CountedFile:
    """The text sizes of a file's records from record `first` on, of the file in one state."""

    file_fingerprint: str
    first: int
    sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    #: Nothing is left to count; also of a file that is left to its reading.
    is_whole: bool = False

    @property
    def fills_a_shard(self) -> bool:
        return len(self.sizes) >= SHARD_MAX_DOCUMENTS or sum(self.sizes) >= SHARD_MAX_TEXT_BYTES

    def from_record(self, number: int) -> "array[int]":
        """Return the sizes of the records from this one on."""
        return self.sizes[max(0, number - self.first) :]


class RecordCounter:
    """Counts file after file until its time is over."""

    def __init__(self, store: Store, seconds: float | None) -> None:
        self._store = store
        self._until = None if seconds is None else time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return self._seconds_left <= 0

    @property
    def _seconds_left(self) -> float:
        return float("inf") if self._until is None else self._until - time.monotonic()

    def count(self, dataset: DatasetKey, item: SourceSlice, skip: int) -> CountedFile | None:
        """Count a file's records behind the first `skip`; None: not now, a later call may."""
        counted = CountedFile(item.file_fingerprint, skip)
        if self._is_too_large_to_fetch(item):
            counted.is_whole = True
            return counted
        try:
            with open_source(self._store.sources.local(item.uri)) as stream:
                self._fill(counted, dataset, item, stream)
                is_same = file_fingerprint(os.fstat(stream.fileno())) == item.file_fingerprint
        except Unreadable:  # its reading says why, in one failed document
            counted.is_whole = True
            return counted
        except (OSError, SemanticAssetsError):
            return None
        return counted if is_same else None

    def _fill(
        self, counted: CountedFile, dataset: DatasetKey, item: SourceSlice, stream: BinaryIO
    ) -> None:
        if file_fingerprint(os.fstat(stream.fileno())) != item.file_fingerprint:
            return
        if is_segment(item.uri) and os.fstat(stream.fileno()).st_size <= len(EMPTY_SEGMENT):
            counted.is_whole = True
            return
        given = self._seconds_left
        try:
            with (
                reading_for(lambda: self.is_over),
                closing(self._sizes(dataset, item, stream, counted.first)) as sizes,
            ):
                for size in sizes:
                    counted.sizes.append(size)
            counted.is_whole = True
        except CallerGone:
            counted.is_whole = given >= _FAIR_SECONDS and not counted.fills_a_shard

    def _sizes(
        self, dataset: DatasetKey, item: SourceSlice, stream: BinaryIO, skip: int
    ) -> Generator[int]:
        settings = self._store.dataset_settings(dataset)
        below = item.uri.removeprefix(f"{dataset}/")
        columns = Columns() if is_segment(item.uri) else settings.columns_of(below)
        options = settings.reading_options
        return count_records(item.uri, stream, columns=columns, skip=skip, options=options)

    def _is_too_large_to_fetch(self, item: SourceSlice) -> bool:
        is_far = bool(self._store.settings.sources_url)
        return is_far and self._until is not None and item.bytes > _MAX_FETCHED_BYTES
