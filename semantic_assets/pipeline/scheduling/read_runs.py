"""The tick of the discovery sensor: list the sources, then decide which shards to read.

It needs a listing and ledger rows, and never calls Google. Of files, dataset.toml is read, and the
records of files that hold many are counted once for each of their states.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from semantic_assets.errors import SourceMissing
from semantic_assets.lake import layout
from semantic_assets.ledger import lease_names
from semantic_assets.ledger.run_requests import NO_RUNS, KnownRuns
from semantic_assets.ledger.sources.sources import Shard
from semantic_assets.ledger.tasks import DatasetTask
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import chunks_inputs
from semantic_assets.pipeline.documents.plan_records import discover_and_plan
from semantic_assets.pipeline.documents.read import reading_of
from semantic_assets.pipeline.generation.context import context_digest
from semantic_assets.pipeline.generation.write_prompts import requests_inputs
from semantic_assets.pipeline.generation_jobs.generation_files import datasets_of_files
from semantic_assets.pipeline.scheduling.batch_runs import RunDue
from semantic_assets.store import Store
from semantic_assets.text.fingerprint import fingerprint

READ = "read"
#: Time a tick counts records for. Dagster ends a tick after 60 s.
_COUNT_SECONDS = 20.0
#: Requested runs that have not ended yet. About as many as a small machine starts in a minute: the
#: smallest dataset of the next tick need not wait behind more.
MAX_UNANSWERED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWatch:
    due: tuple[RunDue, ...]
    #: Number of shards to be read that a later tick requests.
    waiting: int
    #: Number of shards to be read whose run waits or runs, or is asked for again after a pause.
    coming: int = 0
    #: Troubles a person should see to; datasets they do not name are not concerned.
    troubles: tuple[str, ...]
    #: What was counted, and which files are not yet; empty where nothing was to count.
    counted: str = ""


def watch_sources(store: Store, runs: KnownRuns = NO_RUNS) -> SourceWatch:
    """List the sources and decide which shards to read; two calls at once are harmless.

    Args:
        runs: the runs there are already; what one of them reads is not due.
    """
    try:
        found, counted = discover_and_plan(store, seconds=_COUNT_SECONDS)
    except (SourceMissing, OSError) as error:
        return SourceWatch(due=(), waiting=0, troubles=(str(error),))
    stale = _smallest_first(_stale(store, found.datasets))
    store.ledger.requests.give_up(runs)
    _close(store, found.datasets, stale)
    wanted = {shard.key: _request(store, shard) for shard in stale}
    unanswered = store.ledger.requests.unanswered(READ)
    is_open = {name for name, inputs in wanted.values() if unanswered.get(name) == inputs}
    due = {*store.ledger.requests.due(READ, dict(wanted.values()), runs)}
    again = [shard for shard in stale if _name(shard.key) in due & is_open]
    new = [shard for shard in stale if _name(shard.key) in due - is_open]
    room = max(0, MAX_UNANSWERED - len(is_open))
    asked = {shard.key: wanted[shard.key] for shard in (*again, *new[:room])}
    due_now = tuple(_due(store, asked, runs))
    waiting = len(new[room:])
    return SourceWatch(
        due=due_now,
        waiting=waiting,
        coming=len(stale) - len(due_now) - waiting,
        troubles=tuple(found.troubles),
        counted=counted.told,
    )


def _close(store: Store, datasets: Sequence[DatasetKey], stale: list[Shard]) -> None:
    """Close the requests for shards that are up to date, whichever process read them."""
    waiting = {_name(shard.key) for shard in stale}
    names = set(store.ledger.requests.unanswered(READ)) | {
        name for name in store.ledger.requests.exhausted() if name.startswith(f"{READ}:")
    }
    answered = [
        name
        for name in sorted(names - waiting)
        if ShardKey.parse(name.removeprefix(f"{READ}:")).dataset in datasets
    ]
    if answered:
        store.ledger.requests.close(answered)


def _stale(store: Store, datasets: Sequence[DatasetKey]) -> Iterator[Shard]:
    """Yield the shards whose documents, chunks or requests are older than the ledger's inputs."""
    documents = store.ledger.files.fingerprints("documents")
    cut_from = store.ledger.files.inputs("chunks")
    asked_of = store.ledger.files.inputs("requests")
    outputs = store.ledger.files.fingerprints("generations")
    pinned: dict[DatasetKey, list[DatasetTask]] = {}
    for one in store.ledger.tasks.all(stopped=True):
        pinned.setdefault(one.dataset, []).append(one)
    every, shards = store.all_dataset_settings(), defaultdict[DatasetKey, list[Shard]](list)
    for shard in store.ledger.sources.shards():
        shards[shard.key.dataset].append(shard)
    of_files = datasets_of_files(store)
    for dataset in (one for one in datasets if one in every and one not in of_files):
        settings, tasks = every[dataset], pinned.get(dataset, [])
        for shard in shards[dataset]:
            read = documents.get(layout.documents(shard.key))
            is_read = read is not None and shard.read_as == reading_of(shard, settings)
            cut = cut_from.get(layout.chunks(shard.key))
            answers = context_digest(tasks, shard.key, outputs.get)
            is_cut = not settings.embed or cut == chunks_inputs(settings, str(read), answers)
            is_asked = all(
                asked_of.get(layout.requests(one.task.task_id, shard.key))
                == requests_inputs(one.task, str(read))
                for one in tasks
                if not one.is_stopped
            )
            if not (is_read and is_cut and is_asked):
                yield shard


def _smallest_first(stale: Iterator[Shard]) -> list[Shard]:
    """Sort shards by the documents and text that their datasets have to read, the fewest first."""
    shards, documents, sizes = list(stale), Counter[DatasetKey](), Counter[DatasetKey]()
    for shard in shards:
        documents[shard.key.dataset] += shard.documents
        sizes[shard.key.dataset] += shard.text_bytes

    def size(shard: Shard) -> tuple[int, int, ShardKey]:
        return documents[shard.key.dataset], sizes[shard.key.dataset], shard.key

    return sorted(shards, key=size)


def _request(store: Store, shard: Shard) -> tuple[str, str]:
    """Return (name, fingerprint) of the run that reads, splits and submits a shard as it now is."""
    settings = store.dataset_settings(shard.key.dataset)
    tasks = store.ledger.tasks.of(shard.key.dataset, stopped=True)
    answers = context_digest(tasks, shard.key, store.ledger.files.fingerprint)
    fed = [*(one.task.task_id for one in tasks), answers]
    wanted = fingerprint(
        reading_of(shard, settings), settings.chunking_fingerprint, *(fed if tasks else [])
    )
    return _name(shard.key), wanted


def _name(shard: ShardKey) -> str:
    return f"{READ}:{shard}"


def _due(
    store: Store, wanted: Mapping[ShardKey, tuple[str, str]], runs: KnownRuns
) -> Iterator[RunDue]:
    for shard, request in wanted.items():
        if store.ledger.leases.held(lease_names.of_shard(shard)):
            continue
        if run_key := store.ledger.requests.ask(*request, runs):
            yield RunDue(kind=READ, partition=str(shard), run_key=run_key)
