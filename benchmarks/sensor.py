"""One tick of the sensor beside 9,900 strangers' jobs and 9,900 finished rows of our own."""

import time
from dataclasses import replace
from typing import Any

import httpx2

from benchmarks.corpora import WORK, Bench, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.ledger.database.schema import job as job_table
from semantic_assets.model.batch_job import BatchJob, JobKind, JobState, display_name
from semantic_assets.pipeline.scheduling.batch_runs import watch

_STRANGERS, _ACTIVE, _LEDGER_ROWS = 9_900, 100, 10_000
_BATCH = 90


def measure() -> list[Row]:
    with (
        running(WORK / "sensor-emulator", tier=3, latency_seconds=60) as url,
        scratch("sensor", {}, url) as bench,
    ):
        ours = _create(url, bench, _ACTIVE, ours=True)
        _insert(bench, ours)
        _create(url, bench, _STRANGERS, ours=False)
        before = _calls(url)
        watch(bench.store, bench.gemini)  # imports and connections are not the tick's
        began = time.process_time()
        found = watch(bench.store, bench.gemini)
        cpu = time.process_time() - began
        after = _calls(url)
    lists = (after.get("batches.list", 0) - before.get("batches.list", 0)) / 2
    gets = (after.get("batches.get", 0) - before.get("batches.get", 0)) / 2
    assert found.active_jobs > 0
    return [
        Row("sensor tick, 10,000 remote jobs: list calls", lists, 3, "calls"),
        Row("sensor tick, 10,000 remote jobs: get calls", gets, 20, "calls"),
        Row("sensor tick, 10,000 remote jobs and rows", cpu, 0.5, "CPU s"),
    ]


def _create(url: str, bench: Bench, count: int, *, ours: bool) -> list[tuple[str, str]]:
    """(job id, remote name) of jobs made over the API; time passes so that none fills a quota."""
    made = []
    path = f"{url}/v1/models/gemini-embedding-001:asyncBatchEmbedContent"
    # Inline jobs list their results too: each of the strangers brings 768 numbers, twice.
    request = {"request": {"content": {"parts": [{"text": "one"}]}, "outputDimensionality": 768}}
    with httpx2.Client(headers={"x-goog-api-key": bench.gemini.endpoint.api_key()}) as client:
        for number in range(count):
            job_id = bench.store.ledger.job_ids.new()
            name = display_name(bench.store.ledger.ledger_id, job_id) if ours else f"job {number}"
            batch = {"displayName": name, "inputConfig": {"requests": {"requests": [request]}}}
            answer = client.post(path, json={"batch": batch}).json()
            made.append((job_id, str(answer["name"])))
            # Ours end too, unseen: the oldest of 10,000, and the tick has their ends to record.
            if number % _BATCH == _BATCH - 1 or number == count - 1:
                client.post(f"{url}/emulator/clock", json={"advance_seconds": 61})
    return made


def _insert(bench: Bench, ours: list[tuple[str, str]]) -> None:
    active = [_row(bench, job_id, JobState.SUBMITTED, remote) for job_id, remote in ours]
    done = [
        _row(bench, bench.store.ledger.job_ids.new(), JobState.COLLECTED, None)
        for _ in range(_LEDGER_ROWS - len(active))
    ]
    rows = [
        {column.name: getattr(job, column.name) for column in job_table.columns}
        | {"shards": list(job.shards)}
        for job in [*active, *done]
    ]
    with bench.store.ledger.database.write() as connection:
        connection.execute(job_table.insert(), rows)


def _row(bench: Bench, job_id: str, state: JobState, remote: str | None) -> BatchJob:
    ledger, space = bench.store.ledger, bench.store.settings.space
    now = ledger.now()
    values: dict[str, Any] = dict.fromkeys(BatchJob.__dataclass_fields__)
    job = BatchJob(**values)
    return replace(
        job,
        job_id=job_id,
        kind=JobKind.EMBEDDING,
        product_id=space.space_id,
        scope_id=bench.gemini.scope_id,
        model=space.model,
        state=state,
        fence=1,
        display_name=display_name(ledger.ledger_id, job_id),
        remote_name=remote,
        shards=(),
        requests=1,
        tokens_estimated=1,
        is_realtime=False,
        absent_listings=0,
        created_at=now,
        updated_at=now,
        submitted_at=now,
    )


def _calls(url: str) -> dict[str, int]:
    calls: dict[str, int] = httpx2.get(f"{url}/emulator/state", timeout=120).json()["calls"]
    return calls
