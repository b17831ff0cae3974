"""Refusals that only faults produce, as Google words them.

Codes, status words and reasons are those of the public error model. Wordings are as seen on the
live service where their function says so, and else not sourced.
"""

from typing import Any

from semantic_assets.emulator.http.errors import (
    TYPE,
    GoogleError,
    batch_not_found,
    file_not_accessible,
    quota_exceeded,
)

_SERVICE = "generativelanguage.googleapis.com"
_NEWER_MODEL = "gemini-3.5-flash-lite"
_PERIODS = {"minute": ("Minute", "100"), "day": ("Day", "1000")}
_STORAGE_BYTES = "21474836480"
# What the service says of a delay without an end.
_NEVER = "9223372036854775807s"


def unavailable() -> GoogleError:
    """Return 503 UNAVAILABLE."""
    return GoogleError(503, "The service is currently unavailable.")


def internal() -> GoogleError:
    """Return 500 INTERNAL."""
    return GoogleError(500, "An internal error has occurred. Please retry.")


def invalid_create() -> GoogleError:
    """Return 400 about the request to create a job."""
    return GoogleError(400, "* BatchCreateRequest.batch: the request is invalid\n")


def location_not_supported() -> GoogleError:
    """Return 400 FAILED_PRECONDITION about the location."""
    message = "User location is not supported for the API use."
    return GoogleError(400, message, status="FAILED_PRECONDITION")


def api_key_invalid() -> GoogleError:
    """Return 400 INVALID_ARGUMENT, told apart from others by the reason in its details."""
    message = "API key not valid. Please pass a valid API key."
    words = {"@type": f"{TYPE}LocalizedMessage", "locale": "en-US", "message": message}
    return GoogleError(400, message, [_error_info("API_KEY_INVALID"), words])


def billing_disabled() -> GoogleError:
    """Return 403: the project has no billing account."""
    return GoogleError(
        403,
        "This API method requires billing to be enabled. Please enable billing on the project "
        "by visiting https://console.developers.google.com/billing/enable then retry.",
        [_error_info("BILLING_DISABLED")],
    )


def key_suspended(api_key: str) -> GoogleError:
    """Return 403 in the service's own words, which hold the key (generative-ai-docs 356)."""
    consumer = f"api_key:{api_key}"
    return GoogleError(
        403,
        f"Permission denied: Consumer '{consumer}' has been suspended.",
        [_error_info("CONSUMER_SUSPENDED", consumer=consumer)],
    )


_FILE_METHODS = {
    "files.upload.start": "CreateFile",
    "files.get": "GetFile",
    "files.list": "ListFiles",
    "files.delete": "DeleteFile",
    "files.download": "DownloadFile",
}


def service_blocked(endpoint: str) -> GoogleError:
    """Return 403 about a key that was barred from files in the console (live, two reports)."""
    method = f"google.ai.generativelanguage.v1beta.FileService.{_FILE_METHODS[endpoint]}"
    return GoogleError(
        403,
        f"Requests to this API {_SERVICE} method {method} are blocked.",
        [_error_info("API_KEY_SERVICE_BLOCKED", methodName=method, apiName=_SERVICE)],
    )


def model_retired(model: str) -> GoogleError:
    """Return 404 about a model that lives on for others (live, three reports of 2026)."""
    return GoogleError(
        404,
        f"This model models/{model} is no longer available to new users. Please update your code "
        f"to use models/{_NEWER_MODEL}",
    )


def silent() -> GoogleError:
    """Return 503 without a message (python-genai 2489)."""
    return GoogleError(503, "", status="Service Unavailable")


def method_not_found() -> GoogleError:
    """Return 404: this version of the API has no such method."""
    return GoogleError(404, "Method not found.")


def unsupported_mime_type(mime_type: str) -> GoogleError:
    """Return 400 at the start of an upload (field reports python-genai 1547 and 1590)."""
    return GoogleError(400, f"Unsupported MIME type: {mime_type}")


def of_quota(quota: str, retry_seconds: int) -> GoogleError:
    """Return 429 of a minute's or a day's quota: only quotaId tells them apart (live reports).

    Of an unnamed one the service says nothing but where to read (langchain4j 3942).
    """
    plain = quota_exceeded()
    if quota == "unnamed":
        return plain
    period, limit = _PERIODS[quota]
    violation = {
        "quotaMetric": f"{_SERVICE}/embed_content_free_tier_requests",
        "quotaId": f"EmbedContentRequestsPer{period}PerUserPerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": "gemini-embedding-1.0"},
        "quotaValue": limit,
    }
    message = (
        f"{plain.message}\n* Quota exceeded for metric: {violation['quotaMetric']}, "
        f"limit: {limit}, model: gemini-embedding-1.0\nPlease retry in {retry_seconds}.38s."
    )
    return GoogleError(
        429,
        message,
        [*plain.details, _quota_failure(violation), _retry_info(f"{retry_seconds}.38s")],
    )


def storage_full() -> GoogleError:
    """Return 429 to an upload: the project's 20 GB are used (python-genai 1172)."""
    plain, metric = quota_exceeded(), f"{_SERVICE}/file_storage_bytes"
    violation = {
        "quotaMetric": metric,
        "quotaId": "FileStorageBytesPerProject",
        "quotaValue": _STORAGE_BYTES,
    }
    return GoogleError(
        429,
        f"{plain.message}\n* Quota exceeded for metric: {metric}, limit: {_STORAGE_BYTES}",
        [*plain.details, _quota_failure(violation), _retry_info(_NEVER)],
    )


def _quota_failure(violation: dict[str, Any]) -> dict[str, Any]:
    return {"@type": f"{TYPE}QuotaFailure", "violations": [violation]}


def _retry_info(delay: str) -> dict[str, Any]:
    return {"@type": f"{TYPE}RetryInfo", "retryDelay": delay}


def not_yet_readable(code: int, file_id: str) -> GoogleError:
    """Return 404 or 403 to the download of a job that has SUCCEEDED (field reports)."""
    return batch_not_found() if code == 404 else file_not_accessible(file_id)


def error_details() -> list[dict[str, Any]]:
    """Return details as objects, where the SDK expects texts (seen on the wire)."""
    return [_error_info("BACKEND_ERROR")]


def _error_info(reason: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": f"{TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": _SERVICE, **metadata},
    }
