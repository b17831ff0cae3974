"""Embedding requests: their decoding, their checks and their vectors.

Used by batches and by real-time calls alike. Not here: how an answer is wrapped.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.answers.vectors import FULL_DIMENSIONS, Embedder, Space
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.errors import InvalidRequest
from semantic_assets.emulator.jobs.catalogue import Model
from semantic_assets.emulator.jobs.inputs import content_text

# Discovery enum of 2026-08-16.
_TASKS = frozenset(
    {
        "TASK_TYPE_UNSPECIFIED",
        "SEMANTIC_SIMILARITY",
        "CLASSIFICATION",
        "CLUSTERING",
        "RETRIEVAL_DOCUMENT",
        "RETRIEVAL_QUERY",
        "CODE_RETRIEVAL_QUERY",
        "QUESTION_ANSWERING",
        "FACT_VERIFICATION",
    }
)
_NO_TASK = "TASK_TYPE_UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """A valid embedding request."""

    text: str
    task: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Embedding:
    """The answer to an embedding request."""

    values: npt.NDArray[np.float32]
    token_count: int


def decode_request(request: Mapping[str, Any], model: Model) -> EmbedRequest:
    """Decode and check one request.

    Raises:
        InvalidRequest: saying what is wrong with it.
    """
    _check_model(request, model)
    options = {**request, **_config(request)}
    text = _text(request.get("content"))
    if options.get("autoTruncate", options.get("auto_truncate")) is False:
        _require_short(text, model)
    title = wire.field(options, "title")
    return EmbedRequest(
        text=f"{title}\n{text}" if title else text,
        task="" if model.always_normalised else _task(options),
        dimensions=_dimensions(options),
    )


def _text(content: Any) -> str:
    """Return the text of a content; one blank is enough (live, several reports)."""
    parts = content.get("parts") if isinstance(content, dict) else None
    for number, part in enumerate(parts if isinstance(parts, list) else []):
        if part == {}:
            raise InvalidRequest(
                f"* EmbedContentRequest.content.parts[{number}].data: required oneof field 'data' "
                "must have one initialized field\n"
            )
    text = content_text(content)
    if text is None:
        raise InvalidRequest("Only text content is supported by this model.")
    if not text or any(part["text"] == "" for part in parts or ()):
        raise InvalidRequest("EmbedContentRequest.content contains an empty Part.")
    return text


def _require_short(text: str, model: Model) -> None:
    count = tokens.count_tokens(text)
    if count > model.input_token_limit:
        raise InvalidRequest(
            f"The input has {count} tokens and the model takes {model.input_token_limit}."
        )


def _check_model(request: Mapping[str, Any], model: Model) -> None:
    named = request.get("model")
    if named is not None and named not in (model.name, f"models/{model.name}"):
        raise InvalidRequest(f"model {named!r} is not the one this call is for.")


def _config(request: Mapping[str, Any]) -> Mapping[str, Any]:
    # The flat options are deprecated in favour of this, and both work (Google's docs).
    config = wire.field(request, "embedContentConfig")
    return config if isinstance(config, dict) else {}


def _task(options: Mapping[str, Any]) -> str:
    task = wire.field(options, "taskType") or _NO_TASK
    if task not in _TASKS:
        raise InvalidRequest(f"Invalid value at 'task_type': {task!r}")
    return str(task)


def _dimensions(options: Mapping[str, Any]) -> int:
    dimensions = wire.field(options, "outputDimensionality")
    if dimensions is None:
        return FULL_DIMENSIONS
    if not isinstance(dimensions, int) or not 1 <= dimensions <= FULL_DIMENSIONS:
        raise InvalidRequest(
            f"output_dimensionality must be between 1 and {FULL_DIMENSIONS}, got {dimensions!r}."
        )
    return dimensions


def count_tokens(requests: Sequence[EmbedRequest], model: Model) -> list[int]:
    """Return the tokens each request is billed for: no more than the model reads."""
    counted = tokens.count_all([request.text for request in requests])
    return [min(count, model.input_token_limit) for count in counted]


@cache
def embedder(mode: str) -> Embedder:
    """Return the embedder of a mode; servers in one process share its caches."""
    return Embedder(mode)


def embed(requests: Sequence[EmbedRequest], model: Model, mode: str) -> list[Embedding]:
    """Answer requests in order; those that share options are computed together."""
    counted = tokens.count_all([request.text for request in requests])
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        groups[request.task, request.dimensions].append(number)
    answers: dict[int, Embedding] = {}
    for (task, dimensions), numbers in groups.items():
        space = Space(
            model=model.name,
            dimensions=dimensions,
            task=task,
            normalised=model.normalises(dimensions),
        )
        texts = [_read_part(requests[n].text, counted[n], model) for n in numbers]
        rows = embedder(mode).embed(texts, space)
        for number, row in zip(numbers, rows, strict=True):
            count = min(counted[number], model.input_token_limit)
            answers[number] = Embedding(row, count)
    return [answers[number] for number in range(len(requests))]


def _read_part(text: str, token_count: int, model: Model) -> str:
    if token_count <= model.input_token_limit:
        return text
    return tokens.truncate(text, model.input_token_limit)
