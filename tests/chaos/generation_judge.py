"""The verdict on what tasks were asked: whose answer each document has, and stands with."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from semantic_assets.batching.generation_requests import Ask, request_of
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import ParseStatus
from semantic_assets.model.task import GenerationTask
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.product_kinds.generation_kind import CALLS_AT_ONCE
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.store import Store
from tests.chaos.corpus import REWORDED, pictured
from tests.chaos.incidents import needs_recovery
from tests.chaos.scenarios import End, Scenario
from tests.chaos.world import World


@dataclass(frozen=True, slots=True)
class Generated:
    """Counts; all must be 0."""

    #: Documents without exactly one final row, and failures without a reason.
    lost: int = 0
    #: Answers to another prompt, and chunks that do not stand with their own document's.
    misplaced: int = 0
    #: READY answers that do not obey their schema.
    ill_formed: int = 0
    #: Requests answered in real time and before, but for those a killed process had out.
    paid_twice: int = 0
    #: Texts that were embedded and that no chunk stands with: cut before their answer was there.
    needless: int = 0
    #: Pictures that are left at the remote, and notes of them in the lake.
    media_left: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A document that was asked, and its rows."""

    uri: str
    task: GenerationTask
    rows: list[dict[str, Any]]

    @property
    def is_lost(self) -> bool:
        if len(self.rows) != 1:
            return True
        row = self.rows[0]
        is_told = row["status"] == "FAILED" and row["error_message"] and row["error_code"]
        return not (row["status"] == "READY" or is_told)

    @property
    def output(self) -> str | None:
        ready = [row["output"] for row in self.rows if row["status"] == "READY"]
        return ready[0] if ready else None


def judge_generations(world: World, store: Store, gemini: Gemini, scenario: Scenario) -> Generated:
    if not scenario.tasks:
        return Generated()
    paid_twice = _paid_twice_at_once(world, store, scenario)  # before anything is asked here
    rows = [row for pinned in store.ledger.tasks.all() for row in _rows(store, pinned)]
    ready = [(row, row.output) for row in rows if row.output is not None]
    is_own = _own_answer(world, gemini, scenario)
    return Generated(
        lost=sum(row.is_lost for row in rows) + _unpinned(store, scenario),
        misplaced=sum(not is_own(row, output) for row, output in ready) + _alone(store, ready),
        ill_formed=sum(not _obeys(row.task, output) for row, output in ready),
        paid_twice=paid_twice,
        needless=_needless(store, scenario),
        media_left=_media_left(store, gemini, scenario),
    )


def _paid_twice_at_once(world: World, store: Store, scenario: Scenario) -> int:
    if not scenario.at_once:
        return 0  # the emulator tells the texts of jobs, of calls no more than how many there were
    bill = world.control("bill")
    wanted = {
        (pinned.task.task_id, row["text_hash"])
        for pinned in store.ledger.tasks.all()
        for shard in store.ledger.sources.shards(pinned.dataset)
        for row in store.lake.read(
            layout.requests(pinned.task.task_id, shard.key), ["text_hash"]
        ).to_pylist()
    }
    blow = scenario.blow
    is_open = blow is not None and (blow.step, blow.when) == ("answers kept", "before")
    lost = CALLS_AT_ONCE if is_open else 0
    return max(0, bill["realtime_requests"] + bill["generation"]["paid"] - len(wanted) - lost)


def _unpinned(store: Store, scenario: Scenario) -> int:
    """Tasks that datasets are not processed by any more, or not in the words of their first jobs."""
    wanted = len(scenario.tasks) * len(store.ledger.sources.datasets())
    pinned = store.ledger.tasks.all()
    return wanted - sum(REWORDED not in one.task.prompt for one in pinned)


def _rows(store: Store, pinned: DatasetTask) -> list[_Row]:
    found = []
    takes = ParseStatus.PENDING_DESCRIPTION if pinned.task.is_media else "ok"
    for shard in store.ledger.sources.shards(pinned.dataset):
        columns = ["document_id", "uri", "parse_status"]
        documents = store.lake.read(layout.documents(shard.key), columns).to_pylist()
        answers = _answers(store, shard.key, pinned.task)
        found += [
            _Row(
                document["uri"],
                pinned.task,
                [row for row in answers if row["document_id"] == document["document_id"]],
            )
            for document in documents
            if document["parse_status"] == takes
        ]
    return found


