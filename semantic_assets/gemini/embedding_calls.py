"""Real-time embedding calls: how many texts one takes, and what its answer must have."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from semantic_assets.errors import CorruptResult, IncompleteAnswer, RequestRejected
from semantic_assets.model.catalog import MAX_REALTIME_BYTES, MAX_REALTIME_TEXTS
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.vectors import BadVectorError, unit_vectors

if TYPE_CHECKING:
    from google import genai

    from semantic_assets.gemini.posts import Posts

T = TypeVar("T")
Vectors = npt.NDArray[np.float32]

#: Beside its text a request names model, task and size, in about 150 bytes.
_REQUEST_BYTES = 400
_ROOM_BYTES = MAX_REALTIME_BYTES - 65_536


def call_groups(items: Iterable[T], text_of: Callable[[T], str]) -> Iterator[list[T]]:
    """Yield items in order, as many at a time as one call takes, by count and by bytes.

    The SDK escapes what is not ASCII: a Cyrillic letter is six bytes, and 100 chunks 10 MB.

    Raises:
        RequestRejected: one text alone is over the bytes of a call; those before it were yielded.
    """
    group: list[T] = []
    used = 0
    for item in items:
        size = _bytes_of(text_of(item))
        if group and (len(group) == MAX_REALTIME_TEXTS or used + size > _ROOM_BYTES):
            yield group
            group, used = [], 0
        if size > _ROOM_BYTES:
            raise RequestRejected(
                f"a text of {size:,} bytes as JSON ({text_of(item)[:40]!r}...) is over the "
                f"{MAX_REALTIME_BYTES:,} bytes of one real-time call: shorten it"
            )
        group.append(item)
        used += size
    if group:
        yield group


def _bytes_of(text: str) -> int:
    return len(json.dumps(text)) + _REQUEST_BYTES


def embed_group(
    posts: "Posts", space: EmbeddingSpace, texts: Sequence[str], task: str | None
) -> list[Vectors]:
    """Make one call and return what it answers, unchecked.

    The body is the API's own JSON, one request for each text: gemini-embedding-2 merges a list of
    strings into one. The SDK's models write the same, at 4.5 ms of CPU for eight texts against 0.9.
    """
    model = f"models/{space.model}"
    common: dict[str, object] = {"model": model, "outputDimensionality": space.dimensions}
    if task is not None:
        common["taskType"] = task
    body: dict[str, object] = {
        "requests": [{**common, "content": {"parts": [{"text": text}]}} for text in texts]
    }
    answer = posts.post(f"{model}:batchEmbedContents", body)
    found = orjson.loads(answer or b"{}").get("embeddings") or []
    return [np.asarray(one.get("values") or (), np.float32) for one in found]


def embed_alone(
    client: "genai.Client", space: EmbeddingSpace, text: str, task: str | None
) -> Vectors:
    """Make one call of the Agent Platform, which takes one text, and return what it answers."""
    config: dict[str, object] = {"output_dimensionality": space.dimensions}
    if task is not None:
        config["task_type"] = task
    answer = client.models.embed_content(model=space.model, contents=[text], config=config)  # type: ignore[arg-type]
    (found,) = answer.embeddings or (None,)
    return np.asarray((found and found.values) or (), np.float32)


def checked_vectors(space: EmbeddingSpace, texts: Sequence[str], found: list[Vectors]) -> Vectors:
    """Return a call's answer as unit vectors, shape (n, dimensions).

    Raises:
        IncompleteAnswer: it has fewer embeddings than there are texts.
        CorruptResult: it has more, or they are no vectors of the space.
    """
    if len(found) < len(texts):
        raise IncompleteAnswer(f"asked for {len(texts)} vectors in one call, got {len(found)}")
    if len(found) > len(texts) or any(values.shape != (space.dimensions,) for values in found):
        sizes = sorted({len(values) for values in found})
        raise CorruptResult(
            f"asked for {len(texts)} vectors of {space.dimensions} numbers, got {len(found)} of {sizes}"
        )
    try:
        return unit_vectors(np.stack(found), normalise=space.normalise)
    except BadVectorError as error:
        raise CorruptResult(f"in real time, text {error.row + 1}: {error}") from error
