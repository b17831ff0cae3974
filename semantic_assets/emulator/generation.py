"""Answers of chat models: deterministic, taken from the prompt, shaped by a response schema.

Modest on purpose: enough to test what a client does with an answer. Not here: schemas.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from semantic_assets.emulator import tokens, wire
from semantic_assets.emulator.catalogue import Model
from semantic_assets.emulator.embedding import InvalidRequest
from semantic_assets.emulator.schemas import Excerpt, schema_value

_SENTENCE_END = re.compile(r"(?<=[.!?\u3002])\s+")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_SENTENCES = 2
_JSON = "application/json"
_ENUM = "text/x.enum"


def prompt_text(request: Mapping[str, Any]) -> str:
    """All text of the contents, oldest first; media parts have none."""
    return "\n\n".join(
        part["text"]
        for content in _contents(request)
        for part in content.get("parts") or ()
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _contents(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    contents = request.get("contents")
    if isinstance(contents, dict):
        contents = [contents]
    if not isinstance(contents, list) or not all(isinstance(c, dict) for c in contents):
        return []
    return contents


def count_prompt_tokens(request: Mapping[str, Any]) -> int:
    """Tokens of contents and system instruction."""
    system = wire.field(request, "systemInstruction")
    instruction = prompt_text({"contents": system}) if isinstance(system, dict) else ""
    return sum(tokens.count_all([prompt_text(request), instruction]))


def generate(request: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """A GenerateContentResponse.

    Raises:
        InvalidRequest: there is nothing to answer.
    """
    if not any(content.get("parts") for content in _contents(request)):
        raise InvalidRequest("* GenerateContentRequest.contents: contents is not specified\n")
    prompt = prompt_text(request)
    text = _answer_text(prompt, wire.field(request, "generationConfig") or {})
    prompt_tokens, answer_tokens = count_prompt_tokens(request), tokens.count_tokens(text)
    return {
        "candidates": [
            {
                "content": {"parts": [{"text": text}], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "candidatesTokenCount": answer_tokens,
            "totalTokenCount": prompt_tokens + answer_tokens,
        },
        "modelVersion": model.name,
        "responseId": blake2b(prompt.encode("utf-8", "replace"), digest_size=12).hexdigest(),
    }


def _answer_text(prompt: str, config: Mapping[str, Any]) -> str:
    excerpt = Excerpt(_subject(prompt))
    schema = wire.field(config, "responseJsonSchema") or wire.field(config, "responseSchema")
    mime_type = wire.field(config, "responseMimeType")
    if mime_type in (_JSON, _ENUM) and isinstance(schema, dict):
        value = schema_value(schema, excerpt)
        return str(value) if mime_type == _ENUM else orjson.dumps(value).decode()
    if mime_type == _JSON:
        return orjson.dumps({"answer": excerpt.sentence("answer")}).decode()
    return _limited(" ".join(excerpt.sentences[:_SENTENCES]), config)


def _subject(prompt: str) -> list[str]:
    """Sentences of the longest paragraph: in most prompts the text and not the instruction."""
    longest = max(_PARAGRAPH_END.split(prompt), key=len, default="").strip()
    return [sentence for sentence in _SENTENCE_END.split(longest) if sentence]


def _limited(text: str, config: Mapping[str, Any]) -> str:
    limit = wire.field(config, "maxOutputTokens")
    return tokens.truncate(text, limit) if isinstance(limit, int) and limit > 0 else text
