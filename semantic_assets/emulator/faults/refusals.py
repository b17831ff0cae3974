"""Refusals that only faults produce, as Google words them.

Codes, status words and reasons are those of the public error model; the wording of messages is
not sourced.
"""

from typing import Any

from semantic_assets.emulator.http.errors import (
    GoogleError,
    batch_not_found,
    file_not_accessible,
    quota_exceeded,
)

_TYPE = "type.googleapis.com/google.rpc."
_SERVICE = "generativelanguage.googleapis.com"


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
    words = {"@type": f"{_TYPE}LocalizedMessage", "locale": "en-US", "message": message}
    return GoogleError(400, message, [_error_info("API_KEY_INVALID"), words])


def billing_disabled() -> GoogleError:
    """Return 403: the project has no billing account."""
    return GoogleError(
        403,
        "This API method requires billing to be enabled. Please enable billing on the project "
        "by visiting https://console.developers.google.com/billing/enable then retry.",
        [_error_info("BILLING_DISABLED")],
    )


def key_revoked() -> GoogleError:
    """Return 403: the key worked yesterday."""
    message = "Permission denied: the consumer of this API key has been suspended."
    return GoogleError(403, message, [_error_info("CONSUMER_SUSPENDED")])


def method_not_found() -> GoogleError:
    """Return 404: this version of the API has no such method."""
    return GoogleError(404, "Method not found.")


def unsupported_mime_type(mime_type: str) -> GoogleError:
    """Return 400 at the start of an upload (field reports python-genai 1547 and 1590)."""
    return GoogleError(400, f"Unsupported MIME type: {mime_type}")


def rate_limited(retry_seconds: int) -> GoogleError:
    """Return 429 of a real-time method: unlike a create's, it says when to come back."""
    refusal = quota_exceeded()
    retry = {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{retry_seconds}s"}
    return GoogleError(429, refusal.message, [*refusal.details, retry])


def not_yet_readable(code: int, file_id: str) -> GoogleError:
    """Return 404 or 403 to the download of a job that has SUCCEEDED (field reports)."""
    return batch_not_found() if code == 404 else file_not_accessible(file_id)


def error_details() -> list[dict[str, Any]]:
    """Return details as objects, where the SDK expects texts (seen on the wire)."""
    return [_error_info("BACKEND_ERROR")]


def _error_info(reason: str) -> dict[str, Any]:
    return {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": _SERVICE},
    }
