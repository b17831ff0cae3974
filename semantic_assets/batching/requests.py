"""Request lines of an embedding batch file: the one module that knows their shape.

Google's cookbook (2026-07-21): `{"key": ..., "request": {"content": ..., "task_type": ...}}`, one
`content`, options flat inside `request`. The `title` field is never used: it is not part of the
text that is hashed.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from semantic_assets.model.space import EmbeddingSpace

#: Bytes that JSON adds to each byte of a text: a backslash, or `\\u00` and two digits.
_ADDED = np.zeros(256, dtype=np.uint8)
_ADDED[:32] = 5
_ADDED[[ord(c) for c in '"\\\b\t\n\f\r']] = 1
_KEY = "0" * 32


def embedding_lines(space: EmbeddingSpace, texts: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield one line for each (text_hash, vector_text), newline included."""
    options: dict[str, object] = {"output_dimensionality": space.dimensions}
    if space.document_task is not None:
        options["task_type"] = space.document_task
    for key, vector_text in texts:
        content = {"parts": [{"text": space.document_text(vector_text)}]}
        yield orjson.dumps({"key": key, "request": {**options, "content": content}}) + b"\n"


def line_bytes(space: EmbeddingSpace, texts: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Return the bytes of the request line of each text, shape (n,), without making the lines."""
    (empty,) = embedding_lines(space, [(_KEY, "")])
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset :][: len(texts) + 1]
    lengths = np.diff(ends)
    if content is None or not len(texts) or ends[-1] == ends[0]:
        return lengths + len(empty)
    added = np.append(_ADDED[np.frombuffer(content, dtype=np.uint8)[ends[0] : ends[-1]]], 0)
    escapes = np.add.reduceat(added, ends[:-1] - ends[0], dtype=np.int64)
    found: npt.NDArray[np.int64] = lengths + np.where(lengths > 0, escapes, 0) + len(empty)
    return found