def _answers(store: Store, shard: ShardKey, task: GenerationTask) -> list[dict[str, Any]]:
    path = layout.outputs(task.task_id, shard)
    rows: list[dict[str, Any]] = (
        store.lake.read(path).to_pylist() if store.lake.exists(path) else []
    )
    return rows


def _obeys(task: GenerationTask, output: str) -> bool:
    try:
        return bool(jsonschema_rs.is_valid(task.schema, json.loads(output)))
    except ValueError:
        return False


def _own_answer(world: World, gemini: Gemini, scenario: Scenario) -> Callable[[_Row, str], bool]:
    """Of a picture what was drawn; of a text what the model says of the file in real time."""
    drawings = pictured(scenario)

    @cache
    def said(task: GenerationTask, text: str) -> Any:
        # The template once more, and the file as it lies there: not what the engine made of them.
        answer = gemini.generate(task.model, request_of(task, Ask("", f"Sum up:\n\n{text}")))
        return json.loads(answer["candidates"][0]["content"]["parts"][0]["text"])

    def is_own(row: _Row, output: str) -> bool:
        if row.uri in drawings:
            return _shown(drawings[row.uri]) in output
        text = (world.folder / "sources" / row.uri).read_text()
        return _parsed(output) == said(row.task, text.strip())

    return is_own


def _shown(drawing: tuple[str, str, str]) -> str:
    color, shape, background = drawing
    return f"{color} {shape} on a {background} background"


def _parsed(output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError:
        return output


def _alone(store: Store, ready: list[tuple[_Row, str]]) -> int:
    """Documents with an answer of which some chunk does not stand with it."""
    with connect(store) as connection:
        pairs = connection.execute(
            "SELECT d.uri, c.vector_text, c.text FROM chunks c JOIN documents d USING (document_id)"
        ).fetchall()
    chunks = Counter(uri for uri, *_ in pairs)
    # A summary is made of the text's own words: it must stand before it. A picture has no other.
    standing = Counter(
        row.uri
        for row, output in ready
        for uri, vector_text, text in pairs
        if uri == row.uri
        and _said(output) in (text if row.task.is_media else vector_text.removesuffix(text))
    )
    return sum(standing[row.uri] != chunks[row.uri] or not chunks[row.uri] for row, _ in ready)


def _said(output: str) -> str:
    """What of an answer its document stands with."""
    value = _parsed(output)
    values = value if isinstance(value, dict) else {}
    return str(values.get("summary") or values.get("description") or output)


def _needless(store: Store, scenario: Scenario) -> int:
    if scenario.edit or scenario.ends is End.FAILED:
        return 0  # it was cut with an earlier answer, or with none, by right
    with connect(store) as connection:
        found = connection.execute(
            "SELECT count(DISTINCT text_hash) FROM results "
            "WHERE outcome = 'ok' AND text_hash NOT IN (SELECT text_hash FROM chunks)"
        ).fetchone()
    return int(found[0]) if found else 0


def _media_left(store: Store, gemini: Gemini, scenario: Scenario) -> int:
    """A process that nothing befell leaves none; what a dead one left, `cleanup` deletes."""
    if scenario.mishap is not None and needs_recovery(scenario.mishap):
        return 0  # of jobs that nobody knows of any more: they expire
    is_given_up = scenario.ends is End.UNCONFIRMED  # it may turn up: nothing of it is deleted
    if scenario.blow is not None or scenario.mishap is not None or is_given_up:
        cleanup(store, gemini, dry_run=False)
    found = store.lake.notes("manifests", ".uploads")
    notes = [name.removesuffix(".uploads") for name in found]
    forgotten = sum(not store.lake.exists(layout.manifest(job_id)) for job_id in notes)
    files = gemini.batches.list_files()
    return forgotten + sum(not any(name.endswith(".jsonl") for name in named) for named in files)
