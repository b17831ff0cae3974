"""Request lines of an embedding batch file: the one module that knows their shape.

Google's cookbook (2026-07-21): `{"key": ..., "request": {"content": ..., "task_type": ...}}`, one
`content`, options flat inside `request`. The `title` field is never used: it is not part of the
text that is hashed.
"""

from collections.abc import Iterable, Iterator

import orjson

from semantic_assets.model.space import EmbeddingSpace


def embedding_lines(space: EmbeddingSpace, texts: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield one line for each (text_hash, vector_text), newline included."""
    options: dict[str, object] = {"output_dimensionality": space.dimensions}
    if space.document_task is not None:
        options["task_type"] = space.document_task
    for key, vector_text in texts:
        content = {"parts": [{"text": space.document_text(vector_text)}]}
        yield orjson.dumps({"key": key, "request": {**options, "content": content}}) + b"\n"
