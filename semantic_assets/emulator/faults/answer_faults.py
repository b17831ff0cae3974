"""Faults that spoil answers of chat models: blocked prompts, stopped and broken answers.

Which requests they hit is drawn from the content of a request, so the same request in the same
job always ends the same way, and a changed prompt draws anew. Not here: whether a fault is armed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from semantic_assets.emulator.answers import tokens
from semantic_assets.emulator.answers.generation import (
    Response,
    candidate,
    response_schema,
    with_output_tokens,
)
from semantic_assets.emulator.answers.schemas import resolved
from semantic_assets.emulator.faults.fault import Parameters
from semantic_assets.emulator.http import wire
from semantic_assets.emulator.jobs.jobs import Job

BLOCKED, STOPPED, BROKEN = "blocked-prompts", "stopped-answers", "broken-answers"
#: the first that hits a request decides
NAMES = (BLOCKED, STOPPED, BROKEN)
#: faults after which a client is right to ask again
REPAIRABLE = (STOPPED, BROKEN)

_MIXED = "mixed"
_PROSE = "I am afraid I cannot answer this in the form you asked for."
Request = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A fault with the seed of its draws."""

    name: str
    parameters: Parameters
    seed: str

    def share(self, of: str) -> float:
        """Return a number from 0 to 1, always the same for one fault and `of`."""
        drawn = blake2b(f"{self.name}/{self.seed}/{of}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) / 2**64

    def hits(self, text: str, identity: str) -> bool:
        """Return whether a request of this text and content is spoiled."""
        if self.name == BLOCKED:
            return str(self.parameters["contains"]) in text
        return self.share(identity) < float(self.parameters["fraction"])

    def spoiled(self, request: Request, response: Response) -> Response:
        """Return the response as this fault leaves it."""
        if self.name == BLOCKED:
            return _blocked(response)
        if self.name == STOPPED:
            stopped = {"finishReason": self.parameters["reason"], "index": 0}
            return with_output_tokens({**response, "candidates": [stopped]}, 0)
        return _broken(request, response, self._shape(response["responseId"]))

    def _shape(self, identity: str) -> str:
        wanted = str(self.parameters["shape"])
        if wanted != _MIXED:
            return wanted
        return tuple(_SHAPES)[int(self.share(f"{identity}/shape") * len(_SHAPES))]


def draws_of(job: Job) -> list[Draw]:
    """Return the answer faults of a job, the deciding one first; each job draws for itself."""
    draws = [
        Draw(name=fault.name, parameters=fault.parameters, seed=str(fault.number))
        for fault in job.faults
        if fault.name in NAMES
    ]
    return sorted(draws, key=lambda draw: NAMES.index(draw.name))


def realtime_draw(name: str, parameters: Parameters) -> Draw:
    """Return the draw of a real-time call: a request that is hit is hit again while it is armed."""
    return Draw(name=name, parameters=parameters, seed="realtime")


def fate(draws: Iterable[Draw], text: str, identity: str) -> Draw | None:
    """Return the first draw that spoils the answer to a request, or None."""
    return next((draw for draw in draws if draw.hits(text, identity)), None)


def _blocked(response: Response) -> Response:
    usage = response["usageMetadata"]
    prompt_tokens = usage["promptTokenCount"]
    kept = {name: value for name, value in response.items() if name != "candidates"}
    return {
        "promptFeedback": {"blockReason": "SAFETY"},
        **kept,
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "promptTokensDetails": usage["promptTokensDetails"],
            "totalTokenCount": prompt_tokens,
        },
    }


def _broken(request: Request, response: Response, shape: str) -> Response:
    if shape == "empty":
        empty = {"content": {"role": "model"}, "finishReason": "STOP", "index": 0}
        return with_output_tokens({**response, "candidates": [empty]}, 0)
    whole = response["candidates"][0]
    text = whole["content"]["parts"][0]["text"]
    broken, reason = _SHAPES[shape](text, request), whole["finishReason"]
    if broken is None:  # not to be done to this answer
        broken, shape = _truncated(text, request), "truncated"
    reason = "MAX_TOKENS" if shape == "truncated" else reason
    spoiled = {**response, "candidates": [candidate(broken, reason)]}
    return with_output_tokens(spoiled, tokens.count_tokens(broken))


def _prose(_: str, __: Request) -> str | None:
    return _PROSE


def _truncated(text: str, _: Request) -> str:
    return text[: len(text) // 2]


def _fenced(text: str, _: Request) -> str | None:
    return f"```json\n{text}\n```"


def _wrong_type(text: str, request: Request) -> str | None:
    return _with_first_member(text, request, _of_another_type)


def _of_another_type(members: dict[str, Any], name: str) -> dict[str, Any]:
    wrong = 7 if isinstance(members[name], dict | list) else {"value": members[name]}
    return {**members, name: wrong}


def _missing_field(text: str, request: Request) -> str | None:
    return _with_first_member(text, request, _without)


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in members.items() if other != name}


def _with_first_member(
    text: str, request: Request, change: Callable[[dict[str, Any], str], dict[str, Any]]
) -> str | None:
    """Change the first required member of an answer; return None if it has no member at all."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or not value:
        return None
    schema = response_schema(wire.field(request, "generationConfig") or {})
    required = resolved(schema).get("required", ()) if schema else ()
    name = next((name for name in required if name in value), next(iter(value)))
    return orjson.dumps(change(value, name)).decode()


_SHAPES: Mapping[str, Callable[[str, Request], str | None]] = {
    "not-json": _prose,
    "truncated": _truncated,
    "wrong-type": _wrong_type,
    "missing-field": _missing_field,
    "fenced": _fenced,
    "empty": lambda _, __: "",
}
