"""Calls of which body and answer are ours: made without the SDK, which takes 0.5 CPU s to import.

A command that asks one question needs nothing else of it. What such a call answers but 200 is read by
the SDK, so that a refusal means the same whoever asked.
"""

import json
from typing import Any

import httpx2

from semantic_assets.gemini.endpoint import Endpoint

_KEY_HEADER = "x-goog-api-key"


class Posts:
    """Posts JSON to the methods of one endpoint.

    Args:
        transport: shared with the SDK's client: each loads the certificates of its own.
    """

    def __init__(
        self, endpoint: Endpoint, transport: httpx2.BaseTransport, timeout_seconds: float
    ) -> None:
        version = endpoint.settings.gemini_api_version
        self._client = httpx2.Client(
            base_url=f"{endpoint.base_url().rstrip('/')}/{version}/",
            headers={_KEY_HEADER: endpoint.api_key(), "Content-Type": "application/json"},
            timeout=timeout_seconds,
            follow_redirects=False,
            transport=transport,
        )

    def post(self, method: str, body: dict[str, Any]) -> bytes:
        """Call a method, as `models/MODEL:batchEmbedContents`, and return its answer.

        Raises:
            google.genai.errors.APIError: the call was refused.
        """
        answer = self._client.post(method, content=json.dumps(body).encode())
        if answer.status_code != httpx2.codes.OK:
            from google.genai import errors

            errors.APIError.raise_for_response(answer)
        return answer.content
