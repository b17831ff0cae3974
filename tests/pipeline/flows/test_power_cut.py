"""What a power cut takes back of the ledger is made again: nothing is lost, nothing is sent twice.

On SQLite the marks of a stage wait for the next transaction that is synced. A cut leaves the ledger
as it was before some of them, with the files of the lake as they are.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.search.search import search
from semantic_assets.store import Store
from tests.trial import Trial

SHARD = ShardKey(DatasetKey("acme", "birds"), 0)
STAGES: dict[str, Callable[[Store], object]] = {
    "documents": lambda store: read_documents(store, SHARD),
    "chunks": lambda store: chunk_documents(store, SHARD),
    "embeddings": lambda store: assemble(store, SHARD),
}


def copied(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(to)) as other:
        one.backup(other)


def cut(trial: Trial, before: Path) -> Trial:
    """Return the world with the ledger as it was; files and jobs are as they are."""
    ledger = trial.settings.root / layout.LEDGER_FILE
    trial.store.close()
    for path in ledger.parent.glob(f"{ledger.name}*"):
        path.unlink()
    copied(before, ledger)
    return trial.reopened()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_whose_marks_are_lost_is_done_again_at_no_cost(
    trial: Trial, tmp_path: Path, stage: str
) -> None:
    for name in ("owl", "wren", "tern"):
        trial.write(f"acme/birds/{name}.md", f"# The {name}\n\nThe {name} is seen at dusk.")
    trial.refresh()
    (trial.settings.sources / "acme/birds/tern.md").unlink()
    discover(trial.store)
    for name, done in STAGES.items():
        if name == stage:
            copied(trial.settings.root / layout.LEDGER_FILE, tmp_path / "before")
        done(trial.store)
        if name == stage:
            break
    held = table_of(trial, stage)
    after = cut(trial, tmp_path / "before")
    report = after.refresh()
    assert not report.is_waiting
    assert table_of(after, stage) == held
    assert set(after.sent().values()) == {1}
    found = {hit.uri for hit in search(after.store, after.gemini, "birds at dusk", k=9)}
    assert found == {"acme/birds/owl.md", "acme/birds/wren.md"}
    after.store.close()


def table_of(trial: Trial, stage: str) -> list[str]:
    space = trial.store.serving_space(SHARD.dataset).space_id
    path = {
        "documents": layout.documents(SHARD),
        "chunks": layout.chunks(SHARD),
        "embeddings": layout.embeddings(space, SHARD),
    }[stage]
    found: list[str] = trial.store.lake.read(path, ["document_id"])["document_id"].to_pylist()
    return found
