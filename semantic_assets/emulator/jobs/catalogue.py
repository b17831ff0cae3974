"""The models: their names, their input limits, and their limits of enqueued tokens.

Names, input limits and enqueued-token limits from copies of Google's pages of 2026. Limits of models
that its table does not name are those of their family.
"""

from dataclasses import dataclass
from enum import StrEnum

from semantic_assets.emulator.answers.vectors import FULL_DIMENSIONS
from semantic_assets.emulator.http.errors import model_not_supported


class Kind(StrEnum):
    """The kind of a model's answers."""

    EMBED = "embed"
    GENERATE = "generate"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model of the API."""

    name: str
    kind: Kind
    #: an embedding takes this much and drops the rest in silence
    input_token_limit: int
    #: across all active batches of one key, by tier
    enqueued_token_limits: dict[int, int]
    #: unit vectors at any dimension and no task types
    always_normalised: bool

    @property
    def has_usage(self) -> bool:
        """Whether embeddings come with usageMetadata in place of tokenCount (live captures)."""
        return self.kind is Kind.EMBED and self.always_normalised

    def normalises(self, dimensions: int) -> bool:
        """Return whether its vectors of this many dimensions have unit length."""
        return self.always_normalised or dimensions == FULL_DIMENSIONS


_EMBEDDING = {1: 500_000, 2: 5_000_000, 3: 10_000_000}
_FLASH = {1: 3_000_000, 2: 400_000_000, 3: 1_000_000_000}
_FLASH_LITE = {1: 10_000_000, 2: 500_000_000, 3: 1_000_000_000}
_PRO = {1: 5_000_000, 2: 500_000_000, 3: 1_000_000_000}
_CHAT = {
    "gemini-3.8-flash": _FLASH,
    "gemini-3.5-flash": _FLASH,
    "gemini-2.5-flash": _FLASH,
    "gemini-3.5-flash-lite": _FLASH_LITE,
    "gemini-3.1-flash-lite": _FLASH_LITE,
    "gemini-2.5-flash-lite": _FLASH_LITE,
    "gemini-3.1-pro-preview": _PRO,
    "gemini-2.5-pro": _PRO,
}
_EMBEDDERS = {"gemini-embedding-001": (2_048, False), "gemini-embedding-2": (8_192, True)}

_MODELS = {
    name: Model(
        name=name,
        kind=Kind.GENERATE,
        input_token_limit=1_048_576,
        enqueued_token_limits=limits,
        always_normalised=False,
    )
    for name, limits in _CHAT.items()
} | {
    name: Model(
        name=name,
        kind=Kind.EMBED,
        input_token_limit=input_limit,
        enqueued_token_limits=_EMBEDDING,
        always_normalised=normalised,
    )
    for name, (input_limit, normalised) in _EMBEDDERS.items()
}


def find_model(name: str, *, kind: Kind | None, version: str, method: str) -> Model:
    """Return the model of that name, if the method is one of its own; None: of every kind.

    Raises:
        GoogleError: 404, the same for an unknown model and for one that cannot do this.
    """
    model = _MODELS.get(name)
    if model is None or kind not in (None, model.kind):
        raise model_not_supported(name, version, method)
    return model


def known_model(name: str) -> Model:
    """Return the model of a job that was accepted."""
    return _MODELS[name]
