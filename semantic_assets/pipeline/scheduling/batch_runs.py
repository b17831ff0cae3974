"""The tick of the batch sensor: poll, then decide which runs are due.

It reads ledger rows and the remote's listing only: no upload, no download, no file of the lake.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from semantic_assets.errors import TransientError
from semantic_assets.gemini.client import Gemini
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.progress import ShardProgress
from semantic_assets.ledger.run_requests import NO_RUNS, KnownRuns
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.catalog import MAX_ACTIVE_JOBS
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.product import Product
from semantic_assets.pipeline.batch_jobs.poll import poll
from semantic_assets.pipeline.generation_jobs.generation_files import datasets_of_files
from semantic_assets.pipeline.pending.products import (
    WantedProduct,
    is_settled_in,
    serving_spaces,
    settled_shards,
    unsettled_shards,
    wanted_products,
    wanted_tasks,
)
from semantic_assets.pipeline.pending.services import services
from semantic_assets.pipeline.vector_index.build_inputs import index_fingerprint, index_fingerprints
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

ADVANCE, EMBEDDINGS, VECTOR_INDEX = "advance", "embeddings", "vector_index"
GENERATIONS = "generations"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDue:
    """A run to start: its kind, its partition, and a key that is never used twice."""

    kind: str
    partition: str | None
    run_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    active_jobs: int
    changed: tuple[BatchJob, ...]
    due: tuple[RunDue, ...]
    #: Requests given up after five runs that failed.
    exhausted: tuple[str, ...]
    #: Why the remote could not be polled; runs that need only lake and ledger are due all the same.
    trouble: str | None


def watch(store: Store, gemini: Gemini, runs: KnownRuns = NO_RUNS) -> Watch:
    """Poll this scope and decide which runs are due; two calls at once are harmless.

    Args:
        runs: the runs there are already; what one of them does is not due.
    """
    active, changed, trouble = 0, list[BatchJob](), None
    clients = services(store, gemini)
    for client in clients:
        try:
            polled = poll(store, client)
            active += polled.active
            changed += polled.changed
        except TransientError as error:
            trouble = str(error)
    shards = [shard.key for shard in store.ledger.sources.shards()]
    settled = settled_shards(store)
    store.ledger.requests.give_up(runs)
    due = [
        *_advance_due(store, clients, runs),
        *_generations_due(store, shards, runs),
        *_embeddings_due(store, settled, runs),
        *_index_due(store, shards, settled, runs),
    ]
    return Watch(
        active_jobs=active,
        changed=tuple(changed),
        due=tuple(due),
        exhausted=tuple(store.ledger.requests.exhausted()),
        trouble=trouble,
    )


def embeddings_request(store: Store, shard: ShardKey) -> tuple[str, str]:
    """Return (name, fingerprint) of the run that turns a settled shard's embeddings green."""
    return _embeddings_request(
        store.ledger.progress.of(shard, store.serving_space(shard.dataset).space_id)
    )


def embeddings_requests(
    store: Store, shards: Iterable[ShardKey]
) -> dict[ShardKey, tuple[str, str]]:
    """Map shards to their `embeddings_request`, by two queries; one that was removed has none."""
    noted, spaces = store.ledger.progress.all(), store.ledger.dataset_spaces.all()
    found = {}
    for shard in shards:
        serving = spaces[shard.dataset].serving if shard.dataset in spaces else None
        if serving is not None and (shard, serving) in noted:
            found[shard] = _embeddings_request(noted[shard, serving])
    return found


def _embeddings_request(progress: ShardProgress) -> tuple[str, str]:
    wanted = fingerprint(progress.product_id, progress.settled_fingerprint)
    return f"{EMBEDDINGS}:{progress.shard}", wanted


def generations_request(store: Store, shard: ShardKey) -> tuple[str, str] | None:
    """Return (name, fingerprint) of the run that turns a shard's answers green.

    None: there are no tasks, or not all answers are in.
    """
    tasks = [pinned.task.task_id for pinned in store.ledger.tasks.of(shard.dataset)]
    noted = {(shard, task_id): store.ledger.progress.of(shard, task_id) for task_id in tasks}
    return _answered(shard, tasks, noted, store.ledger.files.fingerprint)


def _answered(
    shard: ShardKey,
    tasks: Sequence[str],
    progress: Mapping[tuple[ShardKey, str], ShardProgress],
    asked: Callable[[str], str | None],
) -> tuple[str, str] | None:
    etags = []
    for task_id in tasks:
        current, noted = asked(layout.requests(task_id, shard)), progress.get((shard, task_id))
        if noted is None or not noted.is_settled_for(current):
            return None
        etags += [task_id, str(current)]
    return (f"{GENERATIONS}:{shard}", fingerprint(*etags)) if etags else None


def index_request(store: Store, dataset: DatasetKey) -> tuple[str, str]:
    """Return (name, fingerprint) of the run that builds the index, and continues a reindex."""
    wanted = index_fingerprint(store, dataset)
    target = store.target_space(dataset)
    if target is not None and is_settled_in(store, dataset, target):
        wanted = fingerprint(wanted, target.space_id)
    return f"{VECTOR_INDEX}:{dataset.partition}", wanted


def index_requests(
    store: Store, datasets: Collection[DatasetKey]
) -> dict[DatasetKey, tuple[str, str]]:
    """Map datasets to their `index_request`; the few that are reindexed are asked for one by one."""
    held = store.ledger.dataset_spaces.all()
    moving = {key for key in datasets if key in held and held[key].target is not None}
    serving = {key: space for key, space in serving_spaces(store).items() if key in datasets}
    found = {
        dataset: (f"{VECTOR_INDEX}:{dataset.partition}", wanted)
        for dataset, wanted in index_fingerprints(store, serving).items()
    }
    return found | {dataset: index_request(store, dataset) for dataset in moving}


