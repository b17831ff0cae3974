"""Which swaps of answers are seen: real jobs through the emulator, their keys exchanged.

For each corpus and size one input is uploaded, and every trial is a job made of it whose answers
are landed as `collect` lands them. Beside the count stands the arithmetic for texts of one
length: the chance that of the rows embedded again at least one is swapped.
"""

import multiprocessing
import os
import random
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import comb
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from semantic_assets.batching.canary_size import canary_rows
from semantic_assets.errors import CorruptResult
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_keys
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.batch_jobs.canary import verify_answers
from semantic_assets.pipeline.batch_jobs.collect import land_answers
from semantic_assets.pipeline.batch_jobs.plan import plan
from semantic_assets.pipeline.batch_jobs.submit import _upload
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.store import Store
from tests.chaos.scenarios import Fault
from tests.chaos.world import LATENCY_SECONDS, World

SIZES = (8, 40, 300, 2_000)
#: Parts of the rows that are exchanged; 0 is one pair, which is the least there is.
FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
CORPORA = ("widely different lengths", "equal lengths")
_MEMORY = Path("/dev/shm")
#: One job holds all texts.
_WINDOW = 500_000
#: Standard deviation of the logarithm of count over estimate.
_ESTIMATE_ERROR = 0.2


@dataclass(frozen=True, slots=True)
class Series:
    """The trials of one corpus and size: how many swaps were seen, by fraction."""

    corpus: str
    size: int
    seen: dict[float, int]


def run(trials: int, jobs: int) -> int:
    """Print the table. 1 if a swap was not seen in a job so small that all rows are checked."""
    context = multiprocessing.get_context("fork")
    tasks = [(corpus, size, trials) for size in sorted(SIZES, reverse=True) for corpus in CORPORA]
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        found = pool.starmap(_series, tasks, chunksize=1)
    for corpus in CORPORA:
        _print(corpus, {item.size: item for item in found if item.corpus == corpus}, trials)
    small = [item for item in found if canary_rows(item.size) == item.size]
    return int(any(count < trials for item in small for count in item.seen.values()))


def swapped(size: int, fraction: float) -> int:
    """Rows that the emulator exchanges."""
    return min(size, max(2, round(fraction * size)))


def chance(size: int, rows: int) -> float:
    """That at least one of the rows embedded again is among the swapped ones."""
    again = canary_rows(size)
    return 1 - comb(size - rows, again) / comb(size, again)


def _print(corpus: str, series: dict[int, Series], trials: int) -> None:
    print(f"\nTexts of {corpus}: swaps seen of {trials} (chance by the canary alone)")
    print(f"{'swapped':>10s}" + "".join(f"{f'{size} texts':>18s}" for size in SIZES))
    for fraction in FRACTIONS:
        cells = (
            f"{series[size].seen[fraction]:4d} ({chance(size, swapped(size, fraction)):7.2%})"
            for size in SIZES
        )
        label = f"{fraction:.0%}" if fraction else "one pair"
        print(f"{label:>10s}" + "".join(f"{cell:>18s}" for cell in cells))


def _series(corpus: str, size: int, trials: int) -> Series:
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    world = World(Path(tempfile.mkdtemp(prefix="swaps-", dir=place)), window=_WINDOW)
    world.start()
    try:
        return Series(corpus, size, _seen(world, corpus, size, trials))
    finally:
        world.stop()
        shutil.rmtree(world.folder, ignore_errors=True)


def _seen(world: World, corpus: str, size: int, trials: int) -> dict[float, int]:
    lines = [orjson.dumps({"id": str(n), "text": text}) for n, text in _texts(corpus, size)]
    world.write_corpus({"acme/swaps/texts.jsonl": b"\n".join(lines).decode()})
    store, gemini = world.open()
    with store:
        planned = _planned(store, gemini, size)
        if corpus == CORPORA[0]:
            _blur_estimates(store, planned, size)
        input_file = _upload(store, gemini, planned)
        seen = {}
        for fraction in FRACTIONS:
            world.arm(Fault("swapped-keys", {"fraction": fraction}, times=None))
            seeds = (f"{corpus}/{size}/{fraction}/{trial}" for trial in range(trials))
            seen[fraction] = sum(
                _is_seen(world, store, gemini, planned, input_file, s) for s in seeds
            )
    return seen


def _texts(corpus: str, size: int) -> Iterable[tuple[int, str]]:
    """Words of random letters: no two texts are alike to a vector."""
    rng = random.Random(f"{corpus}/{size}")
    for number in range(size):
        if corpus == CORPORA[0]:
            # From 3 words to 60, each length as likely as its double.
            lengths = [rng.randint(2, 9) for _ in range(round(3 * 20 ** rng.random()))]
        else:
            # The worst case: token counts tell nothing.
            lengths = [5] * 12
        yield number, " ".join("".join(rng.choices("etaoinshrdlucm", k=n)) for n in lengths)


def _planned(store: Store, gemini: Gemini, size: int) -> PlannedJob:
    discover(store)
    for shard in store.ledger.sources.shards():
        read_documents(store, shard.key)
        chunk_documents(store, shard.key)
    endpoint = gemini.endpoint
    store.ledger.scopes.register(
        endpoint.scope_id, backend=endpoint.backend, base_url=endpoint.identity
    )
    (planned,) = plan(store, scope_id=endpoint.scope_id).jobs
    assert planned.job.requests == size, f"{planned.job.requests} texts in one job, not {size}"
    return planned


def _blur_estimates(store: Store, planned: PlannedJob, seed: int) -> None:
    """The emulator counts tokens much as they are estimated; Google's count may be further off."""
    path = layout.manifest(planned.job.job_id)
    table = store.lake.read(path)
    noise = np.random.default_rng(seed).normal(0.0, _ESTIMATE_ERROR, table.num_rows)
    blurred = np.maximum(1, np.rint(table["token_estimate"].to_numpy() * np.exp(noise)))
    place = table.schema.get_field_index("token_estimate")
    column = pa.array(blurred.astype(np.int32), table.schema.field(place).type)
    pq.write_table(
        table.set_column(place, table.schema.field(place), column), store.lake.path(path)
    )


def _is_seen(
    world: World, store: Store, gemini: Gemini, planned: PlannedJob, input_file: str, seed: str
) -> bool:
    """One trial: a job of the uploaded input, and its answers as they are landed."""
    job_id = blake2b(seed.encode(), digest_size=10).hexdigest()
    name = gemini.create_embedding_job(
        model=planned.job.model, input_file=input_file, display_name=f"swaps-{job_id}"
    )
    world.pass_time(2 * LATENCY_SECONDS)
    job = replace(
        planned.job,
        job_id=job_id,
        display_name=f"swaps-{job_id}",
        state=JobState.ENDED,
        remote_name=name,
        result_file=gemini.get(name).result_file,
    )
    store.ledger.jobs.insert(job, detail="a trial")
    lease = store.ledger.leases.acquire(f"job:{job_id}")
    assert lease is not None
    manifest = store.lake.path(layout.manifest(job_id))
    shutil.copy(store.lake.path(layout.manifest(planned.job.job_id)), manifest)
    try:
        land_answers(
            store,
            gemini,
            job,
            lease,
            manifest_keys(store.lake, job_id) or [],
            verify=lambda results: verify_answers(store, gemini, job, results),
        )
    except CorruptResult:
        return True
    else:
        return False
    finally:
        gemini.delete_job(name)
        manifest.unlink()
        store.lake.delete(layout.results(job.product_id, job_id))
