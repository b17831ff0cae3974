"""12,000 articles through the summary task at tier 1, refilled continuously inside the window."""

import resource
import time
from collections import Counter
from collections.abc import Sequence

import httpx2

from benchmarks.clock import MovableClock
from benchmarks.corpora import WORK, articles, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import enqueued_tokens
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.generation_jobs.generate import generation_results, submit_generation
from semantic_assets.pipeline.generation_jobs.generation_files import take_file
from semantic_assets.pipeline.reports.window_use import window_use
from semantic_assets.settings.settings import project_dir

_ARTICLES, _TASK, _MODEL = 12_000, "summary-en", "gemini-3.5-flash-lite"
_LATENCY_SECONDS, _POLL_SECONDS = 900.0, 30.0
#: Of the answers, broken in every shape the emulator knows: found, and asked again with a note.
_BROKEN = 0.02


def measure() -> list[Row]:
    corpus = articles(WORK / "generation-source", _ARTICLES)
    clock, dataset = MovableClock(), DatasetKey("generate", "manuals")
    environ = {"SEMANTIC_ASSETS_TASKS": str(project_dir() / "data" / "tasks")}
    state = WORK / "generation-emulator"
    with (
        running(state, tier=1, latency_seconds=_LATENCY_SECONDS) as url,
        scratch("generation", {}, url, tier=1, clock=clock, environ=environ) as bench,
    ):
        body = {"name": "broken-answers", "times": None, "parameters": {"fraction": _BROKEN}}
        httpx2.post(f"{url}/emulator/faults", json=body).raise_for_status()
        store, gemini = bench.store, bench.gemini
        began_cpu, began = time.process_time(), clock()
        take_file(store, corpus, dataset)
        submit_generation(store, gemini, dataset, _TASK)
        last_waiting = clock()
        while not (report := advance(store, gemini)).is_done:
            if report.waiting_texts > _ARTICLES * _BROKEN:
                last_waiting = clock()
            clock.advance(_POLL_SECONDS)
            httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": _POLL_SECONDS})
        cpu = time.process_time() - began_cpu
        rows = list(generation_results(store, dataset, _TASK))
        jobs = store.ledger.jobs.list()
        use = window_use(
            store, scope_id=gemini.scope_id, model=_MODEL, began_at=began, ended_at=last_waiting
        )
        found = Counter(row["status"] for row in rows)
        explained = [row for row in rows if row["status"] == "READY" or row["error"]]
        bill = httpx2.get(f"{url}/emulator/bill", timeout=300).json()
        name = "generation"
        return [
            Row(f"{name}: window use while there is work", use.mean_share, 0.85, "of the limit"),
            Row(
                f"{name}: articles with a valid or an explained row", len(explained), 12_000, "rows"
            ),
            Row(f"{name}: READY", found["READY"], None, "rows"),
            Row(f"{name}: FAILED with a reason", found["FAILED"], None, "rows"),
            Row(f"{name}: repaired", sum(row["attempts"] == 2 for row in rows), None, "rows"),
            Row(f"{name}: paid twice", len(bill["paid_more_than_once"]), 0, "requests"),
            Row(f"{name}: jobs", sum(j.state == JobState.COLLECTED for j in jobs), None, "jobs"),
            Row(
                f"{name}: refused with 429",
                sum(j.state == JobState.RELEASED for j in jobs),
                0,
                "jobs",
            ),
            Row(
                f"{name}: tokens of prompts",
                sum(j.tokens_actual or 0 for j in jobs),
                None,
                "tokens",
            ),
            Row(f"{name}: fills of the window", _fills(jobs), None, "fills"),
            Row(f"{name}: CPU of ours", cpu, None, "CPU s"),
            Row(f"{name}: peak memory", _peak_mb(), None, "MB"),
        ]


def _fills(jobs: Sequence[BatchJob]) -> float:
    return sum(job.tokens_actual or 0 for job in jobs) / enqueued_tokens(_MODEL, 1)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
