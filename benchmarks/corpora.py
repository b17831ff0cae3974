"""Where the corpora of a benchmark are, and a scratch lake to run them in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.config import Settings
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.store import Store, open_store

WORK = Path(__file__).parent / ".work"


def corpora_folder() -> Path | None:
    """The folder named by CORPORA, if it is there."""
    folder = Path(os.environ.get("CORPORA", "")).expanduser().resolve()
    return folder if os.environ.get("CORPORA") and folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class Bench:
    store: Store
    gemini: Gemini


@contextmanager
def scratch(name: str, sources: dict[str, Path], emulator_url: str) -> Iterator[Bench]:
    """A new lake over `sources` (path below the source root -> file), removed first."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    for uri, file in sources.items():
        target = folder / "sources" / uri
        target.parent.mkdir(parents=True)
        target.symlink_to(file)
    environ = {
        "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
        "SEMANTIC_ASSETS_EMULATOR_URL": emulator_url,
        "SEMANTIC_ASSETS_TIER": "3",
    }
    settings = Settings.load(root=folder / "lake", environ=environ)
    with open_store(settings) as store:
        yield Bench(store, Gemini(endpoint_of(settings)))
