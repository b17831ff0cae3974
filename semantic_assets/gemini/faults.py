"""Translation of Google's errors to ours: the type tells if it is permanent or created anything."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from semantic_assets.errors import (
    GeminiUnavailable,
    RateLimited,
    RemoteMissing,
    RequestRejected,
    ScopePaused,
    SemanticAssetsError,
)

_MESSAGE_LIMIT = 500


@contextmanager
def translated(*, creating: bool = False) -> Iterator[None]:
    """Translate errors of SDK calls; with `creating`, the call may have made a paid job."""
    import httpx2
    from google.genai import errors

    try:
        yield
    except SemanticAssetsError:
        raise
    except errors.APIError as error:
        raise _of_answer(error, creating=creating) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise GeminiUnavailable(f"cannot connect: {error}", sent=False) from error
    except (httpx2.TransportError, TimeoutError, OSError) as error:
        raise GeminiUnavailable(f"{type(error).__name__}: {error}") from error
    except ValueError as error:  # JSON or pydantic: an answer came, but cannot be read
        raise GeminiUnavailable(f"unreadable answer: {error}"[:_MESSAGE_LIMIT]) from error


def _of_answer(error: Any, *, creating: bool) -> SemanticAssetsError:
    code = int(error.code or 0)
    text = f"{code} {error.status or ''}: {error.message or 'no message'}"[:_MESSAGE_LIMIT]
    if code == 429:
        return RateLimited(text)
    if code == 404 or (code == 403 and not creating and "file" in text.lower()):
        # A file that is missing, expired or owned by another key answers 403.
        return RemoteMissing(text)
    if code == 400 and error.status == "INVALID_ARGUMENT" and not _is_about_the_key(error):
        return RequestRejected(text)
    if 400 <= code < 500 and code != 408:
        return ScopePaused(text)
    return GeminiUnavailable(text)


def _is_about_the_key(error: Any) -> bool:
    """Return whether an error is about the key: an invalid key is a 400 INVALID_ARGUMENT too."""
    body = error.details if isinstance(error.details, Mapping) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, Mapping) else None
    reasons = {item.get("reason") for item in details or [] if isinstance(item, Mapping)}
    return "API_KEY_INVALID" in reasons or "API key" in str(error.message)
