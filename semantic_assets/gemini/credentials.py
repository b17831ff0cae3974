"""Google's own default credentials, as tokens; nothing of them is logged or stored.

`GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth application-default login` and the machine's own
account are found by google-auth, in its order.
"""

import threading
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from semantic_assets.errors import GeminiUnavailable, SetupError
from semantic_assets.text.foreign import scrub_error, scrubbed

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


#: What a person does about credentials that are gone or no longer taken.
_SIGN_IN = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to the file "
    "of an account"
)


class DefaultCredentials:
    """The credentials of whoever runs this process, found when they are first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def found(self) -> "Credentials":
        """Return google-auth's own object, which the SDK takes.

        Raises:
            SetupError: there are none.
        """
        import google.auth
        from google.auth import exceptions

        try:
            credentials, _ = google.auth.default(scopes=_SCOPES)
        except exceptions.GoogleAuthError as error:
            scrub_error(error)
            raise SetupError(f"no credentials of Google Cloud were found: {_SIGN_IN}") from error
        return credentials

    def token(self) -> tuple[str, float]:
        """Return a token that is valid now, and when it ends, in seconds since 1970.

        Raises:
            GeminiUnavailable: none can be had; nothing was sent.
        """
        from google.auth import exceptions
        from google.auth.transport.requests import Request

        credentials: Any = self.found
        with self._lock:
            if not credentials.valid:
                try:
                    credentials.refresh(Request())
                except exceptions.GoogleAuthError as error:
                    scrub_error(error)
                    said = f"no access token: {scrubbed(str(error))[:200]}"
                    raise GeminiUnavailable(said + _cure(error), sent=False) from error
            return credentials.token, credentials.expiry.replace(tzinfo=UTC).timestamp()


def _cure(error: Exception) -> str:
    """Return what to do if asking again does not help: the account is gone, or its grant."""
    return "" if getattr(error, "retryable", False) else f"; {_SIGN_IN}"
