"""What filters learned of an opened version, kept while it is open."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from semantic_assets.index.filtering.field_pieces import FieldPiece, MetadataPiece
from semantic_assets.index.ranking import Numbers

#: Fields, and results of filters: of 500,000 rows 2 MB each, and at most 4.
_FIELDS, _RESULTS = 12, 8


@dataclass(slots=True)
class FilterCache:
    """The fields that were asked for, the metadata once it was read, and the last results."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    fields: OrderedDict[str, list[FieldPiece]] = field(default_factory=OrderedDict)
    metadata: list[MetadataPiece] | None = None
    results: OrderedDict[object, Numbers] = field(default_factory=OrderedDict)

    def keep_field(self, name: str, pieces: list[FieldPiece]) -> list[FieldPiece]:
        self.fields[name] = pieces
        while len(self.fields) > _FIELDS:
            self.fields.popitem(last=False)
        return pieces

    def keep_result(self, key: object, rows: Numbers) -> Numbers:
        self.results[key] = rows
        while len(self.results) > _RESULTS:
            self.results.popitem(last=False)
        return rows
