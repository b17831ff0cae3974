"""Answers of chat models: deterministic, taken from the prompt, shaped by a response schema.

Modest on purpose: enough to test what a client does with an answer. Not here: schemas.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.answers.excerpts import Excerpt
from semantic_assets.emulator.answers.prompts import Prompt
from semantic_assets.emulator.answers.schemas import schema_value
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.jobs.catalogue import Model

_JSON = "application/json"
_ENUM = "text/x.enum"
# Tokens per string of an answer: the usual number, and a lower one if that exceeds the limit.

_TOKENS_PER_STRING = (80, 25)

Response = dict[str, Any]


def generate(prompt: Prompt, model: Model) -> Response:
    """Return a GenerateContentResponse to a prompt."""
    text, count = _answer(prompt)
    limit = _limit(prompt.config) or count
    cut, reason = (text, "STOP") if count <= limit else (tokens.truncate(text, limit), "MAX_TOKENS")
    response = {
        "candidates": [candidate(cut, reason)],
        "usageMetadata": _usage(prompt),
        "modelVersion": model.name,
        "responseId": prompt.identity,
    }
    return with_output_tokens(response, min(count, limit))


def candidate(text: str, finish_reason: str) -> dict[str, Any]:
    """Return a candidate with text."""
    content = {"parts": [{"text": text}], "role": "model"}
    return {"content": content, "finishReason": finish_reason, "index": 0}


def _usage(prompt: Prompt) -> dict[str, Any]:
    return {"promptTokenCount": prompt.token_count, "promptTokensDetails": token_details(prompt)}


def token_details(prompt: Prompt) -> list[dict[str, Any]]:
    """Return the tokens of a prompt as ModalityTokenCounts."""
    return [{"modality": modality, "tokenCount": n} for modality, n in prompt.tokens.items()]


def with_output_tokens(response: Response, count: int) -> Response:
    """Return the response with so many tokens of output."""
    usage = response["usageMetadata"]
    total = usage["promptTokenCount"] + count
    counted = {**usage, "candidatesTokenCount": count, "totalTokenCount": total}
    return {**response, "usageMetadata": counted}


def _limit(config: Mapping[str, Any]) -> int:
    """Return the limit of output tokens; 0 means none."""
    limit = wire.field(config, "maxOutputTokens")
    return limit if isinstance(limit, int) and limit > 0 else 0


def _answer(prompt: Prompt) -> tuple[str, int]:
    """Return the text of the answer and its number of tokens."""
    limit = _limit(prompt.config)
    text, count = "", 0
    for most_tokens in _TOKENS_PER_STRING:
        text = _written(Excerpt(prompt, most_tokens), prompt.config)
        count = tokens.count_tokens(text)
        if not limit or count <= limit:
            break
    return text, count


def response_schema(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema that an answer has to obey, or None."""
    schema = wire.field(config, "responseJsonSchema") or wire.field(config, "responseSchema")
    return schema if isinstance(schema, dict) else None


def _written(excerpt: Excerpt, config: Mapping[str, Any]) -> str:
    schema, mime_type = response_schema(config), wire.field(config, "responseMimeType")
    if mime_type in (_JSON, _ENUM) and schema is not None:
        value = schema_value(schema, excerpt)
        return str(value) if mime_type == _ENUM else orjson.dumps(value).decode()
    if mime_type == _JSON:
        return orjson.dumps({"answer": excerpt.sentence("answer")}).decode()
    return excerpt.answer()
