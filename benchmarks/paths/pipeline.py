"""Ours: the verbs of the real pipeline, up to where Google would be.

python -m benchmarks.paths.pipeline ARTICLES FOLDER, which then holds the result files too.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import faiss  # noqa: F401  imported before anything is measured
import numpy as np
import orjson
import pyarrow.dataset  # noqa: F401

from benchmarks.paths.meter import Meter
from semantic_assets.batching.requests import embedding_lines
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.lake.manifests import manifest_keys, manifest_texts
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.pipeline.answers.canary import verify_counts
from semantic_assets.pipeline.answers.downloads import making
from semantic_assets.pipeline.batch_jobs.landing import decode
from semantic_assets.pipeline.batch_jobs.plan import plan
from semantic_assets.pipeline.batch_jobs.results import finalize_job, replacing_results
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.pending.pending import shard_demand
from semantic_assets.pipeline.vector_index.build import build_index
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store
from semantic_assets.system.durable import share


def main() -> None:
    articles, folder = Path(sys.argv[1]), Path(sys.argv[2])
    settings = Settings.load(
        root=folder / "lake",
        environ={
            "SEMANTIC_ASSETS_SOURCES": str(articles.parents[2]),
            # One window for all: every text is planned at once.
            "SEMANTIC_ASSETS_ENQUEUED_TOKENS": "100000000",
        },
    )
    meter = Meter()
    with open_store(settings) as store:
        discover(store)
        (shard,) = (row.key for row in store.ledger.sources.shards())
        with meter.measuring("a"):
            planned = _requests(store, shard, endpoint_of(settings).scope_id, folder)
        with store.ledger.leases.renewing(*(item.lease for item in planned)):
            for item in planned:
                _answer(store, item.job, folder)
            with meter.measuring("b"):
                for item in planned:
                    _land(store, item, folder)
            for item in planned:
                finalize_job(
                    store, item.job, item.lease, to=JobState.COLLECTED, of=[JobState.UPLOADING]
                )
        found = shard_demand(store, shard, store.decide_space(shard.dataset))
        with meter.measuring("assembly"):
            # As in the flow: the planner found the shard settled, and hands over what it derived.
            report = assemble(store, shard, demand=found)
        assert report.ready == report.chunks, report
        with meter.measuring("index"):
            build_index(store, shard.dataset)
    meter.tell()


def _requests(store: Store, shard: ShardKey, scope_id: str, folder: Path) -> list[PlannedJob]:
    read_documents(store, shard)
    chunk_documents(store, shard)
    store.ledger.scopes.register(scope_id, backend="emulator", base_url="http://127.0.0.1")
    planned = [*plan(store, scope_id=scope_id).jobs]
    for item in planned:
        job_id, space = item.job.job_id, store.ledger.spaces.find(item.job.product_id)
        with (folder / f"{job_id}.jsonl").open("wb", buffering=1 << 20) as file:
            file.writelines(embedding_lines(space, manifest_texts(store.lake, job_id)))
    return planned


def _answer(store: Store, job: BatchJob, folder: Path) -> None:
    """A result file as Google writes it, about 9 digits for each number; 10 kB a line.

    Vectors lie about 400 centres: of vectors that have no neighbours no index finds the nearest.
    """
    rng = np.random.default_rng(7)
    centres = rng.normal(scale=0.032, size=(400, 768))
    estimates = store.lake.read(f"manifests/{job.job_id}.parquet")["token_estimate"].to_pylist()
    with (folder / f"answers-{job.job_id}.jsonl").open("wb", buffering=1 << 20) as file:
        for key, tokens in zip(manifest_keys(store.lake, job.job_id) or [], estimates, strict=True):
            vector = centres[rng.integers(400)] + rng.normal(scale=0.016, size=768)
            values = np.round(vector, 9).tolist()
            answer = {"embedding": {"values": values}, "tokenCount": tokens}
            file.write(orjson.dumps({"key": key, "response": answer}) + b"\n")


def _land(store: Store, item: PlannedJob, folder: Path) -> None:
    job, keys = item.job, manifest_keys(store.lake, item.job.job_id) or []

    def fetch(receive: Callable[[bytes], None]) -> None:
        with (folder / f"answers-{job.job_id}.jsonl").open("rb") as file:
            while part := file.read(1 << 20):
                receive(part)

    with making(store, job) as path:
        decode(store, job, keys, path, fetch)
        verify_counts(store, job, path)
        with replacing_results(store, job, item.lease) as results:
            share(path, results)


if __name__ == "__main__":
    main()
