"""What a tick and a plan ask the ledger does not grow with the shards they find as they were."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from semantic_assets.ledger.sources import placement
from semantic_assets.pipeline.documents import slice_reader
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.pipeline.scheduling.batch_runs import embeddings_request, watch
from semantic_assets.store import Store
from tests.trial import Trial, opened_trial

_DOCUMENTS = 4


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (placement, slice_reader):
        monkeypatch.setattr(module, "SHARD_MAX_DOCUMENTS", _DOCUMENTS)


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    engine = store.ledger.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)


def write(trial: Trial, shards: int) -> None:
    rows = (
        json.dumps({"id": f"{shards}-{n}", "text": f"Text {n} of {shards}."})
        for n in range(shards * _DOCUMENTS)
    )
    trial.write(f"acme/d{shards}/all.jsonl", "\n".join(rows) + "\n")


def questions(trial: Trial) -> tuple[int, int]:
    """Of a tick, and of an advance that finds nothing to do."""
    store = trial.store
    for shard in settled_shards(store):  # their runs have ended
        store.ledger.requests.done(*embeddings_request(store, shard))
    for _ in range(2):  # the first may have something to note
        with asked(store) as tick:
            watch(store, trial.gemini)
        with asked(store) as plan:
            advance(store, trial.gemini)
    return len(tick), len(plan)


@pytest.mark.parametrize("wait_minutes", [0.0, 60.0], ids=["in flight", "settled"])
def test_the_ledger_is_asked_as_often_for_many_shards_as_for_few(
    tmp_path: Path, background: ThreadPoolExecutor, wait_minutes: float
) -> None:
    found = []
    for shards in (2, 9):  # each has a service of its own: jobs of others on a key are noted
        with opened_trial(tmp_path / str(shards), "computable", background) as trial:
            write(trial, shards)
            trial.refresh(wait_minutes=wait_minutes)
            assert len(trial.store.ledger.sources.shards()) == shards
            found.append(questions(trial))
    assert found[0] == found[1]
