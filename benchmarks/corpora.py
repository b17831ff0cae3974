"""Where the corpora of a benchmark are, and a scratch lake to run them in."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow.parquet as pq

from benchmarks.generator import SCHEMA, write_articles
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

WORK = Path(__file__).parent / ".work"
_CHARS, _SEED = 8_700, 11


def corpora_folder() -> Path | None:
    """The folder named by CORPORA, if it is there."""
    folder = Path(os.environ.get("CORPORA", "")).expanduser().resolve()
    return folder if os.environ.get("CORPORA") and folder.is_dir() else None


def articles(sources: Path, count: int) -> Path:
    """The first articles of the corpus as one source file, or as many generated ones."""
    path = sources / "bench" / "articles" / "articles.parquet"
    corpora = corpora_folder()
    if corpora is None:
        write_articles(path, articles=count, chars=_CHARS, seed=_SEED)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pq.read_table(corpora / "manuals.parquet", columns=SCHEMA.names).slice(0, count)
    pq.write_table(table, path)
    return path


@dataclass(frozen=True, slots=True)
class Bench:
    store: Store
    gemini: Gemini


@contextmanager
def scratch(
    name: str,
    sources: dict[str, Path],
    emulator_url: str,
    *,
    tier: int = 3,
    clock: Callable[[], float] = time.time,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Bench]:
    """A new lake over `sources` (path below the source root -> file), removed first."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    for uri, file in sources.items():
        target = folder / "sources" / uri
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file)
    settings = Settings.load(
        root=folder / "lake",
        environ={
            "SEMANTIC_ASSETS_SOURCES": str(folder / "sources"),
            "SEMANTIC_ASSETS_EMULATOR_URL": emulator_url,
            "SEMANTIC_ASSETS_FOLLOW_LINKS": "true",
            "SEMANTIC_ASSETS_TIER": str(tier),
            **environ,
        },
    )
    with open_store(settings, clock=clock) as store:
        yield Bench(store, Gemini(endpoint_of(settings)))
