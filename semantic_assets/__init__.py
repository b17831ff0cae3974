"""Embeddings of large, living corpora through the Gemini Batch API, as Dagster assets."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semantic_assets.library import connect, estimate, refresh, search, search_many, status

__all__ = ["connect", "estimate", "refresh", "search", "search_many", "status"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `semantic-assets --help` and the emulator do not import DuckDB and Arrow.
    if name in __all__:
        from semantic_assets import library

        return getattr(library, name)
    raise AttributeError(f"module 'semantic_assets' has no attribute {name!r}")
