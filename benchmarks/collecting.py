"""Peak memory of collecting one result file of more than 600 MB, in a process of its own."""

import json
import random
import subprocess
import sys
from pathlib import Path

import httpx2

from benchmarks.corpora import WORK, scratch
from benchmarks.emulator import running
from benchmarks.rows import Row
from semantic_assets.pipeline.batch_jobs.submit import submit_pending
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents

#: 50,000 answers of 1,024 dimensions, 13 kB each. A shard takes 12,000 documents: several shards.
_TEXTS, _DIMENSIONS = 49_900, 1_024
_ENVIRON = {
    "SEMANTIC_ASSETS_DIMENSIONS": str(_DIMENSIONS),
    "SEMANTIC_ASSETS_ENQUEUED_TOKENS": "50000000",
}

_COLLECT = """
import json, re, sys, time
from pathlib import Path
from semantic_assets.settings.settings import Settings
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.store import open_store
from semantic_assets.pipeline.batch_jobs.collect import collect_some
from semantic_assets.pipeline.batch_jobs.poll import poll
settings = Settings.load(root=Path(sys.argv[1]), environ=json.loads(sys.argv[2]))
gemini = Gemini(endpoint_of(settings))
with open_store(settings) as store:
    poll(store, gemini)
    began = time.process_time()
    found, *_ = collect_some(store, gemini)
    print(json.dumps({
        "cpu": time.process_time() - began,
        # Not ru_maxrss: a child starts with the peak of the process that forked it.
        "peak": int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024,
        "succeeded": found.outcomes.succeeded,
    }))
"""


def measure() -> list[Row]:
    corpus = WORK / "collecting.jsonl"
    _write(corpus)
    with (
        running(WORK / "collecting-emulator", tier=3, latency_seconds=1) as url,
        scratch("collecting", {"bench/c/c.jsonl": corpus}, url, environ=_ENVIRON) as bench,
    ):
        # Five windows' worth at once: the emulator is told that all that is fine.
        store = bench.store
        discover(store)
        done: set[str] = set()
        while todo := [s for s in store.ledger.sources.shards() if str(s.key) not in done]:
            for shard in todo:
                read_documents(store, shard.key)
                chunk_documents(store, shard.key)
                done.add(str(shard.key))
        submitted = submit_pending(store, bench.gemini).submitted
        httpx2.post(f"{url}/emulator/clock", json={"advance_seconds": 10})
        environ = _ENVIRON | {
            "SEMANTIC_ASSETS_EMULATOR_URL": url,
            "SEMANTIC_ASSETS_SOURCES": str(store.settings.sources),
            "SEMANTIC_ASSETS_TIER": "3",
        }
        found = _collect(store.settings.root, environ)
        size = max(job.requests for job in submitted) * _DIMENSIONS * 12.6 / 1e6
    return [
        Row("collecting one result file: its size, about", size, 600, "MB"),
        Row("collecting one result file: peak memory", found["peak"], 300, "MB"),
        Row("collecting one result file", found["cpu"], None, "CPU s"),
        Row("collecting one result file: vectors landed", found["succeeded"], None, "rows"),
    ]


def _collect(root: Path, environ: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-c", _COLLECT, str(root), json.dumps(environ)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().split("\n")[-1])
    return found


def _write(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(11)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(3, 9))) for _ in range(2_000)]
    with path.open("w") as file:
        for number in range(_TEXTS):
            text = f"{number} " + " ".join(rng.choices(words, k=rng.randint(20, 60)))
            file.write(f'{{"id": "{number}", "text": "{text}"}}\n')
