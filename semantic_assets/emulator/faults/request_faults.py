"""Faults at a call: fired before its handler runs, or after it has answered.

Before and after, the first armed fault that fits the call fires; `slow` goes with any other. Not
here: which faults there are, and those a job is born with.
"""

import sqlite3
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from semantic_assets.emulator.answers.prompts import prompt_text
from semantic_assets.emulator.faults import answer_faults, armed, refusals, reply_faults
from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.faults.fault_table import Parameters
from semantic_assets.emulator.http import errors, wire
from semantic_assets.emulator.http.calls import (
    Call,
    Endpoint,
    Reply,
    Stream,
    encode,
    error_response,
)
from semantic_assets.emulator.http.connections import Closed, CutDownload, Late
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.inputs import Line
from semantic_assets.emulator.jobs.texts import text_of

_DROP_CHUNK = "upload-drop-chunk"


@dataclass(frozen=True, kw_only=True)
class _Before:
    """A fault that fires instead of the handler."""

    answer: Callable[[Call, Parameters], Response | GoogleError]
    fits: Callable[[Call, Parameters], bool] = lambda _, __: True


@dataclass(frozen=True, kw_only=True)
class _After:
    """A fault that fires once the handler has done its work."""

    answer: Callable[[Call, Any, Firing], Reply | Response | GoogleError]
    fits: Callable[[Call, Parameters, Any], bool] = lambda _, __, ___: True


def answer(call: Call, endpoint: Endpoint) -> Response:
    """Answer a call while faults are armed."""
    try:
        response = _before(call) or _after(call, endpoint.handler(call))
    except GoogleError as error:
        response = error_response(error, endpoint.error_headers)
    for name in _fitting(call, _DELAYS):
        if firing := _claim(call, name):
            response = Late(response, seconds=firing.parameters["seconds"])
    return response


def _fitting(call: Call, among: Container[str]) -> Iterator[str]:
    for name, parameters in call.faults.items():
        if name in among and armed.fits(name, parameters, call.endpoint):
            yield name


def _claim(call: Call, name: str) -> Firing | None:
    with call.state.reading() as db:
        return armed.claim(db, name)


def _before(call: Call) -> Response | None:
    for name in _fitting(call, _BEFORE):
        fault, parameters = _BEFORE[name], call.faults[name]
        if fault.fits(call, parameters) and _claim(call, name):
            outcome = fault.answer(call, parameters)
            if isinstance(outcome, GoogleError):
                raise outcome
            return outcome
    return None


def _after(call: Call, reply: Reply) -> Response:
    for name in _fitting(call, _AFTER):
        fault = _AFTER[name]
        if fault.fits(call, call.faults[name], reply) and (firing := _claim(call, name)):
            outcome = fault.answer(call, reply, firing)
            if isinstance(outcome, GoogleError):
                raise outcome
            return outcome if isinstance(outcome, Response) else encode(outcome)
    return encode(reply)


def drops_chunk(db: sqlite3.Connection) -> bool:
    """Return whether to drop a chunk that is about to be read."""
    return _DROP_CHUNK in armed.armed(db) and armed.claim(db, _DROP_CHUNK) is not None


def _refuse(refusal: Callable[[], GoogleError]) -> _Before:
    return _Before(answer=lambda _, __: refusal())


def _refuse_unless_created(refusal: Callable[[], GoogleError]) -> _Before:
    return _Before(
        answer=lambda _, __: refusal(), fits=lambda _, parameters: not parameters["created"]
    )


def _refuse_after_creating(refusal: Callable[[], GoogleError]) -> _After:
    return _After(
        answer=lambda _, __, ___: refusal(), fits=lambda _, parameters, __: parameters["created"]
    )


def _redirect(call: Call, _: Parameters) -> Response:
    version = "v1" if call.version == "v1beta" else "v1beta"
    method = call.endpoint.removeprefix("models.")
    path = f"/{version}/models/{call.path['model']}:{method}?redirected=1"
    return RedirectResponse(call.base_url + path, status_code=307)


def _refuse_chunk(call: Call, parameters: Parameters) -> Response:
    headers = {"X-Goog-Upload-Status": "final"} if parameters["has_status"] else None
    return error_response(refusals.unavailable(), headers)


def _mime_type(call: Call) -> str:
    return str(wire.field(wire.message_field(call.message(), "file"), "mimeType"))


def _is_refused_mime_type(call: Call, parameters: Parameters) -> bool:
    return _mime_type(call) in parameters["mime_types"]


def _is_revoked(call: Call, parameters: Parameters) -> bool:
    return bool(call.owner) and parameters["api_key"] in (None, call.owner)


