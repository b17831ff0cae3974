"""plan: form the batch jobs that fit the window now, and make them durable.

Held under the one lease `plan` from deriving to the manifest, and never over a network call: two
planners can never put one text into two jobs.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from semantic_assets.batching.packing import Window, plan_job
from semantic_assets.errors import SpendRefused
from semantic_assets.lake import layout
from semantic_assets.lake.manifests import write_manifest
from semantic_assets.ledger.jobs import new_job_id
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.sources import Shard
from semantic_assets.ledger.spending import ESTIMATED
from semantic_assets.model.catalog import MAX_ACTIVE_JOBS, batch_usd
from semantic_assets.model.jobs import BatchJob, JobKind, JobState, display_name
from semantic_assets.model.keys import ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.store import Store
from semantic_assets.verbs.pending import (
    ShardDemand,
    complete_key_index,
    demand,
    unsettled_shards,
    withheld_texts,
)

_DAY_SECONDS = 86_400
#: Before the first answer an estimate may be this far below what Google counts...
UNCALIBRATED_RATIO = 1.25
#: ...and after it a job may still differ from those before it by this much.
RATIO_MARGIN = 1.03


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job whose row and manifest are durable, and the lease its submission runs under."""

    job: BatchJob
    lease: Lease


@dataclass(frozen=True, slots=True)
class HoldUp:
    """Why texts wait that nobody has in hand."""

    reason: str
    #: Waiting does not help: a setting must change.
    needs_person: bool = False


