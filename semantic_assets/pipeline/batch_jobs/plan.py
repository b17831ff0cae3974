"""Form the batch jobs that fit the window now, and make them durable.

The lease `plan` is held from deriving to the manifest, and never over a network call, so two
planners can never put one text into two jobs.
"""

from collections.abc import Iterable

import pyarrow as pa

from semantic_assets.batching.grouping import PendingTexts, groups, joined_texts
from semantic_assets.batching.packing import JobLimits, Window
from semantic_assets.errors import Conflict, SpendRefused
from semantic_assets.gemini.endpoint import Endpoint
from semantic_assets.lake.manifests import write_manifest
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.job_rows import PlannedJob
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.ledger.spending import Amount, Guard
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.catalog import MAX_ACTIVE_JOBS
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.batch_jobs.blocked import (
    ANOTHER_PLANS,
    WINDOW_FULL,
    Blocked,
    Plan,
    gathering,
    joined,
    of_service,
    unknown_texts,
)
from semantic_assets.pipeline.batch_jobs.guards import quarantine_block
from semantic_assets.pipeline.batch_jobs.job_window import window_now
from semantic_assets.pipeline.batch_jobs.new_job import leased_job_id, new_job
from semantic_assets.pipeline.batch_jobs.recover import recover_manifests
from semantic_assets.pipeline.batch_jobs.shard_priority import (
    Room,
    in_doubt,
    open_shards,
    pending_hint,
    serving_order,
)
from semantic_assets.pipeline.costs.budgets import (
    count_in_run,
    job_guard,
    job_usd,
)
from semantic_assets.pipeline.costs.dataset_budgets import DatasetBudgets
from semantic_assets.pipeline.pending.pending import ShardDemand
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_products
from semantic_assets.pipeline.pending.remembered_demands import (
    ProductDemands,
    RememberedDemands,
    remembering,
)
from semantic_assets.pipeline.product_kinds.product_kind import kind_of
from semantic_assets.store import Store
from semantic_assets.system.memory import give_back

_USUAL = JobLimits()


def plan(
    store: Store,
    *,
    endpoint: Endpoint,
    limits: JobLimits = _USUAL,
    favour: ShardKey | None = None,
    min_texts: int = 1,
    only: Product | None = None,
    demands: RememberedDemands | None = None,
) -> Plan:
    """Form jobs for the unsettled shards of each task and space.

    The shard `favour` comes first, then the smallest dataset.

    Args:
        min_texts: a space or task with fewer pending texts gets no job.
        only: form jobs for this space or task only.
        demands: remembered from earlier rounds of the same drain; what they lack is derived.
    """
    if not _is_anything_open(store, only):
        return Plan()  # no lease is taken: the usual call
    with (
        remembering(store, demands) as held,
        store.ledger.leases.trying(lease_names.PLAN) as lease,
    ):
        if lease is None:
            return Plan(blocked_by=ANOTHER_PLANS)
        recover_manifests(store)
        plans = []
        for wanted in wanted_products(store):
            if only not in (None, wanted.product):
                continue
            found = unsettled_shards(store, wanted)
            unsettled, blocked_by = of_service(store, endpoint, wanted.product, found)
            if unsettled:
                of_product = held.of(wanted.product)
                planner = _Planner(store, of_product, endpoint, limits, lease, min_texts)
                plans.append(planner.run(unsettled, favour))
            elif blocked_by:
                plans.append(Plan(blocked_by=blocked_by))
        return joined(plans)


def _is_anything_open(store: Store, only: Product | None) -> bool:
    """Tell whether a shard is unsettled, or a manifest is there, which may have no row."""
    wanted = (one for one in wanted_products(store) if only in (None, one.product))
    return any(unsettled_shards(store, one) for one in wanted) or bool(
        store.lake.names("manifests")
    )


