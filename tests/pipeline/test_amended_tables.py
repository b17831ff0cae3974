"""A shard whose tables are amended by amendments holds what one written whole holds."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.search.search import search
from tests.trial import Trial, opened_trial

DATASET = DatasetKey("acme", "docs")
SHARD = ShardKey(DATASET, 0)
#: What tells where a row came from, and not what it says.
_ORIGIN = ("source_fingerprint", "batch_job_id", "attempts")
WORDS = [
    "valve",
    "pump",
    "torque",
    "bearing",
    "seal",
    "gasket",
    "rotor",
    "shaft",
    "flange",
    "bolt",
    "hose",
    "filter",
]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Trial, Trial]]:
    """The same world twice: one amends each table, the other writes it whole."""
    with (
        ThreadPoolExecutor() as background,
        opened_trial(tmp_path / "amended", "computable", background) as amended,
        opened_trial(tmp_path / "whole", "computable", background) as whole,
    ):
        yield (
            amended.reopened(amended_from_mb=0),
            whole.reopened(amended_from_mb=10_000),
        )


def text(rng: random.Random) -> str:
    paragraphs = (" ".join(rng.choices(WORDS, k=60)) + "." for _ in range(rng.randint(1, 4)))
    return "# Part\n\n" + "\n\n".join(paragraphs)


class Corpus:
    """Files and a file of records, edited at random."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.files = {f"{n}.md": text(self.rng) for n in range(30)}
        self.records = {f"r{n}": text(self.rng) for n in range(30)}
        self.plain = [text(self.rng) for _ in range(4)]  # records without an id

    def edit(self) -> None:
        for held in (self.files, self.records):
            name = self.rng.choice(sorted(held))
            held[name] = text(self.rng)
            del held[self.rng.choice(sorted(held))]
            held[f"new{self.rng.random()}.md"] = text(self.rng)
        self.rng.shuffle(self.plain)
        self.plain[0] = text(self.rng)
        if self.rng.random() < 0.3:
            self.plain.append(self.plain[-1])

    def write(self, trial: Trial) -> None:
        folder = trial.settings.sources / "acme/docs"
        for path in folder.glob("*.md") if folder.exists() else ():
            if path.name not in self.files:
                path.unlink()
        for name, content in self.files.items():
            path = folder / name
            if not path.exists() or path.read_text() != content:
                trial.write(f"acme/docs/{name}", content)
        lines = [json.dumps({"id": name, "text": one}) for name, one in self.records.items()]
        trial.write("acme/docs/records.jsonl", "\n".join(lines))
        trial.write("acme/docs/plain.jsonl", "\n".join(json.dumps({"text": t}) for t in self.plain))


def rows(trial: Trial, path: str) -> list[dict[str, Any]]:
    table = trial.store.lake.read(path).drop_columns(
        [name for name in _ORIGIN if name in trial.store.lake.open(path).schema_arrow.names]
    )
    found: list[dict[str, Any]] = table.to_pylist()
    return sorted(found, key=lambda row: json.dumps(row, default=str))


def answers(trial: Trial, question: str) -> list[tuple[str, str]]:
    found = search(trial.store, trial.gemini, question, datasets=(DATASET,), k=5)
    return [(hit.uri, hit.text) for hit in found]


def seen_by_sql(trial: Trial) -> list[tuple[Any, ...]]:
    with connect(trial.store) as connection:
        query = "SELECT chunk_id, status FROM chunk_status ORDER BY chunk_id"
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("seed", range(3))
def test_amended_tables_are_those_written_whole(pair: tuple[Trial, Trial], seed: int) -> None:
    amended, whole = pair
    corpus = Corpus(seed)
    most = 0
    for step in range(6):
        for trial in pair:
            corpus.write(trial)
            trial.refresh()
        space = amended.store.serving_space(DATASET).space_id
        tables = layout.documents(SHARD), layout.chunks(SHARD), layout.embeddings(space, SHARD)
        for path in tables:
            assert rows(amended, path) == rows(whole, path), (step, path)
            assert not whole.store.lake.exists(layout.amendment(path, 1))
            most = max(
                most, sum(amended.store.lake.exists(layout.amendment(path, n)) for n in (1, 2))
            )
        assert amended.sent() == whole.sent()
        assert set(amended.sent().values()) == {1}
        assert seen_by_sql(amended) == seen_by_sql(whole)
        for question in ("torque of the valve", "hose and filter"):
            assert answers(amended, question) == answers(whole, question)
        corpus.edit()
    assert most >= 1
