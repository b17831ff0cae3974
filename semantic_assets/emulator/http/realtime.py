"""Methods that answer at once: embedding, token counts, generation."""

from collections.abc import Mapping, Sequence
from typing import Any

from semantic_assets.emulator.answers import embedding, generation, prompts, tokens
from semantic_assets.emulator.answers.embedding import Embedding
from semantic_assets.emulator.answers.prompts import Prompt
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.http.calls import Call
from semantic_assets.emulator.http.errors import InvalidRequest, invalid_argument
from semantic_assets.emulator.jobs.catalogue import Kind, Model, find_model
from semantic_assets.emulator.jobs.inputs import content_text
from semantic_assets.emulator.jobs.known_fields import BATCH_EMBED, REQUEST, require_known
from semantic_assets.emulator.media import viewing

# Live caps (third-party reports).
_LARGEST_BATCH = 100
_LARGEST_BODY_BYTES = 4 * 1024**2
#: the tally of texts embedded here
TEXTS = "realtime_texts"
#: the tally of their tokens
TOKENS = "realtime_tokens"
#: the tally of prompts answered here
REQUESTS = "realtime_requests"


def embed_content(call: Call) -> dict[str, Any]:
    """Embed one text (models.embedContent)."""
    model = _model(call, Kind.EMBED, "embedContent")
    _require_size(call)
    require_known(call.message(), REQUEST[Kind.EMBED])
    answer = _embed(call, [call.message()], model)[0]
    return {"embedding": {"values": answer.values}, **_usage([answer], model)}


def batch_embed_contents(call: Call) -> dict[str, Any]:
    """Embed up to 100 texts (models.batchEmbedContents); the SDK calls it even for one text."""
    model = _model(call, Kind.EMBED, "batchEmbedContents")
    _require_size(call)
    require_known(call.message(), BATCH_EMBED)
    requests = call.message().get("requests")
    if not isinstance(requests, list) or not all(isinstance(r, dict) for r in requests):
        raise invalid_argument("* BatchEmbedContentsRequest.requests: requests is not specified\n")
    if not 1 <= len(requests) <= _LARGEST_BATCH:
        raise invalid_argument(
            "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"
        )
    for number, request in enumerate(requests):
        _require_model(request.get("model"), number)
    answers = _embed(call, requests, model)
    return {
        "embeddings": [{"values": answer.values} for answer in answers],
        **_usage(answers, model),
    }


def _model(call: Call, kind: Kind | None, method: str) -> Model:
    return find_model(call.path["model"], kind=kind, version=call.version, method=method)


def _embed(call: Call, requests: Sequence[Mapping[str, Any]], model: Model) -> list[Embedding]:
    try:
        decoded = [embedding.decode_request(request, model) for request in requests]
    except InvalidRequest as problem:
        raise problem.refusal() from problem
    call.state.add_to_tally(TEXTS, len(decoded))
    answers = embedding.embed(decoded, model, call.settings.vectors)
    call.state.add_to_tally(TOKENS, sum(answer.token_count for answer in answers))
    return answers


def _require_size(call: Call) -> None:
    if len(call.body) > _LARGEST_BODY_BYTES:
        raise invalid_argument(
            f"Request payload size exceeds the limit: {_LARGEST_BODY_BYTES} bytes."
        )


def _require_model(named: Any, number: int) -> None:
    """Each request of a batch names its model, and in full (live, third-party reports)."""
    place = f"* BatchEmbedContentsRequest.requests[{number}].model: "
    if not named:
        raise invalid_argument(f"{place}model is not specified\n")
    if not str(named).startswith("models/"):
        raise invalid_argument(f"{place}unexpected model name format\n")


def _usage(answers: Sequence[Embedding], model: Model) -> dict[str, Any]:
    """Return the sum over a call; gemini-embedding-001 gives none (live cassettes)."""
    if not model.has_usage:
        return {}
    count = sum(answer.token_count for answer in answers)
    details = [{"modality": "TEXT", "tokenCount": count}]
    return {"usageMetadata": {"promptTokenCount": count, "promptTokenDetails": details}}


def count_tokens(call: Call) -> dict[str, Any]:
    """Count a prompt's tokens (models.countTokens), of chat and embedding models (cassettes)."""
    model = _model(call, None, "countTokens")
    message = call.message()
    if model.kind is Kind.EMBED:
        return _count_texts(message)
    prompt = _prompt(call, wire.message_field(message, "generateContentRequest") or message)
    details = generation.token_details(prompt)
    return {"totalTokens": prompt.token_count, "promptTokensDetails": details}


def _count_texts(message: Mapping[str, Any]) -> dict[str, Any]:
    """Count the texts themselves: an embedding cuts what is over its limit, a count does not."""
    contents = message.get("contents")
    texts = [content_text(content) for content in contents] if isinstance(contents, list) else []
    known = [text for text in texts if text]
    if not known or len(known) < len(texts):
        raise invalid_argument("* CountTokensRequest.contents: contents is not specified\n")
    total = sum(tokens.count_all(known))
    details = [{"modality": "TEXT", "tokenCount": total}]
    return {"totalTokens": total, "promptTokensDetails": details}


def generate_content(call: Call) -> dict[str, Any]:
    """Answer a prompt (models.generateContent)."""
    model = _model(call, Kind.GENERATE, "generateContent")
    require_known(call.message(), REQUEST[Kind.GENERATE])
    prompt = _prompt(call, call.message())
    call.state.add_to_tally(REQUESTS, 1)
    return generation.generate(prompt, model)


def _prompt(call: Call, request: Mapping[str, Any]) -> Prompt:
    try:
        return prompts.decode_prompt(request, viewing.of_caller(call))
    except InvalidRequest as problem:
        raise problem.refusal() from problem
