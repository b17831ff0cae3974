"""Processes that search while others edit, and builds that are killed; run in real processes."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.index.words.question_terms import terms_of
from semantic_assets.ledger.index_versions import IndexVersions
from semantic_assets.model.keys import DatasetKey, Scope
from semantic_assets.pipeline.flows.refresh import refresh
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.search.search_hit import SearchHit
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.pipeline.vector_index.switch import rollback
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from tests.chaos.steps import Blow, install

DATASET = DatasetKey("acme", "manuals")
DOCUMENTS = 12
_WORDS = ["valve", "pump", "dome", "mirror", "buoy", "anchor", "lamp", "crane"]


def text_of(number: int, version: int) -> str:
    """Every paragraph names its version, and stands elsewhere in each version."""
    paragraphs = [
        f"Version {version} of document {number}, paragraph {place}. "
        + " ".join(_WORDS[(place + number + word) % 8] for word in range(250))
        for place in range(2 + version % 3)
    ]
    return "\n\n".join([f"Preface of {'x' * (version * 7)}.", *paragraphs])


def write_documents(sources: Path, version: int) -> None:
    for number in range(DOCUMENTS):
        path = sources / "acme/manuals" / f"{number:02d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(number, version))


def edit_or_search(number: int, settings: Settings, versions: int) -> list[str]:
    """Process 0 edits and indexes; the others search until it is done. Returns what is wrong."""
    done = settings.root / "done"
    if number:
        return _search_until(settings, done)
    try:
        for version in range(2, versions + 1):
            write_documents(settings.sources, version)
            settle(settings)
    finally:
        done.touch()
    return []


def settle(settings: Settings) -> None:
    """Bring what is in the sources to the index."""
    with open_store(settings) as store:
        refresh(
            store,
            Gemini(endpoint_of(settings)),
            wait_minutes=2,
            sleep=lambda _: time.sleep(0.05),
        )


def _search_until(settings: Settings, done: Path) -> list[str]:
    gemini, wrong, searches, seen = Gemini(endpoint_of(settings)), [], 0, set[int]()
    with open_store(settings) as store:
        while not done.exists() or not searches:
            hits = search(store, gemini, "valve pump dome mirror", k=30)
            versions = {_version(hit.text) for hit in hits}
            wrong += [f"{len(hits)} hits of versions {versions}"] if len(versions) != 1 else []
            wrong += [f"{hit.uri}: {hit.text[:60]}" for hit in hits if not _agrees(hit)]
            wrong += _wrong_words(store)
            searches += 1
            seen |= versions
            time.sleep(0.02)  # else four of them leave the writer and the emulator no processor
    return [*wrong[:3], *([] if len(seen) > 1 else [f"only {seen} in {searches} searches"])]


def _wrong_words(store: Store) -> list[str]:
    """Search the serving version by words alone: rows that have one, all of one version."""
    index = searched_of(store).selection(store, Scope((DATASET,))).opened[0].index
    assert index.words is not None
    terms = terms_of("valve pump dome mirror")
    hits = index.words.best(terms, index.words.counts(terms), 30)
    texts = [str(row["text"]) for row in index.rows([row for row, _ in hits])]
    versions = {_version(text) for text in texts}
    wrong = [f"{len(hits)} rows of versions {versions}"] if len(versions) != 1 else []
    return wrong + [
        f"no such word: {text[:60]}" for text in texts if not set(_WORDS) & set(text.split())
    ]


def _version(text: str) -> int:
    """Of a chunk of the text; the preface is told by its length."""
    if "Version " in text:
        return int(text.partition("Version ")[2].split()[0])
    return text.count("x") // 7


def _agrees(hit: SearchHit) -> bool:
    text = text_of(int(hit.file_name[:2]), _version(hit.text))
    return text[hit.start_char : hit.end_char] == hit.text


def build_and_die(settings: Settings, blow: Blow) -> None:
    """The blow kills this process somewhere in a build."""
    install(blow)
    with open_store(settings) as store:
        build_index(store, DATASET)


def roll_back_and_die(settings: Settings, when: str) -> None:
    """Killed right before or right after the pointer moves."""
    switch_back = IndexVersions.switch_back

    def struck(*arguments: Any, **named: Any) -> None:
        if when == "after":
            switch_back(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    IndexVersions.switch_back = struck  # type: ignore[method-assign]
    with open_store(settings) as store:
        rollback(store, DATASET)
