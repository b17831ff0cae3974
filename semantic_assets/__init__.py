"""Embeddings of large, living corpora through the Gemini Batch API, as Dagster assets."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semantic_assets.api.functions import (
        connect,
        estimate,
        export,
        refresh,
        search,
        search_many,
        status,
    )
    from semantic_assets.api.semantic_core import SemanticCore
    from semantic_assets.model.document import Document
    from semantic_assets.orchestration.build import build_definitions
    from semantic_assets.orchestration.component import CorpusComponent

#: The module of each name; imported when the name is first used.
_HOMES = {
    "CorpusComponent": "orchestration.component",
    "Document": "model.document",
    "SemanticCore": "api.semantic_core",
    "build_definitions": "orchestration.build",
    "connect": "api.functions",
    "estimate": "api.functions",
    "export": "api.functions",
    "refresh": "api.functions",
    "search": "api.functions",
    "search_many": "api.functions",
    "status": "api.functions",
}

__all__ = [
    "CorpusComponent",
    "Document",
    "SemanticCore",
    "build_definitions",
    "connect",
    "estimate",
    "export",
    "refresh",
    "search",
    "search_many",
    "status",
]


def __getattr__(name: str) -> Any:
    # Lazy, so that `semantic-assets --help` and the emulator do not import DuckDB and Arrow.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"semantic_assets.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'semantic_assets' has no attribute {name!r}")


def __dir__() -> list[str]:
    # `dg list components` looks for components among these.
    return sorted({*globals(), *__all__})
