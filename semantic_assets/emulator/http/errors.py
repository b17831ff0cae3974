"""Refusals in Google's shape: a code, a status word, a message and sometimes details."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ALREADY_EXISTS",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}

#: of the details of an error
TYPE = "type.googleapis.com/google.rpc."

# google.rpc.Code, as result lines and operations carry it.
CANCELLED_CODE = 1
INVALID_ARGUMENT_CODE = 3
DEADLINE_EXCEEDED_CODE = 4
PERMISSION_DENIED_CODE = 7
INTERNAL_CODE = 13


class GoogleError(Exception):
    """An answer other than 200."""

    def __init__(
        self,
        code: int,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        *,
        status: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        #: None: the usual word of that code
        self.status = status

    def envelope(self) -> dict[str, Any]:
        """Return the JSON body that Google sends with this error."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status or _STATUS_WORDS.get(self.code, "UNKNOWN"),
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def invalid_argument(message: str) -> GoogleError:
    """Return 400: the request itself is wrong."""
    return GoogleError(400, message)


def unknown_fields(found: Iterable[tuple[str, str]]) -> GoogleError:
    """Return 400 about fields, each with its place, that the message does not have."""
    violations = []
    for name, place in found:
        at = f" at '{place}'" if place else ""
        description = (
            f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
        )
        violations.append({"description": description, **({"field": place} if place else {})})
    details = {"@type": f"{TYPE}BadRequest", "fieldViolations": violations}
    message = "\n".join(violation["description"] for violation in violations)
    return GoogleError(400, message, [details])


def missing_key() -> GoogleError:
    """Return 403: no API key on the call."""
    return GoogleError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def unauthenticated() -> GoogleError:
    """Return 401: no token, or one that is not taken."""
    return GoogleError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential.",
    )


def file_not_accessible(file_id: str) -> GoogleError:
    """Return 403, not 404: a file that never was looks like somebody else's."""
    return GoogleError(
        403,
        f"You do not have permission to access the File {file_id} or it may not exist.",
    )


def batch_not_found() -> GoogleError:
    """Return 404: no such batch, or another key's."""
    return GoogleError(404, "Requested entity was not found.")


def model_not_supported(model: str, version: str, method: str) -> GoogleError:
    """Return 404: the model is unknown, or known and not for this method."""
    return GoogleError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def quota_exceeded() -> GoogleError:
    """Return 429 with google.rpc.Help only: no RetryInfo, no Retry-After (field reports)."""
    return GoogleError(
        429,
        "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, head to: "
        "https://ai.google.dev/gemini-api/docs/rate-limits. "
        "To monitor your current usage, head to: https://ai.dev/rate-limit. ",
        [
            {
                "@type": f"{TYPE}Help",
                "links": [
                    {
                        "description": "Learn more about Gemini API quotas",
                        "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                    }
                ],
            }
        ],
    )


class InvalidRequest(Exception):
    """A request that cannot be answered; in a batch it becomes an error line."""

    code = INVALID_ARGUMENT_CODE

    def refusal(self) -> GoogleError:
        """Return the refusal of the request in real time."""
        return invalid_argument(str(self))


class Undecodable(InvalidRequest):
    """A medium that is not what it is said to be; `file` is the uploaded one, if any."""

    def __init__(self, file: Mapping[str, Any] | None = None) -> None:
        super().__init__("Unable to process input image: its bytes cannot be decoded.")
        self.file = file


class FileNotReadable(InvalidRequest):
    """A request that names a file that is gone, or never was."""

    code = PERMISSION_DENIED_CODE

    def __init__(self, file_id: str) -> None:
        super().__init__(file_not_accessible(file_id).message)
        self._file_id = file_id

    def refusal(self) -> GoogleError:
        """Return 403 for the request in real time."""
        return file_not_accessible(self._file_id)
