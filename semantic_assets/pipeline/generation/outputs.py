"""Project a task's results onto a shard's requests, as rows of `generations`."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from semantic_assets.errors import Conflict
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.leases import Lease
from semantic_assets.model.catalog import batch_usd, realtime_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.statuses import RowStatus
from semantic_assets.model.tables import GENERATIONS
from semantic_assets.model.task import TASK_PREFIX, GenerationTask
from semantic_assets.pipeline.pending.broken_files import known_table, require_intact
from semantic_assets.pipeline.pending.pending import ShardDemand, as_unshared, shard_demand
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint, fingerprint_arrays
from semantic_assets.text.rendering import parsed

_RESULT_COLUMNS = [
    "output", "finish_reason", "token_count", "output_tokens", "error_code", "error_message",
]  # fmt: skip
_REQUEST_COLUMNS = ["document_id", "content_hash", "text_hash", "refusal"]
NOT_SENT = "NOT_SENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsReport(HtmlTable):
    """The document counts by outcome. Pending documents have no row; a settled shard has none."""

    shard: ShardKey
    task: str
    documents: int
    ready: int
    failed: int
    #: Tokens of the answers in the table, as billed.
    tokens: int
    output_tokens: int
    usd: float
    #: Outcomes that have landed and are not in the table yet.
    unapplied: int
    is_settled: bool
    written: bool

    @property
    def pending(self) -> int:
        return self.documents - self.ready - self.failed


def assemble_outputs(
    store: Store,
    shard: ShardKey,
    task: GenerationTask,
    *,
    demand: ShardDemand | None = None,
    unshared: bool = False,
) -> OutputsReport:
    """Write the shard's `generations` of a task from the landed results; safe at any time.

    Args:
        unshared: add no answer, as if projects shared no request and nothing had been sent since.

    Raises:
        DatasetRemoved: its dataset was removed.
        Conflict: the shard has no trusted requests yet.
    """
    path = layout.outputs(task.task_id, shard)
    with store.ledger.leases.holding(lease_names.of_shard(shard)) as lease:
        store.ledger.datasets.require(shard.dataset)
        asked = known_table(store, layout.requests(task.task_id, shard))
        if asked is None:
            raise Conflict(
                f"shard {shard}: task {task.name} has not asked its documents yet; materialize "
                "generation_jobs first"
            )
        if demand is None or demand.table_fingerprint != asked:
            demand = shard_demand(store, shard, task)
        shown = as_unshared(store, demand) if unshared else demand
        inputs = _inputs(shown)
        written = not store.is_current(path, inputs)
        if written:
            _write(store, lease, shard, task, shown, inputs)
        settled = {"settled_fingerprint": asked} if shown.is_settled else {}
        store.ledger.progress.note(
            shard,
            task.task_id,
            pending=len(demand.pending),
            counted_fingerprint=asked,
            **settled,
        )
        return _report(store, shard, task, shown, written=written)


def outputs_report(store: Store, shard: ShardKey, task: GenerationTask) -> OutputsReport:
    """Count the outcomes of a shard as its table has them; write nothing."""
    return _report(store, shard, task, shard_demand(store, shard, task), written=False)


def _inputs(demand: ShardDemand) -> str:
    """Return the fingerprint of the requests, and of the job row each final request has."""
    known, final = demand.known, demand.known.is_answered | demand.is_failed
    errors = (
        f"{place}:{landed.last_error}"
        for place, landed in sorted(known.troubled.items())
        if final[place]
    )
    places = fingerprint_arrays(np.flatnonzero(final), known.job[final], known.position[final])
    names = (known.job_ids[job] for job in np.unique(known.job[known.job >= 0]).tolist())
    return fingerprint("generations", demand.table_fingerprint, places, *names, *errors)


def _report(
    store: Store, shard: ShardKey, task: GenerationTask, demand: ShardDemand, *, written: bool
) -> OutputsReport:
    columns = ["text_hash", "status", "tokens", "output_tokens", "usd"]
    path = layout.outputs(task.task_id, shard)
    rows = store.lake.read(path, columns).to_pylist() if store.lake.exists(path) else []
    final = int((demand.known.is_answered | demand.is_failed)[demand.texts.of_row].sum())
    billed = {row["text_hash"]: row for row in rows}.values()  # what asks the same is asked once
    return OutputsReport(
        shard=shard,
        task=task.name,
        documents=len(demand.texts.of_row),
        ready=sum(row["status"] == RowStatus.READY for row in rows),
        failed=sum(row["status"] == RowStatus.FAILED for row in rows),
        tokens=sum(row["tokens"] or 0 for row in billed),
        output_tokens=sum(row["output_tokens"] or 0 for row in billed),
        usd=sum(row["usd"] or 0.0 for row in billed),
        unapplied=final - len(rows),
        is_settled=demand.is_settled,
        written=written,
    )


def _write(
    store: Store,
    lease: Lease,
    shard: ShardKey,
    task: GenerationTask,
    demand: ShardDemand,
    inputs: str,
) -> None:
    final = demand.known.is_answered | demand.is_failed
    places = np.flatnonzero(final)
    answers = _answers(store, task, demand, places.tolist())
    asked = store.lake.read(layout.requests(task.task_id, shard), _REQUEST_COLUMNS).to_pylist()
    rows = [
        _row(shard, task, asked[row], answers[place])
        for row, place in enumerate(demand.texts.of_row.tolist())
        if place in answers
    ]
    path = layout.outputs(task.task_id, shard)
    with store.updating_table(lease, path, GENERATIONS, input_fingerprint=inputs) as table:
        table.write(pa.Table.from_pylist(rows, schema=GENERATIONS))
        table.fingerprint = inputs


def _answers(
    store: Store, task: GenerationTask, demand: ShardDemand, places: list[int]
) -> dict[int, dict[str, Any]]:
    """Map each text's place to its deciding row of a results file; each file is opened once."""
    wanted: dict[str, list[tuple[int, int]]] = defaultdict(list)
    found: dict[int, dict[str, Any]] = {}
    for place in places:
        landed = demand.known.at(place)
        found[place] = {"attempts": landed.attempts + landed.whole_failures if landed else 0}
        if landed is None:
            continue
        source = (landed.job_id, landed.position) if landed.job_id else landed.last_error
        if source is not None and source[0] is not None:
            wanted[source[0]].append((place, source[1]))
    for job_id, rows in wanted.items():
        path = layout.results(task.task_id, job_id)
        require_intact(store, path)
        table = store.lake.read(path, _RESULT_COLUMNS)
        taken = table.take(pa.array([position for _, position in rows])).to_pylist()
        price = _price(store, job_id)
        for (place, _), row in zip(rows, taken, strict=True):
            usd = price(task.model, row["token_count"] or 0, row["output_tokens"] or 0)
            found[place] |= row | {"batch_job_id": job_id.partition(".")[0], "usd": usd}
    for place in np.flatnonzero(demand.known.is_answered).tolist():
        if place in found:
            found[place]["status"] = RowStatus.READY
    return found


