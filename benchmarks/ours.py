"""Ours in a process of its own: python -m benchmarks.ours VERB ROOT SETTINGS [COUNT].

VERB is `refresh`, or `ask` for COUNT questions over all datasets once everything is warm. What is
imported is imported before anything is measured.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401
import faiss  # noqa: F401
import google.genai  # noqa: F401
import httpcore2  # noqa: F401
import pyarrow.dataset  # noqa: F401

from benchmarks import child
from benchmarks.meter import Meter
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.search import search
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store

_QUESTIONS = "How is the {0}th {1} measured, and what is done when it is not right?"
_THINGS = ("gauge", "valve", "lamp", "pump", "scale", "filter", "mirror", "door", "cable", "belt")
_WARM = 5


@dataclass(frozen=True, slots=True)
class OurLake:
    """A lake over a folder of sources, at a tier; each verb runs in a new process."""

    folder: Path
    sources: Path
    url: str
    tier: int

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SEMANTIC_ASSETS_SOURCES": str(self.sources),
            "SEMANTIC_ASSETS_EMULATOR_URL": self.url,
            "SEMANTIC_ASSETS_TIER": str(self.tier),
        }

    @property
    def settings(self) -> Settings:
        return Settings.load(root=self.folder / "lake", environ=self.environ)

    def refresh(self) -> dict[str, Any]:
        return child.run("ours", "refresh", self.folder / "lake", json.dumps(self.environ))

    def ask(self, count: int) -> dict[str, Any]:
        return child.run("ours", "ask", self.folder / "lake", json.dumps(self.environ), count)


def main() -> None:
    root = Path(sys.argv[2])
    settings = Settings.load(root=root, environ=json.loads(sys.argv[3]))
    meter = Meter(root)
    if sys.argv[1] == "refresh":
        _refresh(settings, meter)
    else:
        _ask(settings, meter, int(sys.argv[4]))


def _refresh(settings: Settings, meter: Meter) -> None:
    with meter.measuring("all"), open_store(settings) as store:
        done = refresh(store, Gemini(endpoint_of(settings)), wait_minutes=60)
    if done.is_waiting:
        raise RuntimeError(done.summary)
    stored = sum(shard.ready for shard in done.embeddings)
    meter.tell(stored=stored, **done.stopwatch.cpu_seconds)


def _ask(settings: Settings, meter: Meter, count: int) -> None:
    """Each question is a new one: none is answered from what the last one left."""
    gemini = Gemini(endpoint_of(settings))
    with open_store(settings) as store:
        for number in range(count + _WARM):
            question = _QUESTIONS.format(number, _THINGS[number % len(_THINGS)])
            with meter.measuring("warm" if number < _WARM else "all"):
                found = search(store, gemini, question, k=10)
            assert found or found.told  # nothing may be close to a thing that no text names
    meter.tell()


if __name__ == "__main__":
    main()
