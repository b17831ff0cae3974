"""The connections to one endpoint, made with the first call that takes them."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from semantic_assets.errors import ConfigError
from semantic_assets.gemini.credentials import DefaultCredentials
from semantic_assets.gemini.endpoint import Endpoint
from semantic_assets.model.catalog import AGENT_PLATFORM

if TYPE_CHECKING:
    import httpx2
    from google import genai
    from google.genai import types

    from semantic_assets.gemini.posts import Posts
    from semantic_assets.gemini.staging import Staging

CREATE_MS, QUICK_MS = 60_000, 15_000


class Connections:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def __del__(self) -> None:
        if (made := self.__dict__.get("transport")) is not None:
            made.close()

    def close(self) -> None:
        """Close the connections that were made; what is asked afterwards makes new ones."""
        self.__dict__.pop("posts", None)
        for name in ("client", "transport"):
            if (made := self.__dict__.pop(name, None)) is not None:
                made.close()

    @cached_property
    def transport(self) -> "httpx2.BaseTransport":
        """One for all: each transport loads the certificates of its own."""
        from semantic_assets.gemini.deadline import deadline_transport

        return deadline_transport()

    @cached_property
    def posts(self) -> "Posts":
        from semantic_assets.gemini.posts import Posts

        return Posts(self.endpoint, self.transport, CREATE_MS / 1_000)

    @cached_property
    def client(self) -> "genai.Client":
        # google.genai takes 0.5 CPU seconds to import: commands that send no job skip it.
        from google import genai

        if self.endpoint.backend == AGENT_PLATFORM:
            settings = self.endpoint.settings
            return genai.Client(
                enterprise=True,
                project=settings.agent_project,
                location=settings.agent_location,
                credentials=self.credentials.found,
                http_options=self._http_options("v1beta1", settings.agent_url),
            )
        version, url = self.endpoint.settings.gemini_api_version, self.endpoint.base_url()
        return genai.Client(
            api_key=self.endpoint.api_key(),
            vertexai=False,
            http_options=self._http_options(version, url),
        )

    def _http_options(self, version: str, base_url: str | None) -> "types.HttpOptions":
        from google.genai import types

        return types.HttpOptions(
            base_url=base_url,
            api_version=version,
            timeout=CREATE_MS,
            retry_options=types.HttpRetryOptions(attempts=1),
            client_args={"follow_redirects": False, "transport": self.transport},
        )

    @cached_property
    def credentials(self) -> DefaultCredentials:
        return DefaultCredentials()

    def sign_in(self) -> None:
        """Make sure of a token, so that a call that costs money does not stop for want of one."""
        self.credentials.token()

    @cached_property
    def staging(self) -> "Staging":
        """The staging place of the Agent Platform.

        Raises:
            ConfigError: none is set.
        """
        from semantic_assets.gemini.staging import Staging
        from semantic_assets.objects.bucket import Access

        settings = self.endpoint.settings
        if settings.agent_staging is None:
            raise ConfigError("SEMANTIC_ASSETS_AGENT_STAGING is not set")
        return Staging(settings.agent_staging, Access(self.credentials.token, settings.storage_url))


def quick(**more: Any) -> Any:
    """Return the options of a call that is answered at once."""
    return {"http_options": {"timeout": QUICK_MS}, **more}
