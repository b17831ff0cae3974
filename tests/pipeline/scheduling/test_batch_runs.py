"""What a tick and a plan ask the ledger does not grow with the shards they find as they were."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from semantic_assets.ledger.sources import placement
from semantic_assets.pipeline.documents import slice_reader
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.pending.products import settled_shards
from semantic_assets.pipeline.scheduling.batch_runs import embeddings_request, watch
from semantic_assets.store import Store
from tests.trial import Trial

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
    trial: Trial, wait_minutes: float
) -> None:
    write(trial, 2)
    trial.refresh(wait_minutes=wait_minutes)
    few = questions(trial)
    other = trial.reopened(root=trial.settings.root.with_name("other"))
    with other.store:
        (trial.settings.sources / "acme/d2/all.jsonl").unlink()
        write(other, 9)
        other.store.ledger.register_beside(trial.store.ledger.ledger_id)
        other.refresh(wait_minutes=wait_minutes)
        assert len(other.store.ledger.sources.shards()) == 9
        assert questions(other) == few
