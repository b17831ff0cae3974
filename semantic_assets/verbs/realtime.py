"""embed_now: embed pending texts at once, at full price, durable call by call.

One row for each invocation; its calls write `<job_id>.<n>.parquet`, folded into one file at the
end. Taken over from a dead process it is collected with what landed: the rest is pending again, and
the one call that was open is booked as possibly billed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semantic_assets.batching.answers import AnswerBlock
from semantic_assets.errors import Conflict
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import manifest_texts, write_manifest
from semantic_assets.ledger.jobs import new_job_id
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.spending import POSSIBLY_BILLED, REALTIME
from semantic_assets.model.catalog import MAX_REALTIME_TEXTS, realtime_usd
from semantic_assets.model.jobs import BatchJob, JobState
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.tables import results_schema
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens
from semantic_assets.verbs.budget import require_budget
from semantic_assets.verbs.job_texts import JobTexts
from semantic_assets.verbs.landing import answers_batch, cover_results
from semantic_assets.verbs.new_job import new_job
from semantic_assets.verbs.opening import wanted_texts
from semantic_assets.verbs.pending import shard_demand

S = JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeReport:
    job_id: str | None
    texts: int
    usd: float


def embed_now(store: Store, gemini: Gemini, shard: ShardKey) -> RealtimeReport:
    """Embed a shard's pending texts in real time.

    Raises:
        SpendRefused: over the day's cap, or without consent on the real backend.
        TransientError: a call failed; what landed before it is kept, the rest is pending.
    """
    with store.ledger.leases.holding("plan") as planning:
        formed = _form(store, gemini, shard, planning)
    if formed is None:
        return RealtimeReport(job_id=None, texts=0, usd=0.0)
    job, lease = formed
    with store.ledger.leases.renewing(lease):
        texts = list(manifest_texts(store.lake, job.job_id))
        try:
            for number, first in enumerate(range(0, len(texts), MAX_REALTIME_TEXTS)):
                _call(store, gemini, job, lease, number, texts[first : first + MAX_REALTIME_TEXTS])
        finally:
            landed, usd = fold(store, job, lease, interrupted=False)
    return RealtimeReport(job_id=job.job_id, texts=landed, usd=usd)


def _form(
    store: Store, gemini: Gemini, shard: ShardKey, planning: Lease
) -> tuple[BatchJob, Lease] | None:
    """Row and manifest, as for a batch: while it runs, nobody else may send these texts."""
    space = store.decide_space(shard.dataset)
    found = shard_demand(store, shard, space)
    if not found.is_pending.any():
        return None
    wanted = dict(wanted_texts(found))
    with JobTexts(store, [found]) as source:
        # A job of real-time calls is small: its texts are held.
        texts = list(source.of(wanted) or ())
    if not texts:
        raise Conflict(f"shard {shard}: its chunks are being written; run again")
    tokens = sum(text.estimate for text in wanted.values())
    require_budget(store, realtime_usd(space.model, tokens))
    job_id = new_job_id()
    lease = store.ledger.leases.acquire(f"job:{job_id}")
    assert lease is not None
    job = new_job(
        store,
        lease,
        space=space,
        job_id=job_id,
        scope_id=gemini.scope_id,
        requests=len(wanted),
        tokens=tokens,
        shards=[shard],
        state=S.RUNNING,
        is_realtime=True,
    )
    store.ledger.jobs.insert(job, detail="real time", under=planning)
    write_manifest(store.lake, job, space, texts)
    return job, lease


def _call(
    store: Store,
    gemini: Gemini,
    job: BatchJob,
    lease: Lease,
    number: int,
    texts: Sequence[tuple[str, str]],
) -> None:
    """One call of at most 100 texts; its vectors are durable before the next one."""
    lease.require()
    space = store.ledger.spaces.find(job.space_id)
    vectors = gemini.embed_documents(space, [text for _, text in texts])
    block = AnswerBlock(
        vectors=np.ascontiguousarray(vectors),
        keys=[key for key, _ in texts],
        tokens=[estimate_tokens(text) for _, text in texts],
        outcomes=["ok"] * len(texts),
        error_codes=[None] * len(texts),
        error_messages=[None] * len(texts),
    )
    schema = results_schema(space.dimensions)
    path = layout.results(job.space_id, f"{job.job_id}.{number:06d}")
    with store.lake.writing(path, schema, {}) as file:
        file.write(answers_batch(block, schema))
    cover_results(store, job.space_id, f"{job.job_id}.{number:06d}")


def fold(store: Store, job: BatchJob, lease: Lease, *, interrupted: bool) -> tuple[int, float]:
    """The parts of a real-time job into one file; the row becomes collected. (texts, dollars)."""
    parts = _parts(store, job)
    schema = results_schema(store.ledger.spaces.find(job.space_id).dimensions)
    folder = layout.results_dir(job.space_id)
    tokens = rows = 0
    with store.lake.writing(layout.results(job.space_id, job.job_id), schema, {}) as file:
        for name in parts:
            table = store.lake.read(f"{folder}/{name}")
            tokens += sum(table["token_count"].to_pylist())
            rows += table.num_rows
            file.write(table.cast(schema))
    cover_results(store, job.space_id, job.job_id)
    usd = realtime_usd(job.model, tokens)
    store.ledger.spending.book(job.job_id, REALTIME, model=job.model, tokens=tokens, usd=usd)
    if interrupted and rows < job.requests:
        lost = min(MAX_REALTIME_TEXTS, job.requests - rows) * job.tokens_estimated // job.requests
        store.ledger.spending.book(
            job.job_id,
            POSSIBLY_BILLED,
            model=job.model,
            tokens=lost,
            usd=realtime_usd(job.model, lost),
        )
    store.ledger.jobs.move(
        job.job_id,
        S.COLLECTED,
        of=[S.RUNNING],
        fence=lease.fence,
        succeeded=rows,
        failed=0,
        tokens_actual=tokens,
        ended_at=store.ledger.now(),
    )
    for name in parts:
        store.lake.delete(f"{folder}/{name}")
    store.lake.delete(layout.manifest(job.job_id))
    return rows, usd


def _parts(store: Store, job: BatchJob) -> list[str]:
    names = store.lake.names(layout.results_dir(job.space_id))
    return [name for name in names if name.startswith(f"{job.job_id}.") and name.count(".") == 2]
