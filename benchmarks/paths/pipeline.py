"""Ours: the verbs of the flow, in the order in which `refresh` calls them.

python -m benchmarks.paths.pipeline ARTICLES FOLDER EMULATOR_URL TIER.
"""

import sys
from pathlib import Path

import faiss  # noqa: F401  imported before anything is measured
import httpx2
import pyarrow.dataset  # noqa: F401

from benchmarks.clock import MovableClock
from benchmarks.meter import Meter
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.batch_jobs.collect import collect_some
from semantic_assets.pipeline.batch_jobs.poll import confirm, poll
from semantic_assets.pipeline.batch_jobs.submit import Submission, submit_pending
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

_LATENCY_SECONDS = 2.0


def main() -> None:
    articles, folder, url, tier = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    settings = Settings.load(
        root=folder / "lake",
        environ={
            "SEMANTIC_ASSETS_SOURCES": str(articles.parents[2]),
            "SEMANTIC_ASSETS_EMULATOR_URL": url,
            "SEMANTIC_ASSETS_TIER": tier,
        },
    )
    meter, clock = Meter(folder), MovableClock()
    with open_store(settings, clock=clock) as store:
        gemini = Gemini(endpoint_of(settings))
        confirm(store, gemini)  # the first call imports the SDK
        discover(store)
        (shard,) = (row.key for row in store.ledger.sources.shards())
        with meter.measuring("a"), meter.measuring("a_cut"):
            read_documents(store, shard)
            chunk_documents(store, shard)
        _drain(store, gemini, clock, meter)
        with meter.measuring("index"):
            build_index(store, shard.dataset)
    meter.tell()


def _drain(store: Store, gemini: Gemini, clock: MovableClock, meter: Meter) -> None:
    """Submit what fits the window and collect it, until the planner finds the shard settled."""
    while True:
        with meter.measuring("a"), meter.measuring("a_submit"):
            sent = submit_pending(store, gemini)
        _assemble(store, sent, meter)
        if not sent.submitted and not sent.waiting_texts:
            return
        clock.advance(_LATENCY_SECONDS)
        url = gemini.endpoint.base_url()
        httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": _LATENCY_SECONDS})
        with meter.measuring("b"):
            poll(store, gemini)
            while collect_some(store, gemini):
                pass


def _assemble(store: Store, sent: Submission, meter: Meter) -> None:
    for found in sent.settled:
        with meter.measuring("assembly"):
            report = assemble(store, found.shard, demand=found)
        assert report.ready == report.chunks, report


if __name__ == "__main__":
    main()
