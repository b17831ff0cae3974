"""Generation requests in a batch file and in real time: the one module that knows their shape.

A line is `{"key": ..., "request": {...}}`; the request is a GenerateContentRequest in the REST
API's names, options under `generation_config` and not beside `contents` (inspect_ai #3273: flat
options fail the whole job with "no such field").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from semantic_assets.batching.response_schema import wire_schema
from semantic_assets.model.task import GenerationTask

#: Spellings of a schema in a request. Either was reported to fail in files (python-genai #1150 and
#: others, ruby_llm #894): `probe --generate` tries both.
SCHEMA_FIELDS = ("response_schema", "response_json_schema")
#: Our options that go into the API's `thinking_config`.
_THINKING = ("thinking_budget", "thinking_level")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its key, its prompt, and for media the uploaded file."""

    key: str
    prompt: str
    file_uri: str | None = None
    mime: str | None = None


def generation_lines(
    task: GenerationTask, asks: Iterable[Ask], schema_field: str = SCHEMA_FIELDS[0]
) -> Iterator[bytes]:
    """Yield one line for each request, newline included."""
    for ask in asks:
        request = request_of(task, ask, schema_field)
        yield orjson.dumps({"key": ask.key, "request": request}) + b"\n"


def request_of(
    task: GenerationTask, ask: Ask, schema_field: str = SCHEMA_FIELDS[0]
) -> dict[str, Any]:
    """Return the request of one document, for a batch file or a real-time call."""
    parts: list[dict[str, Any]] = []
    if ask.file_uri is not None:
        parts.append({"file_data": {"mime_type": ask.mime, "file_uri": ask.file_uri}})
    parts.append({"text": ask.prompt})
    return {"contents": [{"parts": parts, "role": "user"}], **_options(task, schema_field)}


@lru_cache(maxsize=32)
def _options(task: GenerationTask, schema_field: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if task.system_instruction:
        options["system_instruction"] = {"parts": [{"text": task.system_instruction}]}
    config = {name: value for name, value in task.config.items() if name not in _THINKING}
    thinking = {name: task.config[name] for name in _THINKING if name in task.config}
    if thinking:
        config["thinking_config"] = thinking
    if task.schema is not None:
        config["response_mime_type"] = "application/json"
        is_json = schema_field == SCHEMA_FIELDS[1]
        config[schema_field] = task.schema if is_json else wire_schema(task.schema)
    if config:
        options["generation_config"] = config
    return options