def _price(store: Store, job_id: str) -> Any:
    job_id = job_id.partition(".")[0]
    if not store.ledger.jobs.exists(job_id):
        return batch_usd
    return realtime_usd if store.ledger.jobs.find(job_id).is_realtime else batch_usd


def _row(
    shard: ShardKey, task: GenerationTask, asked: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    refusal = asked["refusal"]
    return {
        "document_id": asked["document_id"],
        "shard": str(shard),
        "task": task.task_id.removeprefix(TASK_PREFIX),
        "content_hash": asked["content_hash"],
        "text_hash": asked["text_hash"],
        "status": answer.get("status", RowStatus.FAILED),
        "output": answer.get("output"),
        "finish_reason": answer.get("finish_reason"),
        "error_code": NOT_SENT if refusal else answer.get("error_code"),
        "error_message": refusal or answer.get("error_message"),
        "tokens": answer.get("token_count"),
        "output_tokens": answer.get("output_tokens"),
        "usd": answer.get("usd"),
        "attempts": answer["attempts"],
        "batch_job_id": answer.get("batch_job_id"),
    }


def shard_results(
    store: Store, shard: ShardKey, task: GenerationTask, job_id: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a row for each document of a shard with an outcome; `job_id`: of this job alone."""
    path = layout.outputs(task.task_id, shard)
    if store.trusted_fingerprint(path) is None:
        return
    columns = ["document_id", "record_id", "uri", "title"]
    documents = {
        row["document_id"]: row
        for row in store.lake.read(layout.documents(shard), columns).to_pylist()
    }
    for row in store.lake.read(path).to_pylist():
        if job_id in (None, row["batch_job_id"]):
            yield _result_row(row, documents.get(row["document_id"], {}), task)


def _result_row(
    row: dict[str, Any], document: dict[str, Any], task: GenerationTask
) -> dict[str, Any]:
    """Return an outcome beside the document it is of; JSON in `output` is parsed."""
    is_ready = row["status"] == RowStatus.READY
    return {
        "document_id": row["document_id"],
        "id": document.get("record_id"),
        "uri": document.get("uri"),
        "title": document.get("title"),
        "status": row["status"],
        "output": parsed(row["output"]) if is_ready and row["output"] is not None else None,
        "error_code": row["error_code"],
        "error": row["error_message"],
        "finish_reason": row["finish_reason"],
        "tokens": row["tokens"],
        "output_tokens": row["output_tokens"],
        "usd": row["usd"],
        "attempts": row["attempts"],
        "is_placeholder": task.backend == "emulator",
    }
