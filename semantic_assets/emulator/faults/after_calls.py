"""Faults that fire once a call's handler has done its work. Not here: whether one is armed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from semantic_assets.emulator.answers.prompts import prompt_text
from semantic_assets.emulator.faults import (
    answer_faults,
    listing_faults,
    refusals,
    reply_faults,
)
from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.faults.fault import Parameters
from semantic_assets.emulator.http.calls import Call, Reply, Stream
from semantic_assets.emulator.http.connections import Closed, CutDownload
from semantic_assets.emulator.http.errors import GoogleError


@dataclass(frozen=True, kw_only=True)
class _After:
    """A fault that fires once the handler has done its work."""

    answer: Callable[[Call, Any, Firing], Reply | Response | GoogleError]
    fits: Callable[[Call, Parameters, Any], bool] = lambda _, __, ___: True


def _refuse_after_creating(refusal: Callable[[], GoogleError]) -> _After:
    return _After(
        answer=lambda _, __, ___: refusal(), fits=lambda _, parameters, __: parameters["created"]
    )


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


AFTER: Mapping[str, _After] = {
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
        answer=listing_faults.before_empty_page,
        fits=lambda call, _, page: (
            listing_faults.lists_jobs(page) and not call.query.get("pageToken")
        ),
    ),
    "list-error-details-objects": _After(
        answer=listing_faults.with_error_details,
        fits=lambda _, __, page: listing_faults.lists_jobs(page),
    ),
    "list-contradicts-get": _After(
        answer=listing_faults.contradicted, fits=lambda _, __, page: listing_faults.lists_jobs(page)
    ),
    "list-repeats-token": _After(
        answer=listing_faults.with_repeating_token,
        fits=lambda _, __, page: listing_faults.lists_jobs(page),
    ),
    "truncated-download-with-length": _cut_download(has_length=True),
    "truncated-download-close-delimited": _cut_download(has_length=False),
    **{name: _spoil_answer(name) for name in answer_faults.NAMES},
    "realtime-noise": _After(
        answer=reply_faults.with_noise,
        fits=lambda _, __, reply: reply_faults.has_embeddings(reply),
    ),
    "realtime-fewer": _After(
        answer=reply_faults.with_fewer_vectors,
        fits=lambda _, __, reply: "embeddings" in reply,
    ),
    "realtime-swapped": _After(
        answer=reply_faults.with_swapped_vectors,
        fits=lambda _, __, reply: reply_faults.has_embeddings(reply, least=2),
    ),
}
