"""Generation tasks: the request that a chat model gets for every document, as one identity."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semantic_assets.model.batch_job import JobKind
from semantic_assets.model.chat_models import listed_chat_model

#: Every task's id begins with this, which tells it from an embedding space's id.
TASK_PREFIX = "task="


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationTask:
    """All inputs of an answer except its document. Schema and config are JSON texts."""

    name: str
    backend: str
    model: str
    #: Fields of the document are in braces: see `batching.prompts`.
    prompt: str
    system_instruction: str | None = None
    #: A JSON Schema, its properties in their order; None: the answer is plain text.
    response_schema: str | None = None
    #: temperature, top_p, max_output_tokens, thinking_budget, ... as named by the API; canonical.
    generation_config: str = "{}"
    #: Images, audio and video are described; otherwise texts are read.
    is_media: bool = False
    # Without an annotation: no part of the identity.
    waits_for_answers = False
    wanted_columns = ("text_hash", "token_estimate", "refusal")

    @property
    def task_id(self) -> str:
        """The name with a digest of all fields: `task=summary-1a2b3c4d`."""
        parts = (getattr(self, name) for name in self.__dataclass_fields__)
        digest = hashlib.blake2b(repr(tuple(parts)).encode(), digest_size=6).hexdigest()
        return f"{TASK_PREFIX}{self.name}-{digest}"

    @property
    def product_id(self) -> str:
        """The id that jobs and folders of results carry."""
        return self.task_id

    @property
    def kind(self) -> JobKind:
        return JobKind.MEDIA_DESCRIPTION if self.is_media else JobKind.GENERATION

    @property
    def schema(self) -> dict[str, Any] | None:
        return None if self.response_schema is None else json.loads(self.response_schema)

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.generation_config)
        return found

    @property
    def max_output_tokens(self) -> int:
        limit: int = self.config.get(
            "max_output_tokens", listed_chat_model(self.model).max_output_tokens
        )
        return limit


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUse:
    """A dataset's use of a task's answers, and its limit on their cost."""

    #: Fields of the answer that precede the text of each chunk when it is embedded.
    vector_text: tuple[str, ...] = ()
    #: A field whose value becomes a separate document.
    documents: str | None = None
    #: Tokens reserved for an answer before the first answer came in.
    expected_output_tokens: int = 256
    max_cost_usd_per_day: float | None = None


def canonical(value: Any) -> str:
    """Return the same JSON text for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def in_order(schema: Mapping[str, Any]) -> str:
    """Return a schema as JSON; the model answers its properties in their order."""
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def is_task(product_id: str) -> bool:
    """Return whether a product id is that of a generation task."""
    return product_id.startswith(TASK_PREFIX)
