"""A stage of ours in a process of its own: python -m benchmarks.platform_stage STAGE ROOT SETTINGS.

STAGE is one of those of `STAGES`. It ends with a line of JSON: CPU seconds, wall seconds, the peak
of this process and the largest peak of the processes it started.
"""

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.meter import Meter
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import ACTIVE_REMOTE, JobState
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.flows.assemble_and_index import index_dataset
from semantic_assets.pipeline.flows.prepare import prepare_shards
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store

Told = dict[str, float]
#: After trouble, on a machine that is busy.
_ATTEMPTS, _PAUSE_SECONDS = 30, 65.0


def _prepare(store: Store, gemini: Gemini) -> Told:
    """Read and split what has come."""
    prepare_shards(store, discover(store))
    return {"shards": len(store.ledger.sources.shards())}


def _send(store: Store, gemini: Gemini) -> Told:
    """Plan, upload and create all jobs."""
    jobs = texts = 0
    for _ in range(_ATTEMPTS):
        done = advance(store, gemini)
        jobs, texts = jobs + done.submitted_jobs, texts + done.submitted_texts
        if not (done.trouble or done.refused or done.waiting_texts):
            return {"jobs": len(store.ledger.jobs.list(states=ACTIVE_REMOTE)), "texts": texts}
        print(f"sent in {jobs} jobs: {done.trouble} {done.refused}", file=sys.stderr, flush=True)
        time.sleep(_PAUSE_SECONDS)
    raise RuntimeError("not all was sent")


def _collect(store: Store, gemini: Gemini) -> Told:
    """Land what has ended."""
    for _ in range(_ATTEMPTS):
        done = advance(store, gemini, submits=False)
        if done.collected and not done.trouble:
            landed = [one.outcomes.succeeded for one in done.collected if one.outcomes]
            return {"collected": len(landed), "landed": sum(landed), "open": done.open_jobs}
        print(f"not collected: {done.trouble}", file=sys.stderr, flush=True)
        time.sleep(_PAUSE_SECONDS)
    raise RuntimeError("nothing was collected")


def _assemble(store: Store, gemini: Gemini) -> Told:
    """Write the vectors of each shard."""
    ready = [assemble(store, shard.key).ready for shard in store.ledger.sources.shards()]
    return {"ready": sum(ready)}


def _index(store: Store, gemini: Gemini) -> Told:
    """Build the index of each dataset; each is deleted when it stands, for want of room."""
    built, size = 0, 0
    for dataset in store.ledger.sources.datasets():
        built += index_dataset(store, dataset).written
        size += sum(one for _, one in store.lake.below("index"))
        shutil.rmtree(store.lake.root / "index")
    return {"built": built, "index_mb": size / 1e6}


def _paid(store: Store, gemini: Gemini) -> Told:
    """Count texts by what the ledger says of their jobs."""
    jobs = store.ledger.jobs.list(states=[JobState.COLLECTED])
    return {
        "requests": sum(job.requests for job in jobs),
        "succeeded": sum(job.succeeded or 0 for job in jobs),
        "tokens": sum(job.tokens_actual or 0 for job in jobs),
    }


STAGES: dict[str, Callable[[Store, Gemini], Told]] = {
    "prepare": _prepare,
    "send": _send,
    "collect": _collect,
    "assemble": _assemble,
    "index": _index,
    "paid": _paid,
}


def main() -> None:
    os.nice(5)
    settings = Settings.load(root=Path(sys.argv[2]), environ=json.loads(sys.argv[3]))
    meter = Meter(settings.root)
    with meter.measuring("all"), open_store(settings, create=True) as store:
        told = STAGES[sys.argv[1]](store, Gemini(endpoint_of(settings)))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    meter.tell(children_mb=children, **told)


if __name__ == "__main__":
    main()
