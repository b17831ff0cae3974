"""The connections to one endpoint, made with the first call that takes them."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from semantic_assets.gemini.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx2
    from google import genai

    from semantic_assets.gemini.posts import Posts

CREATE_MS, QUICK_MS = 60_000, 15_000


class Connections:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def __del__(self) -> None:
        if (made := self.__dict__.get("transport")) is not None:
            made.close()

    def close(self) -> None:
        """Close the connections that were made; `__del__` closes those of nobody any more."""
        if (made := self.__dict__.get("client")) is not None:
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
        from google.genai import types

        return genai.Client(
            api_key=self.endpoint.api_key(),
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self.endpoint.base_url(),
                api_version=self.endpoint.settings.gemini_api_version,
                timeout=CREATE_MS,
                retry_options=types.HttpRetryOptions(attempts=1),
                client_args={"follow_redirects": False, "transport": self.transport},
            ),
        )


def quick(**more: Any) -> Any:
    """Return the options of a call that is answered at once."""
    return {"http_options": {"timeout": QUICK_MS}, **more}