def _has_invalid_text(call: Call, parameters: Parameters) -> bool:
    message = call.message()
    if "contents" in message:
        found = [text_of(Line({}, message), Kind.GENERATE)]
    else:
        requests = [r for r in message.get("requests", [message]) if isinstance(r, dict)]
        found = [text_of(Line({}, request), Kind.EMBED) for request in requests]
    return any(parameters["contains"] in (text or "") for text in found)


_BEFORE: Mapping[str, _Before] = {
    "create-500": _refuse_unless_created(refusals.internal),
    "create-503": _refuse_unless_created(refusals.unavailable),
    "create-timeout-not-created": _Before(
        answer=lambda _, parameters: Closed(after_seconds=parameters["seconds"])
    ),
    "create-reset": _Before(answer=lambda _, __: Closed(is_reset=True)),
    "create-307": _Before(answer=_redirect, fits=lambda call, _: "redirected" not in call.query),
    "create-429": _refuse(errors.quota_exceeded),
    "create-400": _refuse(refusals.invalid_create),
    "create-400-location": _refuse(refusals.location_not_supported),
    "create-400-key": _refuse(refusals.api_key_invalid),
    "create-403-billing": _refuse(refusals.billing_disabled),
    "upload-503": _Before(answer=_refuse_chunk),
    "upload-mime-400": _Before(
        answer=lambda call, _: refusals.unsupported_mime_type(_mime_type(call)),
        fits=_is_refused_mime_type,
    ),
    "list-503": _refuse(refusals.unavailable),
    "get-503": _refuse(refusals.unavailable),
    "realtime-503": _refuse(refusals.unavailable),
    "realtime-429": _Before(
        answer=lambda _, parameters: refusals.rate_limited(parameters["retry_seconds"])
    ),
    "invalid-texts": _Before(
        answer=lambda _, __: errors.invalid_argument("Request contains an invalid argument."),
        fits=_has_invalid_text,
    ),
    "any-503": _refuse(refusals.unavailable),
    "version-refused": _Before(
        answer=lambda _, __: refusals.method_not_found(),
        fits=lambda call, parameters: call.version == parameters["version"],
    ),
    "key-revoked": _Before(answer=lambda _, __: refusals.key_revoked(), fits=_is_revoked),
}


def _spoil_answer(name: str) -> _After:
    def hits(call: Call, parameters: Parameters, reply: Any) -> bool:
        if not isinstance(reply, Mapping) or "candidates" not in reply:
            return False
        text = prompt_text(call.message())
        return answer_faults.realtime_draw(name, parameters).hits(text, reply["responseId"])

    def spoil(call: Call, reply: Any, firing: Firing) -> Reply:
        draw = answer_faults.realtime_draw(name, firing.parameters)
        return draw.spoiled(call.message(), reply)

    return _After(answer=spoil, fits=hits)


def _cut_download(*, has_length: bool) -> _After:
    def cut(_: Call, reply: Stream, firing: Firing) -> Response:
        return CutDownload(
            reply.pieces,
            fraction=firing.parameters["fraction"],
            has_length=has_length,
            mid_line=firing.parameters.get("mid_line", True),
        )

    return _After(answer=cut)


_AFTER: Mapping[str, _After] = {
    "lost-create-response": _After(answer=lambda _, __, ___: Closed()),
    "create-500": _refuse_after_creating(refusals.internal),
    "create-503": _refuse_after_creating(refusals.unavailable),
    "create-timeout": _After(
        answer=lambda _, __, firing: Closed(after_seconds=firing.parameters["seconds"])
    ),
    "create-unreadable-answer": _After(
        answer=lambda _, __, ___: Response("<html>OK</html>", media_type="text/html")
    ),
    "upload-lost-final": _After(
        answer=lambda _, __, ___: Closed(),
        fits=lambda call, _, __: "finalize" in call.headers.get("x-goog-upload-command", ""),
    ),
    "list-empty-page": _After(
        answer=reply_faults.before_empty_page,
        fits=lambda call, _, page: "operations" in page and not call.query.get("pageToken"),
    ),
    "list-error-details-objects": _After(
        answer=reply_faults.with_error_details, fits=lambda _, __, page: "operations" in page
    ),
    "truncated-download-with-length": _cut_download(has_length=True),
    "truncated-download-close-delimited": _cut_download(has_length=False),
    **{name: _spoil_answer(name) for name in answer_faults.NAMES},
    "realtime-noise": _After(
        answer=reply_faults.with_noise,
        fits=lambda _, __, reply: reply_faults.has_embeddings(reply),
    ),
    "realtime-short": _After(
        answer=reply_faults.without_last_vector,
        fits=lambda _, __, reply: "embeddings" in reply,
    ),
    "realtime-swapped": _After(
        answer=reply_faults.with_swapped_vectors,
        fits=lambda _, __, reply: reply_faults.has_embeddings(reply, least=2),
    ),
}
_DELAYS = frozenset({"slow", "upload-slow-chunk"})
