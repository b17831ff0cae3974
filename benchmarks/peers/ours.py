"""Ours: `refresh` of the articles as a source file."""

from pathlib import Path

import faiss  # noqa: F401  imported here so that nobody's imports are counted
import google.genai  # noqa: F401
import httpcore2  # noqa: F401
import pyarrow.dataset  # noqa: F401

from benchmarks.peers.meter import report
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store


def ingest(articles: Path, folder: Path, url: str) -> int:
    settings = Settings.load(
        root=folder / "lake",
        environ={
            "SEMANTIC_ASSETS_SOURCES": str(articles.parents[2]),
            "SEMANTIC_ASSETS_EMULATOR_URL": url,
            "SEMANTIC_ASSETS_TIER": "3",
        },
    )
    with open_store(settings) as store:
        done = refresh(store, Gemini(endpoint_of(settings)), wait_minutes=60)
    if done.is_waiting:
        raise RuntimeError(done.summary)
    return sum(shard.ready for shard in done.embeddings)


if __name__ == "__main__":
    report(ingest)
