"""Google's errors into ours, once. Permanence and "was anything created" become types here.

A refusal is told by the method that was called, the status and the reasons in its details, never by
its words: a 403 whose text contained `FileService` was taken for a missing file.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from semantic_assets.errors import (
    GeminiUnavailable,
    ModelRefused,
    Quota,
    RateLimited,
    RemoteMissing,
    RequestRejected,
    ScopePaused,
    SemanticAssetsError,
)
from semantic_assets.text.foreign import scrub_error, scrubbed

_MESSAGE_LIMIT = 500
_DURATION = re.compile(r"([0-9]{1,18})(\.[0-9]{1,9})?s")
_TOO_MANY, _TIMED_OUT = 429, 408


class Method(StrEnum):
    """What was asked of Google, as far as its refusals mean something else."""

    CREATE = "create"
    UPLOAD = "upload"
    #: get, list, cancel and delete of jobs.
    JOB = "job"
    #: get, list, download and delete of files.
    FILE = "file"
    #: Real-time calls.
    ANSWER = "answer"


@contextmanager
def translated(method: Method, *, secret: str | None = None) -> Iterator[None]:
    """Run SDK calls; whatever they raise leaves as an error of ours, without the secret."""
    try:
        yield
    except SemanticAssetsError:
        raise
    except Exception as error:
        scrub_error(error, secret)
        raise _of_error(error, method, secret) from error


def _of_error(error: Exception, method: Method, secret: str | None) -> SemanticAssetsError:
    import httpx2
    from google.auth.exceptions import GoogleAuthError
    from google.genai import errors  # only now: a call that is answered may do without

    if isinstance(error, errors.APIError):
        return _of_answer(error, method, secret)
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return GeminiUnavailable(_clean(f"cannot connect: {error}", secret), sent=False)
    if isinstance(error, GoogleAuthError):  # the SDK asks for a token before it sends
        return GeminiUnavailable(_clean(f"no access token: {error}", secret), sent=False)
    # Transport, decoding, pydantic: an answer may have been on its way.
    text = _clean(f"{type(error).__name__}: {error}", secret)
    return GeminiUnavailable(f"no readable answer: {text}")


def _clean(text: str, secret: str | None) -> str:
    return scrubbed(text, secret)[:_MESSAGE_LIMIT]


def _of_answer(error: Any, method: Method, secret: str | None) -> SemanticAssetsError:
    code, details = int(error.code or 0), _details(error)
    text = _clean(f"{code} {error.status or ''}: {error.message or 'no message'}", secret)
    if code == _TOO_MANY:
        return RateLimited(text, quota=_quota(method, details), retry_seconds=_retry(details))
    if not 400 <= code < 500 or code == _TIMED_OUT:
        return GeminiUnavailable(text)
    reasons = {str(item["reason"]) for item in details if item.get("reason")}
    if code == 400 and error.status == "INVALID_ARGUMENT" and not reasons:
        return RequestRejected(text)
    if code == 400 and not reasons.isdisjoint(_OF_THE_REQUEST):
        return RequestRejected(text)
    if reasons or code == 400:
        return ScopePaused(text)
    return _unexplained(code, method, text)


#: Reasons of a 400 that are about what was asked, not about who asks.
_OF_THE_REQUEST = frozenset({"BACKEND_ERROR", "INVALID_ARGUMENT"})


def _unexplained(code: int, method: Method, text: str) -> SemanticAssetsError:
    """Return what a refusal without a reason means, by what was asked."""
    if method == Method.CREATE and code in (403, 404):
        return ModelRefused(text)  # a retired model, another region, an input file that is gone
    if code == 404 and method == Method.ANSWER:
        return ModelRefused(text)
    if code == 404 and method != Method.UPLOAD:
        return RemoteMissing(text)
    if code == 403 and method == Method.FILE:
        return RemoteMissing(text)  # a file that is missing, expired or another key's
    return ScopePaused(text)


def _details(error: Any) -> list[Mapping[str, Any]]:
    body = error.details if isinstance(error.details, Mapping) else {}
    inner = body.get("error", body)
    found = inner.get("details") if isinstance(inner, Mapping) else None
    return [item for item in found or [] if isinstance(item, Mapping)]


def _retry(details: list[Mapping[str, Any]]) -> float | None:
    """Return the seconds of RetryInfo; a full file storage says 292 billion years."""
    for item in details:
        found = _DURATION.fullmatch(str(item.get("retryDelay", "")))
        if found:
            return float(found[0][:-1])
    return None


def _quota(method: Method, details: list[Mapping[str, Any]]) -> Quota:
    """Return which limit a 429 is of, by its quotaId; only enqueued tokens touch the window.

    The live 429 of a create call for too many enqueued tokens carries google.rpc.Help only.
    """
    ids = [
        str(violation.get("quotaId", ""))
        for item in details
        for violation in item.get("violations") or []
        if isinstance(violation, Mapping)
    ]
    for quota, words in _QUOTA_WORDS:
        if any(word in quota_id for quota_id in ids for word in words):
            return quota
    if method == Method.CREATE and not ids and _retry(details) is None:
        return Quota.ENQUEUED
    return Quota.UNKNOWN


_QUOTA_WORDS = (
    (Quota.STORAGE, ("FileStorage",)),
    (Quota.ENQUEUED, ("EnqueuedTokens", "BatchTokens")),
    (Quota.DAY, ("PerDay",)),
    (Quota.MINUTE, ("PerMinute",)),
    (Quota.SPEND, ("Spend", "Cost")),
)
