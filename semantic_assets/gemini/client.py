"""A client of one scope: its batch jobs, and answers in real time."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from semantic_assets.errors import CorruptResult
from semantic_assets.gemini.agent_platform import AgentPlatform
from semantic_assets.gemini.batch_service import BatchService
from semantic_assets.gemini.connections import Connections, quick
from semantic_assets.gemini.developer_api import DeveloperApi
from semantic_assets.gemini.embedding_calls import (
    call_groups,
    checked_vectors,
    embed_alone,
    embed_group,
)
from semantic_assets.gemini.endpoint import Endpoint, endpoint_of
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.model.catalog import AGENT_PLATFORM
from semantic_assets.model.space import EmbeddingSpace

_GENERATE_MS = 300_000


class Gemini:
    """A client of one scope. Connections and emulators start only with the first call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connections = Connections(endpoint)
        self._others: dict[str, Gemini] = {}

    def close(self) -> None:
        """Close the connections that were made."""
        self._connections.close()
        for other in self._others.values():
            other.close()

    def on(self, backend: str) -> "Gemini":
        """Return the client of another of Google's services, of the same settings.

        Raises:
            SetupError: these settings do not ask it, or what it needs is not set.
        """
        if backend == self.endpoint.backend:
            return self
        known = self._others.get(backend)
        # Two threads may make one each: nothing is connected before the first call.
        return known or self._others.setdefault(
            backend, Gemini(endpoint_of(self.endpoint.settings, backend))
        )

    @property
    def scope_id(self) -> str:
        return self.endpoint.scope_id

    @cached_property
    def batches(self) -> BatchService:
        """The service that runs batch jobs at this scope."""
        if self.endpoint.backend == AGENT_PLATFORM:
            return AgentPlatform(self._connections)
        return DeveloperApi(self._connections)

    @property
    def _models(self) -> str:
        """The folder of models in the names of methods."""
        is_platform = self.endpoint.backend == AGENT_PLATFORM
        return "publishers/google/models" if is_platform else "models"

    def _asking(self, method: Method) -> AbstractContextManager[None]:
        return translated(method, secret=self.endpoint.secret)

    def generate(self, model: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one generation request in real time, as the API's JSON.

        The body is the same as in a batch file's line; the SDK would write another.
        """
        from google.genai import types

        with self._asking(Method.ANSWER):
            answer = self._connections.client._api_client.request(
                "post",
                f"{self._models}/{model}:generateContent",
                request,
                types.HttpOptions(timeout=_GENERATE_MS),
            )
            found = orjson.loads(answer.body or "{}")
        return found if isinstance(found, dict) else {}

    def count_tokens(self, model: str, text: str) -> int:
        """Count the tokens of one text; embedding models answer too, and nothing is charged."""
        with self._asking(Method.ANSWER):
            answer = self._connections.client.models.count_tokens(
                model=model, contents=text, config=quick()
            )
            if not answer.total_tokens:
                raise CorruptResult(f"{model}: the answer to countTokens has no count")
            return answer.total_tokens

    def embed_queries(
        self, space: EmbeddingSpace, queries: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """Embed queries, as many a call as it takes; unit vectors, shape (n, dimensions)."""
        texts = [space.query_text(query) for query in queries]
        return self.on(space.backend)._embed(space, texts, space.query_task)

    def embed_documents(
        self, space: EmbeddingSpace, vector_texts: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """Embed texts in real time, as many a call as it takes; unit vectors (n, dimensions).

        Raises:
            IncompleteAnswer: a call answered fewer embeddings than asked; it may have been billed.
        """
        texts = [space.document_text(text) for text in vector_texts]
        return self.on(space.backend)._embed(space, texts, space.document_task)

    def embed_together(self, space: EmbeddingSpace, texts: Sequence[str]) -> int:
        """Return how many vectors one call of the SDK with several texts answers, to find out."""
        config = {
            "output_dimensionality": space.dimensions,
            "http_options": quick()["http_options"],
        }
        asked: Any = [space.document_text(text) for text in texts]
        with self._asking(Method.ANSWER):
            answer = self._connections.client.models.embed_content(
                model=space.model,
                contents=asked,
                config=config,  # type: ignore[arg-type]
            )
        return len(answer.embeddings or ())

    def _embedded(
        self, space: EmbeddingSpace, texts: Sequence[str], task: str | None
    ) -> list[npt.NDArray[np.float32]]:
        if self.endpoint.backend == AGENT_PLATFORM:
            return [embed_alone(self._connections.client, space, text, task) for text in texts]
        return embed_group(self._connections.posts, space, texts, task)

    def _embed(
        self, space: EmbeddingSpace, texts: Sequence[str], task: str | None
    ) -> npt.NDArray[np.float32]:
        vectors = [np.empty((0, space.dimensions), np.float32)]
        for group in call_groups(texts, str):
            with self._asking(Method.ANSWER):
                found = self._embedded(space, group, task)
            vectors.append(checked_vectors(space, group, found))
        return np.concatenate(vectors)