WINDOW_FULL = HoldUp("the window of enqueued tokens is full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    jobs: tuple[PlannedJob, ...] = ()
    #: Shards found to want nothing more: ready to be assembled.
    settled: tuple[ShardDemand, ...] = ()
    #: Texts of the opened shards that stay outside the window for now.
    waiting_texts: int = 0
    held_back: HoldUp | None = None


def plan(store: Store, *, scope_id: str, favour: ShardKey | None = None) -> Plan:
    """Form jobs for unsettled shards, `favour` first, then the smallest dataset."""
    with store.ledger.leases.trying("plan") as lease:
        if lease is None:
            return Plan(held_back=HoldUp("another process plans"))
        return _Planner(store, store.space, scope_id, lease).run(favour)


class _Planner:
    def __init__(self, store: Store, space: EmbeddingSpace, scope_id: str, lease: Lease) -> None:
        self._store = store
        self._space = space
        self._scope_id = scope_id
        self._lease = lease

    def run(self, favour: ShardKey | None) -> Plan:
        store, space_id = self._store, self._space.space_id
        index = complete_key_index(store, space_id)
        withheld = withheld_texts(store, space_id)
        if not withheld.is_complete:
            return Plan(held_back=HoldUp("another process is forming a job"))
        window = self._window()
        wanted: dict[str, tuple[int, ShardKey]] = {}
        opened: list[ShardDemand] = []
        for shard, _ in _ordered(unsettled_shards(store, space_id), favour):
            opened.append(found := demand(store, shard.key, index, withheld.texts))
            for key, estimate in found.pending.items():
                wanted.setdefault(key, (estimate, shard.key))
            # Enough to fill the window: the shards behind are not opened.
            if sum(estimate for estimate, _ in wanted.values()) >= window.free_tokens > 0:
                break
        jobs, held_back, left = self._form_all(wanted, window)
        self._remember(opened, left)
        return Plan(
            jobs=tuple(jobs),
            settled=tuple(found for found in opened if found.is_settled),
            waiting_texts=len(left),
            held_back=held_back,
        )

    def _remember(self, opened: list[ShardDemand], left: set[str]) -> None:
        """What stays pending, by shard: a hint for order, for display and for the sensor."""
        for found in opened:
            pending = len(left.intersection(found.pending))
            self._store.ledger.sources.update_shard(found.shard, pending=pending)

    def _window(self) -> Window:
        """The window in our estimates: Google's limit divided by how far they were off lately."""
        ledger = self._store.ledger
        ratio = ledger.jobs.token_ratio(self._space.model) or UNCALIBRATED_RATIO
        configured = int(self._store.settings.window_tokens / (ratio * RATIO_MARGIN))
        used, jobs = ledger.jobs.window(self._scope_id, self._space.model)
        return Window(
            limit_tokens=ledger.scopes.window(self._scope_id, configured),
            used_tokens=used,
            free_jobs=MAX_ACTIVE_JOBS - jobs,
        )

    def _form_all(
        self, wanted: dict[str, tuple[int, ShardKey]], window: Window
    ) -> tuple[list[PlannedJob], HoldUp | None, set[str]]:
        """(jobs, why no more, texts left over)."""
        jobs: list[PlannedJob] = []
        keys, held_back = list(wanted), None
        while keys and held_back is None:
            taken = plan_job([wanted[key][0] for key in keys], window)
            chosen = {key: wanted[key] for key in keys[:taken]}
            planned = self._try_form(chosen, window)
            if isinstance(planned, HoldUp):
                held_back = planned
            else:
                jobs.append(planned)
                keys, window = keys[taken:], self._window()
        return jobs, held_back, set(keys)

    def _try_form(
        self, chosen: dict[str, tuple[int, ShardKey]], window: Window
    ) -> PlannedJob | HoldUp:
        if not chosen:
            return WINDOW_FULL
        tokens = sum(estimate for estimate, _ in chosen.values())
        try:
            require_budget(self._store, self._space.model, tokens)
        except SpendRefused as refusal:
            return HoldUp(str(refusal), needs_person=True)
        return self._form(chosen, tokens, window) or WINDOW_FULL

    def _form(
        self, chosen: dict[str, tuple[int, ShardKey]], tokens: int, window: Window
    ) -> PlannedJob | None:
        """Row, then manifest. Without a manifest a dead planner's row withholds nothing."""
        store, job_id = self._store, new_job_id()
        shards = sorted({shard for _, shard in chosen.values()})
        texts = pa.concat_tables([self._texts_of(shard, chosen) for shard in shards])
        self._lease.require()
        lease = store.ledger.leases.acquire(f"job:{job_id}")
        if lease is None:
            raise AssertionError("a new job id cannot be leased already")
        job = self._row(job_id, lease, tokens=tokens, requests=len(chosen), shards=shards)
        if not store.ledger.jobs.insert_if_fits(
            job, limit_tokens=window.limit_tokens, limit_jobs=MAX_ACTIVE_JOBS
        ):
            return None
        usd = batch_usd(job.model, tokens)
        store.ledger.spending.book(job_id, ESTIMATED, model=job.model, tokens=tokens, usd=usd)
        write_manifest(store.lake, job, texts)
        return PlannedJob(job, lease)

    def _texts_of(self, shard: ShardKey, chosen: dict[str, tuple[int, ShardKey]]) -> pa.Table:
        columns = ["text_hash", "vector_text", "token_estimate"]
        chunks = self._store.lake.read(layout.chunks(shard), columns)
        mine = pa.array([key for key, (_, of) in chosen.items() if of == shard], pa.string())
        first = pc.index_in(mine, chunks["text_hash"].combine_chunks())
        return chunks.take(first)

    def _row(
        self, job_id: str, lease: Lease, *, tokens: int, requests: int, shards: list[ShardKey]
    ) -> BatchJob:
        now = self._store.ledger.now()
        return BatchJob(
            job_id=job_id,
            kind=JobKind.EMBEDDING,
            space_id=self._space.space_id,
            scope_id=self._scope_id,
            model=self._space.model,
            state=JobState.UPLOADING,
            fence=lease.fence,
            display_name=display_name(self._store.ledger.ledger_id, job_id),
            remote_name=None,
            remote_state=None,
            shards=tuple(str(shard) for shard in shards),
            requests=requests,
            tokens_estimated=tokens,
            tokens_actual=None,
            succeeded=None,
            failed=None,
            input_file=None,
            result_file=None,
            error_message=None,
            bisects=None,
            absent_listings=0,
            absent_since=None,
            created_at=now,
            updated_at=now,
            submitted_at=None,
            ended_at=None,
        )


def _ordered(
    unsettled: list[tuple[Shard, str]], favour: ShardKey | None
) -> list[tuple[Shard, str]]:
    """The favoured shard, then by how little its dataset has pending (unknown: all its chunks)."""
    size: dict[str, int] = {}
    for shard, _ in unsettled:
        name = str(shard.key.dataset)
        size[name] = size.get(name, 0) + (shard.chunks if shard.pending is None else shard.pending)
    return sorted(
        unsettled,
        key=lambda item: (item[0].key != favour, size[str(item[0].key.dataset)], item[0].key),
    )


def require_budget(store: Store, model: str, tokens: int) -> None:
    """Whether a job of that many tokens may be paid for today.

    Raises:
        SpendRefused: on the real backend without a standing consent, or over it.
    """
    cap = store.settings.max_cost_usd_per_day
    if cap is None and store.settings.backend == "emulator":
        return
    usd = batch_usd(model, tokens)
    if cap is None:
        raise SpendRefused(
            f"the next job costs about ${usd:.4f}: set SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY to allow it"
        )
    now = store.ledger.now()
    today = store.ledger.spending.totals(since=now - now % _DAY_SECONDS)
    spent = today.actual_usd + today.committed_usd
    if spent + usd > cap:
        raise SpendRefused(
            f"${spent:.4f} of ${cap:.2f} for today is spent or committed, the next job costs about "
            f"${usd:.4f}: wait until midnight UTC or raise SEMANTIC_ASSETS_MAX_COST_USD_PER_DAY"
        )