class _Planner:
    """Forms the jobs of one embedding space, or of one generation task."""

    def __init__(
        self,
        store: Store,
        demands: ProductDemands,
        endpoint: Endpoint,
        limits: JobLimits,
        lease: Lease,
        min_texts: int,
    ) -> None:
        product = demands.product
        self._store, self._product = store, product
        self._endpoint, self._scope_id = endpoint, endpoint.scope_id
        self._limits = limits
        self._demands = demands
        self._lease, self._min_texts, self._kind = lease, min_texts, kind_of(product)
        self._budgets = DatasetBudgets(store)

    def run(self, unsettled: list[tuple[Shard, str]], favour: ShardKey | None) -> Plan:
        store, product_id = self._store, self._product.product_id
        if reason := self._kind.refusal(store):
            return Plan(blocked_by=Blocked(reason, needs_person=True))
        if not self._kind.is_wanted_by(store, {shard.key.dataset for shard, _ in unsettled}):
            return Plan(blocked_by=Blocked("another process decided a dataset's space"))
        if pause := store.ledger.scopes.paused(self._scope_id, self._product.model):
            return Plan(blocked_by=Blocked(f"{self._product.model} waits: {pause.reason}"))
        window = window_now(store, self._endpoint, self._product.model, self._limits)
        if window.used_tokens and window.free_tokens < window.job_tokens and unsettled:
            # No job can be formed before one ends, so deriving waits until then.
            noted = store.ledger.progress.all()
            waiting = sum(pending_hint(noted, shard, self._product) for shard, _ in unsettled)
            return Plan(waiting_texts=waiting, blocked_by=WINDOW_FULL)
        withheld = self._demands.look()
        if withheld.unreadable:
            return Plan(blocked_by=unknown_texts(withheld.unreadable))
        if not withheld.is_complete:
            return Plan(blocked_by=Blocked("another process is forming a job"))
        if reason := quarantine_block(store, product_id):
            return Plan(blocked_by=Blocked(reason, needs_person=True))
        tables = {shard.key: cut for shard, cut in unsettled}
        noted = store.ledger.progress.all()
        room = Room(min(window.free_tokens, self._limits.tokens), self._limits.texts_listed)
        wanted, opened = open_shards(
            serving_order(
                store, self._product, in_doubt(store, product_id, unsettled, noted), favour, noted
            ),
            lambda shard: self._demands.of(shard, tables[shard]),
            self._budgets.may_wait,
            room,
        )
        few = self._budgets.below_min_batch_size(wanted)
        pending = sum(int(found.is_pending.sum()) for found in opened)
        is_enough = pending >= self._min_texts
        sendable = wanted.where(~wanted.is_of(frozenset(few)) & is_enough)
        self._demands.texts.know(opened)
        give_back()
        jobs, blocked_by, taken = self._form_all(
            sendable, window, is_cut=room.is_filled and not self._limits.has_window
        )
        if few or (pending and not is_enough):
            gathers = few if is_enough else {product_id: (pending, self._min_texts)}
            blocked_by = blocked_by or gathering(gathers)
        return Plan(
            jobs=tuple(jobs),
            settled=tuple(found for found in opened if found.is_settled),
            waiting_texts=self._remember(opened, taken),
            blocked_by=blocked_by,
        )

    def _remember(self, opened: list[ShardDemand], taken: list[PendingTexts]) -> int:
        """Note, as hints, how many texts stay pending in each shard; return their sum."""
        in_jobs = joined_texts(taken).keys
        pending: dict[ShardKey, tuple[int, str | None]] = {}
        for found in opened:
            left = self._demands.pending_without(found, in_jobs)
            pending[found.shard] = (left, found.table_fingerprint)
        self._demands.rest()
        give_back()
        self._store.ledger.progress.note_pending(self._product.product_id, pending)
        return sum(left for left, _ in pending.values())

    def _form_all(
        self, wanted: PendingTexts, window: Window, *, is_cut: bool
    ) -> tuple[list[PlannedJob], Blocked | None, list[PendingTexts]]:
        """Form all jobs that fit; return (jobs, why there are no more, texts in these jobs).

        `is_cut`: more are pending than are listed, and what is left of the list goes with those.
        """
        jobs: list[PlannedJob] = []
        measure = None if self._limits.has_window else self._kind.line_bytes()
        taken, blocked_by, is_full = list[PendingTexts](), None, False
        for group in groups(wanted, self._budgets.budgeted(wanted), self._limits.requests):
            texts, is_begun = group.texts, False
            while len(texts) and not is_full:
                count = self._demands.texts.count_of_job(texts, window, group.max_requests, measure)
                if is_cut and is_begun and count == len(texts):
                    break
                chosen = texts.part(0, count)
                planned = self._try_form(chosen, window, group.budgeted)
                if isinstance(planned, Blocked):
                    is_full, blocked_by = group.budgeted is None, blocked_by or planned
                    break
                jobs.append(planned)
                taken.append(chosen)
                # Only who holds the lease fills it, and each job's transaction sums it up again.
                texts, is_begun = texts.part(count, len(texts)), True
                window = window.with_job(planned.job.tokens_estimated)
        return jobs, blocked_by, taken

    def _try_form(
        self, chosen: PendingTexts, window: Window, budgeted: DatasetKey | None
    ) -> PlannedJob | Blocked:
        if not len(chosen):
            return WINDOW_FULL
        tokens = chosen.tokens
        try:
            output = self._kind.expected_output(self._store, len(chosen))
            usd = job_usd(self._product.model, len(chosen), tokens, output)
            guard = job_guard(self._store, self._product, budgeted, usd)
            if budgeted is None:
                guard(self._store.ledger.spending)  # before the texts are read
            else:
                self._budgets.require(budgeted, usd)
        except SpendRefused as refusal:
            return Blocked(str(refusal), needs_person=True)
        shards = [shard for shard, _ in chosen.by_shard()]
        pieces = self._demands.texts.of(chosen)
        if pieces is None:
            self._demands.distrust()
            return Blocked("a shard was written again while it was planned")
        repaired = self._kind.with_repairs(self._store, chosen, pieces)
        try:
            planned = self._form(
                repaired, len(chosen), tokens, shards, window, Amount(tokens, usd), guard
            )
        except SpendRefused as refusal:  # somebody else took the room meanwhile
            return Blocked(str(refusal), needs_person=True)
        except Conflict:  # it slept over its lease: losing a race is ordinary, formed jobs stay
            return ANOTHER_PLANS
        if planned and budgeted:
            self._budgets.formed(budgeted, usd)
        return planned or WINDOW_FULL

    def _form(
        self,
        texts: Iterable[pa.Table],
        requests: int,
        tokens: int,
        shards: list[ShardKey],
        window: Window,
        reserved: Amount,
        guard: Guard,
    ) -> PlannedJob | None:
        """Row, then manifest. Without a manifest a dead planner's row withholds nothing."""
        store = self._store
        self._lease.require()
        job_id, lease = leased_job_id(store)
        job = new_job(
            store,
            lease,
            product=self._product,
            job_id=job_id,
            scope_id=self._scope_id,
            requests=requests,
            tokens=tokens,
            shards=shards,
            state=JobState.UPLOADING,
        )
        if not store.ledger.jobs.insert_if_fits(
            job,
            under=self._lease,
            limit_tokens=max(window.limit_tokens, tokens),
            limit_jobs=MAX_ACTIVE_JOBS,
            reserved=reserved,
            guard=guard,
        ):
            store.ledger.leases.release(lease)
            return None
        count_in_run(job_id, shards)
        write_manifest(store.lake, job, self._product, texts)
        return PlannedJob(job, lease)
