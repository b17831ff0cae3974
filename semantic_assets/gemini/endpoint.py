"""The endpoint of a client, Google or an emulator. The ledger identifies it by its scope."""

import errno
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import SetupError
from semantic_assets.model.catalog import AGENT_PLATFORM, SERVICES, is_charged
from semantic_assets.settings.settings import PREFIX, Settings

#: The emulator needs a key and accepts any.
_EMULATOR_KEY = "emulator"

_embedded: dict[Path, str] = {}
_embedded_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A base URL and a key; `scope_id` ties jobs to them and holds no secret."""

    backend: str
    identity: str
    scope_id: str
    settings: Settings

    def base_url(self) -> str:
        """Return the URL to call; the first call starts an embedded emulator."""
        if self.backend == AGENT_PLATFORM:
            return self.settings.agent_url or self.identity
        if self.backend == "gemini":
            return self.settings.gemini_url
        return self.settings.emulator_url or _serve_embedded(self.settings)

    @property
    def secret(self) -> str | None:
        """The key that no text from outside may bring back in; the emulator's is none."""
        return self.settings.api_key if self.backend == "gemini" else None

    def api_key(self) -> str:
        """Return the key to send.

        Raises:
            SetupError: the backend is Google and there is no key.
        """
        if self.backend == "emulator":
            return _EMULATOR_KEY
        if not self.settings.api_key:
            raise SetupError(f"{PREFIX}BACKEND=gemini needs GEMINI_API_KEY (or GOOGLE_API_KEY)")
        return self.settings.api_key


def endpoint_of(settings: Settings, backend: str | None = None) -> Endpoint:
    """Return the endpoint of a backend; None: of the settings' own.

    Raises:
        SetupError: these settings do not ask it: it costs, or what it needs is not set.
    """
    backend = backend or settings.backend
    if backend not in settings.services:
        raise SetupError(unasked(settings, backend))
    if backend == AGENT_PLATFORM:
        place = f"projects/{settings.agent_project}/locations/{settings.agent_location}"
        identity, key = f"{settings.agent_url or ''}/{place}".lstrip("/"), ""
    elif backend == "gemini":
        identity, key = settings.gemini_url, settings.api_key or ""
    else:
        # Embedded servers use a new port each time; only the directory stays the same.
        identity, key = settings.emulator_url or str(settings.emulator_dir), _EMULATOR_KEY
    digest = hashlib.blake2b(
        f"{backend}\x1f{identity}".encode(),
        key=hashlib.blake2b(key.encode(), digest_size=32).digest(),
        digest_size=6,
    )
    return Endpoint(backend, identity, digest.hexdigest(), settings)


def scopes_of(settings: Settings) -> list[str]:
    """Return the scopes of the backends that these settings may ask."""
    return [endpoint_of(settings, backend).scope_id for backend in settings.services]


def unasked(settings: Settings, backend: str) -> str:
    """Return why the settings do not ask a backend, and what to set."""
    is_service = is_charged(settings.backend) and backend in SERVICES
    if is_service and (missing := settings.missing_for(backend)):
        return f"the backend {backend} is not set up: set {' and '.join(missing)}"
    return f"the settings are on {settings.backend}: set {PREFIX}BACKEND={backend}"


def serve_emulator(
    settings: Settings,
    *,
    port: int,
    latency_seconds: float | None,
    tier: int | None,
    on_ready: Callable[[str], None],
) -> None:
    """Serve the emulator of these settings until interrupted; None keeps a stored value.

    Raises:
        SetupError: the port is in use.
    """
    from semantic_assets.emulator.server import serve_forever
    from semantic_assets.emulator.settings import Choices

    choices = Choices(tier=tier, latency_seconds=latency_seconds, vectors=None)
    try:
        serve_forever(settings.emulator_dir, choices, port=port, on_ready=on_ready)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SetupError(f"port {port} is in use: name another one with --port") from error


def _serve_embedded(settings: Settings) -> str:
    from semantic_assets.emulator.server import serve_in_thread

    with _embedded_lock:
        if settings.emulator_dir not in _embedded:
            running = serve_in_thread(
                settings.emulator_dir,
                tier=settings.tier,
                latency_seconds=settings.emulator_latency_seconds,
            )
            _embedded[settings.emulator_dir] = running.base_url
        return _embedded[settings.emulator_dir]
