"""Faults that fire instead of a call's handler. Not here: whether one is armed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import RedirectResponse, Response

from semantic_assets.emulator.faults import refusals
from semantic_assets.emulator.faults.fault import Parameters
from semantic_assets.emulator.http import errors, files, wire
from semantic_assets.emulator.http.calls import Call, error_response
from semantic_assets.emulator.http.connections import Closed
from semantic_assets.emulator.http.errors import GoogleError
from semantic_assets.emulator.jobs.catalogue import Kind
from semantic_assets.emulator.jobs.inputs import Line
from semantic_assets.emulator.jobs.texts import text_of
from semantic_assets.emulator.platform.objects import Buckets, parse_uri

_INVALID = "Request contains an invalid argument."
# A day's refusal says about as much as a minute's (third-party report of 2026-08-31).
_RETRY = 45


@dataclass(frozen=True, kw_only=True)
class _Before:
    """A fault that fires instead of the handler."""

    answer: Callable[[Call, Parameters], Response | GoogleError]
    fits: Callable[[Call, Parameters], bool] = lambda _, __: True


def _refuse(refusal: Callable[[], GoogleError]) -> _Before:
    return _Before(answer=lambda _, __: refusal())


def _refuse_unless_created(refusal: Callable[[], GoogleError]) -> _Before:
    return _Before(
        answer=lambda _, __: refusal(), fits=lambda _, parameters: not parameters["created"]
    )


def _redirect(call: Call, _: Parameters) -> Response:
    if call.is_of_platform:
        version = "v1" if call.version == "v1beta1" else "v1beta1"
        place = f"projects/{call.path['project']}/locations/{call.path['location']}"
        path = f"/{version}/{place}/batchPredictionJobs?redirected=1"
        return RedirectResponse(call.base_url + path, status_code=307)
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


def _refuse_model(call: Call, parameters: Parameters) -> GoogleError:
    method = call.endpoint.removeprefix("models.")
    model = call.path.get("model") or str(wire.field(call.message(), "model")).rpartition("/")[2]
    if parameters["wording"] == "not-found":
        return errors.model_not_supported(model, call.version, method)
    return refusals.model_retired(model)


def _has_schema(call: Call, parameters: Parameters) -> bool:
    """Return whether the input file of a new job has a schema in that spelling."""
    path = _input_of_platform(call) if call.is_of_platform else _input(call)
    if path is None:
        return False
    content = path.read_bytes()
    return any(f'"{name}"'.encode() in content for name in wire.spellings([parameters["member"]]))


def _input(call: Call) -> Path | None:
    batch = wire.message_field(call.message(), "batch")
    name = wire.field(wire.message_field(batch, "inputConfig"), "fileName")
    row = files.live_row(call, str(name or "").removeprefix("files/"))
    return None if row is None else call.state.blob_path(row["blob"])


def _input_of_platform(call: Call) -> Path | None:
    config = wire.message_field(call.message(), "inputConfig")
    (uri,) = wire.message_field(config, "gcsSource")["uris"]
    bucket, key = parse_uri(uri)
    found = Buckets(call.state).find(bucket, key)
    return None if found is None else Buckets(call.state).path(bucket, key)


def _any_error(_: Call, given: Parameters) -> GoogleError:
    return GoogleError(given["code"], given["message"], given["details"], status=given["status"])


BEFORE: Mapping[str, _Before] = {
    "create-500": _refuse_unless_created(refusals.internal),
    "create-503": _refuse_unless_created(refusals.unavailable),
    "create-timeout-not-created": _Before(
        answer=lambda _, parameters: Closed(after_seconds=parameters["seconds"])
    ),
    "create-reset": _Before(answer=lambda _, __: Closed(is_reset=True)),
    "create-307": _Before(answer=_redirect, fits=lambda call, _: "redirected" not in call.query),
    "create-404": _Before(answer=_refuse_model),
    "create-429": _Before(answer=lambda _, given: refusals.of_quota(given["quota"], _RETRY)),
    "create-400": _refuse(refusals.invalid_create),
    "create-400-schema": _Before(
        answer=lambda _, __: errors.invalid_argument(_INVALID), fits=_has_schema
    ),
    "create-400-location": _refuse(refusals.location_not_supported),
    "create-400-key": _refuse(refusals.api_key_invalid),
    "create-403-billing": _refuse(refusals.billing_disabled),
    "upload-429-storage": _refuse(refusals.storage_full),
    "files-403-blocked": _Before(answer=lambda call, _: refusals.service_blocked(call.endpoint)),
    "upload-503": _Before(answer=_refuse_chunk),
    "upload-mime-400": _Before(
        answer=lambda call, _: refusals.unsupported_mime_type(_mime_type(call)),
        fits=_is_refused_mime_type,
    ),
    "list-503": _refuse(refusals.unavailable),
    "list-unfiltered-503": _Before(
        answer=lambda _, __: refusals.unavailable(), fits=lambda call, _: "filter" not in call.query
    ),
    "list-429": _refuse(errors.quota_exceeded),
    "get-503": _refuse(refusals.unavailable),
    "realtime-503": _refuse(refusals.unavailable),
    "realtime-429": _Before(
        answer=lambda _, given: refusals.of_quota(given["quota"], given["retry_seconds"])
    ),
    "invalid-texts": _Before(
        answer=lambda _, __: errors.invalid_argument(_INVALID),
        fits=_has_invalid_text,
    ),
    "any-503": _Before(
        answer=lambda _, given: refusals.silent() if given["is_empty"] else refusals.unavailable()
    ),
    "version-refused": _Before(
        answer=lambda _, __: refusals.method_not_found(),
        fits=lambda call, given: call.version == given["version"],
    ),
    "any-error": _Before(answer=_any_error),
    "token-refused": _Before(
        answer=lambda _, __: errors.unauthenticated(), fits=lambda call, _: call.is_of_platform
    ),
    "key-revoked": _Before(
        answer=lambda call, _: refusals.key_suspended(call.headers["x-goog-api-key"]),
        fits=_is_revoked,
    ),
}
