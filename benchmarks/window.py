"""Tier 1: 5 million tokens through a window of 500,000, and through half of it in secret."""

import random
from pathlib import Path

import httpx2

from benchmarks.clock import MovableClock
from benchmarks.corpora import WORK, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.model.batch_job import IN_WINDOW, JobState
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.reports.window_use import window_use

_TOKENS = 5_000_000
_LATENCY_SECONDS, _POLL_SECONDS = 900.0, 30.0
_VOCABULARY = 4_000


def measure() -> list[Row]:
    return [*_drain("configured right"), *_drain("half of it hidden", hidden=0.5)]


def _drain(name: str, *, hidden: float | None = None) -> list[Row]:
    corpus = WORK / "window.jsonl"
    _write(corpus)
    clock = MovableClock()
    state = WORK / f"window-emulator-{hidden}"
    with (
        running(state, tier=1, latency_seconds=_LATENCY_SECONDS) as url,
        scratch("window", {"bench/window/w.jsonl": corpus}, url, tier=1, clock=clock) as bench,
    ):
        if hidden:
            body = {"name": "hidden-quota", "parameters": {"fraction": hidden}}
            httpx2.post(f"{url}/emulator/faults", json=body)
        store, gemini = bench.store, bench.gemini
        discover(store)
        for shard in store.ledger.sources.shards():
            read_documents(store, shard.key)
            chunk_documents(store, shard.key)
        began, last_waiting = clock(), clock()
        while not (report := advance(store, gemini)).is_done:
            if report.waiting_texts:
                last_waiting = clock()
            clock.advance(_POLL_SECONDS)
            httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": _POLL_SECONDS})
        jobs = store.ledger.jobs.list()
        use = window_use(store, scope_id=gemini.scope_id, began_at=began, ended_at=last_waiting)
        collected = [job for job in jobs if job.state == JobState.COLLECTED]
        assert not any(job.state in IN_WINDOW for job in jobs)
        refused = sum(job.state == JobState.RELEASED for job in jobs)
        share = use.mean_share / (hidden or 1.0)
        return [
            Row(f"window {name}: mean use while there is work", share, 0.85, "of the limit"),
            Row(f"window {name}: jobs refused with 429", refused, None, "jobs"),
            Row(
                f"window {name}: tokens drained",
                float(sum(job.tokens_actual or 0 for job in collected)),
                _TOKENS,
                "tokens",
            ),
        ]


def _write(path: Path) -> None:
    """About 5 million tokens as the emulator counts them, in documents of many lengths."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(_VOCABULARY)]
    with path.open("w") as file:
        for number in range(_TOKENS // 1_000):
            text = " ".join(rng.choices(words, k=rng.randint(300, 1_100)))
            file.write(f'{{"id": "{number}", "text": "{text}"}}\n')
