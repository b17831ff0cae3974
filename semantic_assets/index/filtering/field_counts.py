"""How many rows of an index have each value of a field."""

from collections import Counter

import numpy as np

from semantic_assets.index.filtering.field_columns import FieldColumns
from semantic_assets.index.ranking import Numbers


def field_counts(columns: FieldColumns, field: str, among: Numbers | None) -> Counter[str]:
    """Return the values of a field with how many of these rows have it; None: of all rows."""
    found: Counter[str] = Counter()
    start = 0
    for piece in columns.field(field):
        codes = piece.codes
        if among is not None:
            low, high = np.searchsorted(among, [start, start + len(codes)])
            codes = codes[among[low:high] - start]
        start += len(piece.codes)
        counts = np.bincount(codes[codes >= 0], minlength=len(piece.values))
        for place in np.flatnonzero(counts).tolist():
            found[piece.values[place].as_py()] += int(counts[place])
    return found