def _advance_due(store: Store, clients: Sequence[Gemini], runs: KnownRuns) -> Iterable[RunDue]:
    """Request an advance if jobs ended, texts may be sent, or a crash left jobs behind."""
    jobs, scopes = store.ledger.jobs, {client.scope_id for client in clients}
    ended = [one.job_id for one in jobs.list(states=[JobState.ENDED]) if one.scope_id in scopes]
    orphans = [job.job_id for job in jobs.orphaned()]
    unconfirmed = [
        one for one in jobs.list(states=[JobState.UNCONFIRMED]) if one.scope_id in scopes
    ]
    sendable = [name for client in clients for name in _sendable(store, client)]
    if not (ended or orphans or unconfirmed or sendable) or store.ledger.leases.held(
        lease_names.ADVANCE
    ):
        return
    # A complete listing looks for unconfirmed jobs each quarter of an hour.
    quarter = int(store.ledger.now() // 900) if unconfirmed else 0
    wanted = fingerprint(*ended, "/", *orphans, "/", *sendable, quarter)
    if run_key := store.ledger.requests.ask(ADVANCE, wanted, runs):
        yield RunDue(kind=ADVANCE, partition=None, run_key=run_key)


def _sendable(store: Store, gemini: Gemini) -> list[str]:
    """List the shards with pending texts as of now, in windows that have room for them."""
    if store.ledger.scopes.paused(gemini.scope_id):
        return []
    out = {shard.key for task in wanted_tasks(store) for shard, _ in unsettled_shards(store, task)}
    return [
        name
        for wanted in wanted_products(store)
        for name in _sendable_in(store, gemini, wanted, out)
    ]


def _sendable_in(
    store: Store, gemini: Gemini, wanted: WantedProduct[Product], awaiting: set[ShardKey]
) -> list[str]:
    """List the sendable shards of one product, with their pending counts.

    `awaiting`: shards with answers still out, which their chunks may be waiting for.
    """
    model, backend = wanted.product.model, gemini.endpoint.backend
    tokens, jobs = store.ledger.job_totals.window(gemini.scope_id, model)
    is_full = jobs >= MAX_ACTIVE_JOBS or tokens > store.settings.window_of(model, backend) * 0.8
    if is_full or wanted.product.backend != backend:
        return []
    space_id, noted = wanted.product.product_id, store.ledger.progress.all()
    unsettled = [
        noted.get((shard.key, space_id)) or ShardProgress(shard=shard.key, product_id=space_id)
        for shard, _ in unsettled_shards(store, wanted)
    ]
    waiting = [s for s in unsettled if s.pending is None or s.pending > 0]
    held = awaiting if wanted.product.waits_for_answers else set[ShardKey]()
    idle = [] if jobs else [s for s in unsettled if s.pending == 0 and s.shard not in held]
    names = [f"{s.shard}={s.pending}" for s in (*waiting, *idle)]
    return [*names, str(tokens)] if waiting else names


def _generations_due(store: Store, shards: list[ShardKey], runs: KnownRuns) -> Iterable[RunDue]:
    """Request runs for shards whose answers are all in, by three queries for all shards."""
    tasks: dict[DatasetKey, list[str]] = {}
    of_files = datasets_of_files(store)
    for pinned in store.ledger.tasks.all():
        if pinned.dataset not in of_files:
            tasks.setdefault(pinned.dataset, []).append(pinned.task.task_id)
    if not tasks:
        return
    progress = store.ledger.progress.all()
    asked = store.ledger.files.fingerprints("requests")
    for shard in shards:
        request = _answered(shard, tasks.get(shard.dataset, []), progress, asked.get)
        if request is None or store.ledger.leases.held(lease_names.of_shard(shard)):
            continue
        if run_key := store.ledger.requests.ask(*request, runs):
            yield RunDue(kind=GENERATIONS, partition=str(shard), run_key=run_key)


def _embeddings_due(store: Store, settled: list[ShardKey], runs: KnownRuns) -> Iterable[RunDue]:
    """Request runs for settled shards without a successful run, by three queries for all."""
    requests = embeddings_requests(store, settled)
    due = {*store.ledger.requests.due(EMBEDDINGS, dict(requests.values()), runs)}
    for shard, (name, wanted) in requests.items():
        if name not in due or store.ledger.leases.held(lease_names.of_shard(shard)):
            continue
        if run_key := store.ledger.requests.ask(name, wanted, runs):
            yield RunDue(kind=EMBEDDINGS, partition=str(shard), run_key=run_key)


def _index_due(
    store: Store, shards: list[ShardKey], settled: list[ShardKey], runs: KnownRuns
) -> Iterable[RunDue]:
    """Request index runs for settled datasets whose serving index is of other embeddings."""
    known = {*settled}
    open_datasets = {shard.dataset for shard in shards if shard not in known}
    whole = {shard.dataset for shard in settled} - open_datasets
    requests = index_requests(store, whole)
    due = {*store.ledger.requests.due(VECTOR_INDEX, dict(requests.values()), runs)}
    for dataset in sorted(requests):
        name, wanted = requests[dataset]
        if name not in due or store.ledger.leases.held(lease_names.of_index(dataset)):
            continue
        if run_key := store.ledger.requests.ask(name, wanted, runs):
            yield RunDue(kind=VECTOR_INDEX, partition=dataset.partition, run_key=run_key)
