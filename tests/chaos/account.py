"""The account between the ledger and the emulator: what was charged, booked, told and given up."""

import json
from collections import Counter

import httpx2
import sqlalchemy as sa

from semantic_assets.ledger.money.spend_totals import POSSIBLY_BILLED, REALTIME
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.pipeline.costs.budgets import UPPER
from semantic_assets.store import Store
from tests.chaos.incidents import needs_recovery
from tests.chaos.scenarios import Scenario
from tests.chaos.world import KEYS, World

#: The ledger has an estimate of what real-time calls cost: their answers do not tell.
_ESTIMATE_MARGIN = 1 / UPPER
#: A text is tried three times, and as often once a person has retried it, halvings aside.
_MOST_SENDS = 12
#: Files named as the jobs that a person gave up.
GIVEN_UP = "given-up"
#: Half of what one listing of 10,000 pages takes.
_MOST_LISTINGS = 5_000


def charged_usd(world: World) -> float:
    """What Google charges for texts until now."""
    model, bill = world.settings.model, world.control("bill")
    batch = batch_usd(model, sum(bill["tokens_of"].values()))
    return batch + realtime_usd(model, bill["realtime_tokens"])


def unbilled_calls(world: World, store: Store, scenario: Scenario) -> int:
    """Tokens of real-time calls that are in no booking, certain or possible."""
    if needs_recovery(scenario.mishap):
        return 0  # booked by a ledger that is lost
    charged = world.control("bill")["realtime_tokens"]
    with store.ledger.database.read() as connection:
        booked = connection.execute(
            sa.text("SELECT sum(tokens) FROM spend WHERE kind IN (:certain, :possible)"),
            {"certain": REALTIME, "possible": POSSIBLY_BILLED},
        ).scalar()
    return max(0, round(charged * _ESTIMATE_MARGIN) - int(booked or 0))


def hammered(world: World) -> int:
    """Texts that were sent again and again, and listings without an end."""
    sent: Counter[str] = Counter()
    state = world.control("state")
    for job in state["jobs"]:
        name = job["name"].removeprefix("batches/")
        lines = httpx2.get(f"{world.url}/emulator/jobs/{name}/texts", timeout=30).text
        sent.update(json.loads(line)["key"] for line in lines.split("\n") if line)
    calls = state["calls"]
    listings = int(calls.get("batches.list", 0)) + int(calls.get("batchPredictionJobs.list", 0))
    return sum(times > _MOST_SENDS for times in sent.values()) + (listings > _MOST_LISTINGS)


def undone(world: World, store: Store) -> int:
    """Jobs that were given up twice, or taken back though a person had given them up."""
    by_hand = {path.name for path in (world.folder / GIVEN_UP).glob("*")}
    wrong = 0
    for job in store.ledger.jobs.list():
        moves = [move.to_state for move in store.ledger.jobs.events(job.job_id)]
        is_undone = job.job_id in by_hand and moves[-1] != JobState.ABANDONED
        wrong += moves.count(JobState.ABANDONED) > 1 or is_undone
    return wrong


def secrets(world: World, store: Store) -> int:
    """Places in which a key stands that people, backups and logs get to see."""
    texts = [path.read_text(errors="replace") for path in world.folder.glob("*.txt")]
    with store.ledger.database.read() as connection:
        tables = sa.inspect(connection).get_table_names()
        for table in tables:
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()
            texts.append(repr(rows))
    return sum(key in text for text in texts for key in KEYS)
