"""Metadata of documents as JSON, in one form for equal metadata."""

from itertools import pairwise

import orjson
import pyarrow as pa


def metadata_texts(column: pa.ChunkedArray) -> pa.Array:
    """Return maps of metadata as JSON, their keys in order; null: there is none."""
    found: list[str | None] = []
    for maps in column.chunks:
        keys, values = maps.keys.to_pylist(), maps.items.to_pylist()
        found += [
            _text(dict(zip(keys[start:end], values[start:end], strict=True)))
            for start, end in pairwise(maps.offsets.to_pylist())
        ]
    return pa.array(found, pa.string())


def _text(metadata: dict[str, str | None]) -> str | None:
    return orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode() if metadata else None
