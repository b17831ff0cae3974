"""The fields the API knows, message by message: any other is refused, as proto-JSON does it.

Not here: what a field means. Names from the discovery document of 2026-08-16.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.errors import unknown_fields
from semantic_assets.emulator.jobs.catalogue import Kind


@dataclass(frozen=True)
class Message:
    """The fields of a message, in both spellings; None: whatever is in it is not looked at."""

    fields: Mapping[str, "Message | None"]


def _message(*plain: str, **nested: Message) -> Message:
    fields: dict[str, Message | None] = dict.fromkeys(wire.spellings(plain))
    for name, inner in nested.items():
        fields |= dict.fromkeys(wire.spellings([name]), inner)
    return Message(fields)


_PART = _message(
    *("text", "inlineData", "fileData", "thought", "thoughtSignature", "functionCall"),
    *("functionResponse", "executableCode", "codeExecutionResult", "videoMetadata"),
    *("partMetadata", "mediaResolution", "toolCall", "toolResponse"),
)
_CONTENT = _message("role", parts=_PART)
_EMBED = _message(
    *("model", "taskType", "title", "outputDimensionality"),
    content=_CONTENT,
    # `autoTruncate` is known only in here (live, third-party report).
    embedContentConfig=_message(
        *("taskType", "title", "outputDimensionality", "autoTruncate"),
        *("documentOcr", "audioTrackExtraction"),
    ),
)
_GENERATE = _message(
    *("model", "safetySettings", "tools", "toolConfig", "cachedContent", "labels"),
    *("serviceTier", "store"),
    contents=_CONTENT,
    systemInstruction=_CONTENT,
    # ISSUE inspect_ai 3273: `thinking_config` beside it gave "no such field".
    generationConfig=_message(
        *("stopSequences", "responseMimeType", "responseSchema", "responseJsonSchema"),
        *("candidateCount", "maxOutputTokens", "temperature", "topP", "topK", "seed"),
        *("presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs"),
        *("responseModalities", "speechConfig", "thinkingConfig", "imageConfig"),
        *("mediaResolution", "enableEnhancedCivicAnswers", "responseFormat"),
    ),
)
#: one request of a model of that kind
REQUEST = {Kind.EMBED: _EMBED, Kind.GENERATE: _GENERATE}
#: the bodies of real-time calls
BATCH_EMBED = _message(requests=_EMBED)


def _create(request: Message) -> Message:
    inlined = _message(requests=_message("metadata", request=request))
    return _message(
        batch=_message(
            *("name", "model", "displayName", "output", "createTime", "endTime", "updateTime"),
            *("batchStats", "state", "priority", "webhookConfig"),
            inputConfig=_message("fileName", requests=inlined),
        )
    )


#: the bodies of calls that create a job
CREATE = {kind: _create(request) for kind, request in REQUEST.items()}


def require_known(value: Mapping[str, Any], message: Message) -> None:
    """Refuse a body that has a field nobody knows, however deep.

    Raises:
        GoogleError: 400, with each such field and its place.
    """
    if found := list(unknown(value, message)):
        raise unknown_fields(found)


def unknown(value: Any, message: Message | None, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the place of each field that the message does not have."""
    if message is None:
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown(item, message, f"{place}[{number}]")
    if not isinstance(value, Mapping):
        return
    for name, inner in value.items():
        if name not in message.fields:
            yield name, place
        elif inner and (known := message.fields[name]) is not None:
            yield from unknown(inner, known, f"{place}.{wire.snake(name)}".lstrip("."))
