"""Answer a shard's pending texts at once, at full price; each call's answers become durable.

Each invocation has one job row; its calls write `<job_id>.<n>.parquet`, merged into one file at the
end. A job taken over from a dead process is collected with the answers that landed: its other texts
are pending again, and the one call that was open is booked as possibly billed.
"""

from dataclasses import dataclass

import pyarrow.compute as pc

from semantic_assets.batching.codec import Block
from semantic_assets.errors import (
    BrokenFile,
    Conflict,
    SemanticAssetsError,
    SpendRefused,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import write_manifest
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.spending import Amount
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import realtime_usd
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.product import Product
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.tables import results_of
from semantic_assets.pipeline.batch_jobs.new_job import leased_job_id, new_job
from semantic_assets.pipeline.batch_jobs.recover import recover_manifests
from semantic_assets.pipeline.batch_jobs.results import cover_results, identity
from semantic_assets.pipeline.batch_jobs.shard_priority import wanted_texts
from semantic_assets.pipeline.costs.budgets import (
    count_in_run,
    job_guard,
)
from semantic_assets.pipeline.costs.paid_calls import may_be_billed
from semantic_assets.pipeline.pending.broken_files import (
    damage,
    paid_file,
    require_intact,
    require_readable,
)
from semantic_assets.pipeline.pending.job_texts import JobTexts
from semantic_assets.pipeline.pending.pending import shard_demand
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.pipeline.product_kinds.realtime_calls import require_ours
from semantic_assets.store import Store

S = JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeReport:
    job_id: str | None
    texts: int
    usd: float
    #: Texts whose calls were answered, and not with what was asked for.
    failed: int = 0
    #: Shards that asked for the texts.
    shards: tuple[str, ...] = ()


def embed_now(store: Store, gemini: Gemini, shard: ShardKey) -> RealtimeReport:
    """Embed a shard's pending texts in real time, as `answer_now` does."""
    return answer_now(store, gemini, store.decide_space(shard.dataset), shard)


def answer_now(store: Store, gemini: Gemini, product: Product, shard: ShardKey) -> RealtimeReport:
    """Answer a shard's pending texts of a space or a task in real time.

    Raises:
        SpendRefused: over the day's cap, without consent on the real backend, or of a task whose
            model is shut down.
        TransientError: a call failed; answers before it are kept, the other texts are pending.
        CorruptResult: a call answered what cannot be used; the same.
        SetupError: the settings do not ask the service it is of: nothing was sent.
    """
    gemini = gemini.on(product.backend)
    with store.ledger.leases.holding(lease_names.PLAN) as planning:
        formed = _form(store, gemini, product, shard, planning)
    if formed is None:
        return RealtimeReport(job_id=None, texts=0, usd=0.0)
    job, lease = formed
    interrupted = True
    with store.ledger.leases.renewing(lease):
        try:
            answered = kind_of(product).calls(store, gemini, PlannedJob(job, lease))
            for number, block in enumerate(answered):
                _keep(store, product, job, number, block)
            interrupted = False
        except SemanticAssetsError as error:
            # A cap refuses here only to repeat a call whose answer could not be used.
            interrupted = may_be_billed(error) or isinstance(error, SpendRefused)
            raise
        finally:
            report = merge_parts(store, job, lease, interrupted=interrupted)
    return report


def _form(
    store: Store, gemini: Gemini, product: Product, shard: ShardKey, planning: Lease
) -> tuple[BatchJob, Lease] | None:
    """Write row and manifest, as for a batch: no other process may send these texts meanwhile."""
    if reason := kind_of(product).refusal(store):
        raise SpendRefused(reason)
    recover_manifests(store)  # of a ledger that was lost or rolled back: they may be paid for
    found = shard_demand(store, shard, product)
    if not found.is_pending.any():
        return None
    kind, wanted = kind_of(product), wanted_texts(found)
    with JobTexts(store, [found]) as source:
        # A job of real-time calls is small, so its texts are kept in memory.
        texts = list(source.of(wanted) or ())
    texts = list(kind.with_repairs(store, wanted, texts))
    if not texts:
        raise Conflict(f"shard {shard}: its rows are being written; run again")
    tokens = wanted.tokens
    usd = realtime_usd(product.model, tokens, kind.expected_output(store, len(wanted)) or 0)
    job_id, lease = leased_job_id(store)
    job = new_job(
        store,
        lease,
        product=product,
        job_id=job_id,
        scope_id=gemini.scope_id,
        requests=len(wanted),
        tokens=tokens,
        shards=[shard],
        state=S.RUNNING,
        is_realtime=True,
    )
    guard = job_guard(store, product, shard.dataset, usd)
    store.ledger.jobs.insert(job, detail="real time", under=planning, guard=guard)
    count_in_run(job_id, [shard])
    write_manifest(store.lake, job, product, texts)
    return job, lease


def _keep(store: Store, product: Product, job: BatchJob, number: int, block: Block) -> None:
    """Make the answers of one call durable before the next call."""
    schema, name = results_of(product), f"{job.job_id}.{number:06d}"
    path = layout.results(job.product_id, name)
    with store.lake.writing(path, schema, {}) as file:
        file.write(block.batch(schema))
    store.ledger.paid.record(paid_file(store, path))
    cover_results(store, job.product_id, name)


def merge_parts(store: Store, job: BatchJob, lease: Lease, *, interrupted: bool) -> RealtimeReport:
    """Merge a real-time job's parts into one file, and collect it.

    Raises:
        Conflict: another process has merged them; parts that landed since stay, and count.
    """
    require_ours(store, job, lease)
    parts, product = _parts(store, job), store.product(job.product_id)
    try:
        _require_parts(store, job, parts)
    except BrokenFile as error:
        damage(store, job, error)
        return RealtimeReport(job_id=job.job_id, texts=0, usd=0.0)
    schema, folder = results_of(product), layout.results_dir(job.product_id)
    tokens = output = rows = landed = 0
    path = layout.results(job.product_id, job.job_id)
    unmoved = store.ledger.jobs.held(job, lease.fence)
    with store.lake.writing(path, schema, identity(store, job), unmoved) as file:
        for name in parts:
            table = store.lake.read(f"{folder}/{name}")
            tokens += pc.sum(table["token_count"]).as_py() or 0
            if "output_tokens" in table.column_names:
                output += pc.sum(table["output_tokens"]).as_py() or 0
            rows += table.num_rows
            landed += pc.sum(pc.equal(table["outcome"], Outcome.OK)).as_py() or 0
            file.write(table.cast(schema))
    cover_results(store, job.product_id, job.job_id)
    usd = realtime_usd(job.model, tokens, output)
    open_texts = min(kind_of(product).calls_out, job.requests - rows) if interrupted else 0
    moved = store.ledger.jobs.move(
        job.job_id,
        S.COLLECTED,
        of=[S.RUNNING],
        fence=lease.fence,
        possibly_billed=_open_call(job, open_texts) if open_texts else None,
        paid=paid_file(store, path),
        succeeded=landed,
        failed=rows - landed,
        tokens_actual=tokens,
        output_tokens_actual=output if "output_tokens" in schema.names else None,
        ended_at=store.ledger.now(),
    )
    if moved is None:
        raise Conflict(f"job {job.job_id} was collected by another process")
    store.ledger.paid.forget([f"{folder}/{name}" for name in parts])
    for name in parts:
        store.lake.delete(f"{folder}/{name}")
    store.lake.delete(layout.manifest(job.job_id))
    return RealtimeReport(
        job_id=job.job_id, texts=landed, usd=usd, failed=rows - landed, shards=job.shards
    )


def _require_parts(store: Store, job: BatchJob, parts: list[str]) -> None:
    """Check the answers of each call that landed.

    Raises:
        BrokenFile: one is missing or altered.
    """
    folder = layout.results_dir(job.product_id)
    known = store.ledger.paid.below(f"{folder}/{job.job_id}.0")
    for path in sorted({f"{folder}/{name}" for name in parts} | known.keys()):
        require_intact(store, path)
        require_readable(store, path)


def _open_call(job: BatchJob, texts: int) -> Amount:
    """Return what was out when the process died: it may have been paid for, and gave nothing."""
    tokens = texts * job.tokens_estimated // job.requests
    output = texts * (job.output_tokens_estimated or 0) // job.requests
    return Amount(tokens, realtime_usd(job.model, tokens, output))


def _parts(store: Store, job: BatchJob) -> list[str]:
    names = store.lake.names(layout.results_dir(job.product_id))
    return [name for name in names if name.startswith(f"{job.job_id}.") and name.count(".") == 2]
