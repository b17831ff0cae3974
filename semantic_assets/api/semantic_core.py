"""The open lake for notebooks and applications. Nothing happens without a call.

core = SemanticCore(root="data/lake")
core.ingest(Document("report.txt"), dataset="acme/articles")
core.batch_manager.process_queue()
core.search("...", dataset="acme/articles")
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Literal, Self, overload

import duckdb

from semantic_assets.api.batch_manager import BatchManager
from semantic_assets.api.core import Consent, Datasets, Root, dataset_keys
from semantic_assets.api.embedding_now import embed_handed_over
from semantic_assets.api.generation_job import Articles, GenerationJob, find_job, generate, is_job
from semantic_assets.api.searching import Searching
from semantic_assets.errors import ConfigError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DEFAULT_DATASET, DatasetKey
from semantic_assets.model.statuses import Mode, mode_of
from semantic_assets.model.wording import calm, flush
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate_sources import estimate_sources
from semantic_assets.pipeline.costs.estimate_tasks import TaskQuote
from semantic_assets.pipeline.documents.ingest import Ingested, Ingestion
from semantic_assets.pipeline.flows.refresh_now import refresh_now
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.reports.status import Status, status
from semantic_assets.pipeline.search.gathering import Gathering
from semantic_assets.pipeline.search.search import Asked, answer_each
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store, open_store


class SemanticCore(Searching):
    """One lake, opened at the first call. Use it as a context manager, or `close` it.

    It is safe to use from several threads; documents are ingested one after the other.
    """

    def __init__(
        self,
        root: Root = None,
        *,
        progress: Callable[[str], None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Name a lake; it is opened at the first call.

        Args:
            root: the lake; default: as the settings say.
            progress: gets a line now and then; default: only `process_queue` prints.
            settings: all of them, `root` too; default: of the environment.
        """
        self._root, self._settings, self._progress = root, settings, calm(progress)
        self._ingestions: dict[DatasetKey, Ingestion] = {}
        self._intake, self._opening = Lock(), Lock()
        self._readers: list[Store] = []
        self.gathering = Gathering(
            lambda asked: answer_each(self._asked_in(asked), self.gemini, asked)
        )

    def __repr__(self) -> str:
        return f"SemanticCore(root={str(self._root or 'as the settings say')!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the lake and its connections; ingested documents and sent jobs stay."""
        flush(self._progress)
        if "gemini" in self.__dict__:
            self.__dict__.pop("gemini").close()
        for ingestion in self._ingestions.values():
            ingestion.close()
        self._ingestions.clear()
        while self._readers:
            self._readers.pop().close()
        if "store" in self.__dict__:
            self.__dict__.pop("store").close()

    def require_settings(self) -> None:
        """Check the settings now, for a server: the lake is opened when somebody asks.

        Raises:
            ConfigError: a setting is misspelt, or its value does not fit.
        """
        Settings.load(root=self._root)

    @cached_property
    def store(self) -> Store:
        """The opened lake, for the functions of `semantic_assets.pipeline`."""
        return self._opened(reading=False)

    @property
    def reader(self) -> Store:
        """The lake to read from: nothing is written through it, and a missing one is not made."""
        with self._opening:
            held: Store | None = self.__dict__.get("store")
            last = self._readers[-1] if self._readers else None
            if last is not None and (held is None or last.is_view_of(held)):
                return last
            opened = held.for_reading() if held is not None else self._opened(reading=True)
            if opened.ledger.is_there:  # a missing one may be there the next time
                self._readers.append(opened)
            return opened

    @property
    def payer(self) -> Store:
        """The lake in which a call to the API is booked; calls to the emulator cost nothing."""
        reader = self.reader
        return reader if reader.settings.backend == "emulator" else self.store

    def _asked_in(self, asked: Sequence[Asked]) -> Store:
        """Return the lake to search in: only a question that is embedded may be booked."""
        is_paid = any(one.options.needs_vector for one in asked)
        return self.payer if is_paid else self.reader

    @cached_property
    def gemini(self) -> Gemini:
        return Gemini(endpoint_of(self.reader.settings))

    @cached_property
    def batch_manager(self) -> BatchManager:
        return BatchManager(self)

    def ingest(
        self,
        document: Document,
        *,
        dataset: str = DEFAULT_DATASET,
        mode: str = Mode.AUTO,
        overwrite: bool = False,
    ) -> Ingested:
        """Ingest a document durably; only modes `sync` and `auto` may use the network.

        Args:
            dataset: where it goes; by default `default/documents`.
            mode: `async`: the next flush chunks and sends it. `sync`: search finds it when this
                returns. `auto`: as `sync` where little is pending and no cap is in the way.
            overwrite: replace a document of this name that has other content.

        Raises:
            ConfigError: the document cannot be read, or another one has its name.
            TransientError: in mode `sync`: the document is kept, and cannot be found yet.
        """
        (done,) = self.ingest_many([document], dataset=dataset, mode=mode, overwrite=overwrite)
        if done.error is not None:
            raise ConfigError(done.error)
        return done

    def ingest_many(
        self,
        documents: Sequence[Document],
        *,
        dataset: str = DEFAULT_DATASET,
        mode: str = Mode.AUTO,
        overwrite: bool = False,
    ) -> list[Ingested]:
        """Ingest many documents, as `ingest`, in one write; each has its own outcome."""
        how, key = mode_of(mode), DatasetKey.parse(dataset)
        with self._intake:
            done = self._ingestion(key).put(documents, overwrite=overwrite)
        if how != Mode.ASYNC and any(one.error is None for one in done):
            embed_handed_over(self.store, self.gemini, key, how)
        return done

    def remove_document(self, name: str, *, dataset: str) -> None:
        """Remove an ingested document; search loses it before this returns. Sends nothing.

        Raises:
            NotFound: no ingested document has this name; files of your own are yours to delete.
        """
        with self._intake:
            self._ingestion(DatasetKey.parse(dataset)).remove(name)
        refresh_now(self.store, self.gemini, DatasetKey.parse(dataset), mode="async")

    def status(self) -> Status:
        """Return the queue, the jobs, the expected finish and the cost so far."""
        return status(self.reader, scope_id=self.gemini.scope_id)

    def estimate(
        self, datasets: Datasets = None, *, limit: int | None = None, exact: bool = False
    ) -> Estimate:
        """Quote what `refresh` costs now; `limit`: of the first documents; `exact`: Google counts some."""
        keys, counter = dataset_keys(self.reader, datasets), self.gemini if exact else None
        return estimate_sources(self.reader, datasets=keys, limit=limit, counter=counter)

    @overload
    def generate(
        self,
        articles: Articles | None = None,
        *,
        task: str,
        name: str | None = None,
        dataset: str | None = None,
        realtime: bool = False,
        dry_run: Literal[False] = False,
        max_cost_usd: float | None = None,
        consent: Consent = None,
    ) -> GenerationJob: ...

    @overload
    def generate(
        self,
        articles: Articles | None = None,
        *,
        task: str,
        name: str | None = None,
        dataset: str | None = None,
        realtime: bool = False,
        dry_run: Literal[True],
        max_cost_usd: float | None = None,
        consent: Consent = None,
    ) -> TaskQuote: ...

    def generate(
        self,
        articles: Articles | None = None,
        *,
        task: str,
        name: str | None = None,
        dataset: str | None = None,
        realtime: bool = False,
        dry_run: bool = False,
        max_cost_usd: float | None = None,
        consent: Consent = None,
    ) -> GenerationJob | TaskQuote:
        """Process articles, or a dataset, by a task; send what fits the window.

        Args:
            articles: a .json, .jsonl, .csv or .parquet file, or records, texts or Documents.
            name: the job's name, for articles; default: after the file.
            realtime: send all at once at full price, and wait for the answers.
            dry_run: quote only; nothing is sent.

        Raises:
            ConfigError: there is no such task, or an article cannot be read.
            SpendRefused: the quote is over a cap, or was not consented to. Nothing was sent.
        """
        return generate(
            self,
            articles,
            task=task,
            name=name,
            dataset=dataset,
            realtime=realtime,
            dry_run=dry_run,
            max_cost_usd=max_cost_usd,
            consent=consent,
        )

    def generation(self, name: str, *, task: str | None = None) -> GenerationJob:
        """Return the job of a submitted name, `project/dataset` or batch job id, to continue it.

        Raises:
            NotFound: there is no such job.
        """
        return find_job(self, name, task)

    def has_generation(self, name: str) -> bool:
        """Return whether any task processes a submitted name or `project/dataset`."""
        return is_job(self, name)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open SQL over documents, chunks, embeddings, results, batch_jobs, shards and more."""
        return connect(self.reader)

    @contextmanager
    def reporting(self, progress: Callable[[str], None]) -> Iterator[None]:
        """Send progress to this callback inside the block, unless the core already has one."""
        before, self._progress = self._progress, self._progress or calm(progress)
        try:
            yield
        finally:
            flush(self._progress)
            self._progress = before

    def _opened(self, *, reading: bool) -> Store:
        settings = self._settings or Settings.load(root=self._root)
        return open_store(settings, progress=self._say, reading=reading)

    def _ingestion(self, dataset: DatasetKey) -> Ingestion:
        if (held := self._ingestions.get(dataset)) is None:
            held = self._ingestions[dataset] = Ingestion(self.store, dataset)
        return held

    def _say(self, line: str) -> None:
        if self._progress is not None:
            self._progress(line)
