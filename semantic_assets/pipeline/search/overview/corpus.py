"""What there is to search, in numbers and examples: for who has not asked anything yet.

A page asks for it each time it is opened, so it costs the same for any size of the corpus: counts
are kept while the ledger's counter stands still and no inbox changed, examples come from a few rows
of a few indexes and are kept while their versions serve.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from semantic_assets.intake.inbox_state import inbox_state
from semantic_assets.ledger.index_versions import ServingVersion
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.pipeline.search.overview.example_questions import example_questions
from semantic_assets.pipeline.search.searched import Versions, searched_of
from semantic_assets.store import Store

#: Of a ledger without a counter, counts are no older than this.
_SECONDS = 10.0
_EXAMPLES, _DATASETS = 6, 6
#: Versions whose examples are kept.
_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusExample(HtmlTable):
    """A question that the dataset can answer."""

    dataset: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus(HtmlTable):
    """What the caller may search; `waiting` is what search does not find yet."""

    projects: int
    datasets: int
    documents: int
    passages: int
    documents_waiting: int
    passages_waiting: int
    #: When search began to find something else, in seconds since 1970; None: it never did.
    changed_at: float | None
    #: The vectors are the emulator's: nothing is charged.
    is_free: bool
    examples: tuple[CorpusExample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Of one dataset."""

    dataset: DatasetKey
    documents: int
    passages: int
    documents_waiting: int
    passages_waiting: int
    changed_at: float | None


@dataclass(slots=True)
class _Known:
    """What was last found of one lake."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    stamp: object = None
    counts: tuple[_Counts, ...] = ()
    examples: OrderedDict[ServingVersion, tuple[str, ...]] = field(default_factory=OrderedDict)

    def counted(self, store: Store) -> tuple[_Counts, ...]:
        with self.lock:
            stamp = _stamp(store)  # before the counts, which may be newer
            if stamp != self.stamp:
                self.counts, self.stamp = _counted(store), stamp
            return self.counts

    def examples_of(self, store: Store, version: ServingVersion) -> tuple[str, ...]:
        with self.lock:
            if version not in self.examples:
                self.examples[version] = tuple(example_questions(store, version, _EXAMPLES))
            self.examples.move_to_end(version)
            while len(self.examples) > _KEPT:
                self.examples.popitem(last=False)
            return self.examples[version]


_known: WeakKeyDictionary[object, _Known] = WeakKeyDictionary()
_known_lock = threading.Lock()


def corpus(store: Store, project: str | None = None) -> Corpus:
    """Return what there is to search in all datasets, or in those of one project."""
    with _known_lock:
        known = _known.setdefault(store.ledger.database.engine, _Known())
    counts = [one for one in known.counted(store) if project in (None, one.dataset.project)]
    there = [one for one in counts if one.passages]
    versions = searched_of(store).versions(store)
    return Corpus(
        projects=len({one.dataset.project for one in there}),
        datasets=len(there),
        documents=sum(one.documents for one in counts),
        passages=sum(one.passages for one in counts),
        documents_waiting=sum(one.documents_waiting for one in counts),
        passages_waiting=sum(one.passages_waiting for one in counts),
        changed_at=max((one.changed_at for one in there if one.changed_at), default=None),
        is_free=store.settings.backend == "emulator",
        examples=tuple(_examples(store, known, _largest(there, versions))),
    )


def _stamp(store: Store) -> object:
    count = store.ledger.database.change_count()
    moment = time.monotonic() // _SECONDS if count is None else None
    return count, moment, inbox_state(store.lake.root)


def _counted(store: Store) -> tuple[_Counts, ...]:
    documents: dict[DatasetKey, int] = {}
    for shard in store.ledger.sources.shards():
        dataset = shard.key.dataset
        documents[dataset] = documents.get(dataset, 0) + shard.documents
    serving = store.ledger.index_versions.all_serving()
    return tuple(
        _Counts(
            dataset=dataset,
            documents=documents.get(dataset, 0),
            passages=version.rows if version else 0,
            documents_waiting=waiting.documents_to_chunk,
            passages_waiting=waiting.chunks_to_embed + waiting.vectors_to_index,
            changed_at=version.served_at if version else None,
        )
        for dataset, waiting in _waiting(pending_counts(store))
        for version in [serving.get(dataset)]
    )


def _waiting(rows: Iterable[PendingCounts]) -> Iterable[tuple[DatasetKey, PendingCounts]]:
    return ((DatasetKey(row.project_id, row.dataset_id), row) for row in rows if row.dataset_id)


def _largest(counts: Sequence[_Counts], versions: Versions) -> list[ServingVersion]:
    ordered = sorted(counts, key=lambda one: (-one.passages, one.dataset))
    return [versions[one.dataset] for one in ordered if one.dataset in versions][:_DATASETS]


def _examples(
    store: Store, known: _Known, versions: Sequence[ServingVersion]
) -> Iterable[CorpusExample]:
    """Take the first of each dataset, then the second of each, without repeating one."""
    found: dict[str, CorpusExample] = {}
    of_each = [(one, known.examples_of(store, one)) for one in versions]
    for place in range(_EXAMPLES):
        for version, queries in of_each:
            if place < len(queries) and len(found) < _EXAMPLES:
                example = CorpusExample(dataset=str(version.dataset), query=queries[place])
                found.setdefault(example.query.casefold(), example)
    return found.values()
