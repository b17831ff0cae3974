"""The store: an opened lake with its ledger, on which the pipeline functions work."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from semantic_assets import lineage
from semantic_assets.errors import ConfigError
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.opened_version import VectorStores
from semantic_assets.index.qdrant import QdrantServer
from semantic_assets.lake import layout
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.lake import INPUT, Lake
from semantic_assets.lake.own_key_indexes import OwnKeyIndexes
from semantic_assets.lake.table_rows import FINGERPRINT, TableRows
from semantic_assets.lake.table_update import TableUpdate, compact, updating
from semantic_assets.ledger.database.engine import FOR_READING
from semantic_assets.ledger.leases import Lease
from semantic_assets.ledger.ledger import Ledger, open_ledger
from semantic_assets.model.backends import AUTO
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.product import Product
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.model.task import is_task
from semantic_assets.objects.bucket import Bucket
from semantic_assets.settings.dataset_settings import DatasetSettings
from semantic_assets.settings.settings import Settings
from semantic_assets.sources.source_bucket import SourceBucket
from semantic_assets.sources.source_folder import SourceFolder
from semantic_assets.system.durable import is_writable

#: Below the lake's root. Names of tables contain dots, names of datasets do not.
_LANCE_TABLES = "index/lance"


@dataclass(frozen=True, slots=True)
class Store:
    """The input of all pipeline functions. Close it, or use it as a context manager."""

    settings: Settings
    lake: Lake
    sources: SourceFolder | SourceBucket
    ledger: Ledger
    #: The progress callback, called with a line at a time; the interfaces set it.
    report_progress: Callable[[str], None]
    #: Of a store that may not write: copies of key indexes, which it may complete.
    own_key_indexes: OwnKeyIndexes | None = None

    @property
    def is_read_only(self) -> bool:
        """True where nothing may be written through it."""
        return self.own_key_indexes is not None

    def for_reading(self) -> "Store":
        """Return the same, through which nothing is written."""
        return replace(
            self,
            lake=replace(self.lake, refusal=FOR_READING),
            ledger=self.ledger.refusing(FOR_READING),
            own_key_indexes=OwnKeyIndexes(),
        )

    def is_view_of(self, other: "Store") -> bool:
        """Return whether both have one ledger open."""
        return self.ledger.database.engine is other.ledger.database.engine

    def serving_space(self, dataset: DatasetKey) -> EmbeddingSpace:
        """Return the space a dataset is embedded and searched in.

        It is set when the first texts are planned, and only `reindex` changes it: a new model in
        the settings alone must not cause a corpus to be paid for again.
        """
        held = self.ledger.dataset_spaces.of(dataset).serving
        return self.configured_space(dataset) if held is None else self.ledger.spaces.find(held)

    def target_space(self, dataset: DatasetKey) -> EmbeddingSpace | None:
        """Return the target space of a reindex; None outside a reindex."""
        held = self.ledger.dataset_spaces.of(dataset).target
        return None if held is None else self.ledger.spaces.find(held)

    def configured_space(self, dataset: DatasetKey) -> EmbeddingSpace:
        """Return the space of its dataset.toml, or of the settings, until something was planned."""
        own = self.dataset_settings(dataset)
        return self.settings.space_of(own.model, own.dimensions, own.backend)

    def product(self, product_id: str) -> Product:
        """Return the embedding space or the generation task with this id.

        Raises:
            NotFound: the ledger knows no such id.
        """
        return (
            self.ledger.tasks.find(product_id)
            if is_task(product_id)
            else self.ledger.spaces.find(product_id)
        )

    def decide_space(self, dataset: DatasetKey) -> EmbeddingSpace:
        """Set the dataset's space to the configured one if it has none; return its space."""
        if self.ledger.dataset_spaces.of(dataset).serving is None:
            space = self.configured_space(dataset)
            self.ledger.spaces.register(space)
            self.ledger.dataset_spaces.adopt(dataset, space.space_id)
        return self.serving_space(dataset)

    def index_backend(self, dataset: DatasetKey) -> str:
        """Return the dataset's own index backend, or that of the settings."""
        return self.index_backend_of(self.dataset_settings(dataset))

    def index_backend_of(self, own: DatasetSettings) -> str:
        """Return the index backend of a dataset with these settings."""
        return self.settings.index_backend if own.index_backend == AUTO else own.index_backend

    @property
    def vector_stores(self) -> VectorStores:
        """The stores of vectors outside index directories; Lance's is in the lake by default."""
        settings = self.settings
        lance = settings.lance_url or self.lake.address(_LANCE_TABLES)
        return VectorStores(
            QdrantServer(settings.qdrant_url, settings.qdrant_api_key), LanceStore(lance)
        )

    def dataset_settings(self, dataset: DatasetKey) -> DatasetSettings:
        """Return the dataset.toml of the last listing; the sources are not read."""
        return DatasetSettings.of(
            self.ledger.datasets.settings(dataset), f"{dataset}: dataset.toml"
        )

    def all_dataset_settings(self) -> dict[DatasetKey, DatasetSettings]:
        """Map each dataset that is not removed to its `dataset_settings`, by one query."""
        rows, where = self.ledger.datasets.rows().values(), "{}: dataset.toml"
        live = (row for row in rows if not row.is_removed)
        return {row.key: DatasetSettings.of(row.settings, where.format(row.key)) for row in live}

    def is_embedded(self, dataset: DatasetKey) -> bool:
        """Return False if only generation tasks use the dataset."""
        return self.dataset_settings(dataset).embed

    def key_index(self, product_id: str) -> KeyIndex:
        path = self.lake.path(layout.key_index(product_id))
        if self.own_key_indexes is None:
            return KeyIndex(path)
        return self.own_key_indexes.find(product_id) or KeyIndex(path, is_reading=True)

    def key_index_to_complete(self, product_id: str) -> KeyIndex:
        """Return the same to be written: of a store that may not write, a copy of its own."""
        index = self.key_index(product_id)
        if self.own_key_indexes is None:
            return index
        return self.own_key_indexes.copy(product_id, index)

    def is_current(self, path: str, input_fingerprint: str) -> bool:
        """Return whether a table file exists, matches the ledger and has these inputs."""
        record = self.ledger.files.find(path)
        return (
            record is not None
            and record.input_fingerprint == input_fingerprint
            and self.lake.fingerprint(path) == record.fingerprint
        )

    def trusted_fingerprint(self, path: str) -> str | None:
        """Return the fingerprint of a table file if it agrees with the ledger, else None."""
        record = self.ledger.files.find(path)
        if record is None or self.lake.fingerprint(path) != record.fingerprint:
            return None
        return record.fingerprint

    @contextmanager
    def updating_table(
        self,
        lease: Lease,
        path: str,
        schema: pa.Schema,
        previous: TableRows | None = None,
        *,
        input_fingerprint: str,
        whole: bool = False,
    ) -> Iterator[TableUpdate]:
        """Write a table from rows it keeps and new ones, and record it under the shard's lease.

        The block gives the rows and sets the update's `fingerprint`, in its metadata also that of
        the inputs if they differ. After the rename the ledger records it under the fence: without
        that the table is stale. A large table of which little changed gets an amendment.

        Args:
            previous: the present table, trusted and open.
            whole: write the table anew, as most of it is new.
        """
        with updating(
            self.lake,
            path,
            schema,
            {INPUT: input_fingerprint},
            previous or TableRows(None, schema),
            amends_from=self.settings.amended_from_mb << 20,
            whole=whole,
        ) as update:
            yield update
            update.metadata[FINGERPRINT.decode()] = update.fingerprint
            lease.require()
        self.ledger.files.record(
            lease,
            path,
            fingerprint=update.fingerprint,
            input_fingerprint=update.metadata[INPUT],
            rows=update.rows,
        )
        if update.is_due:
            lease.require()
            compact(self.lake, path)

    def close(self) -> None:
        self.ledger.close()
        if self.own_key_indexes is not None:
            self.own_key_indexes.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(
    settings: Settings,
    *,
    create: bool | None = None,
    clock: Callable[[], float] = time.time,
    progress: Callable[[str], None] = lambda line: None,
    reading: bool = False,
    unchecked: bool = False,
) -> Store:
    """Open the lake of these settings.

    Args:
        unchecked: whatever became of ledger and lake: for what makes it right.
        reading: write nothing; instead of making a missing one, open an empty one kept nowhere.

    On the emulator a missing ledger is made; on the real backend only `init` makes one, so that
    a mistyped root never hides paid results.

    Raises:
        ConfigError: there is no ledger and `create` is false, or it is not this lake's newest.
    """
    make = settings.backend == "emulator" if create is None else create
    lake = lake_of(settings)
    refusal = FOR_READING if reading else _refusal(settings, lake)
    lake = replace(lake, refusal=refusal)
    known = lineage.known_id(lake)
    if known is not None and known.startswith(layout.MOVED):
        raise ConfigError(f"the lake at {lake.shown} was {known}: set SEMANTIC_ASSETS_ROOT")
    if known is not None and known.startswith(layout.FILLING):
        raise ConfigError(f"the lake at {lake.shown} is {known}: let `semantic-assets migrate` end")
    url = ledger_url_of(settings)
    ledger = open_ledger(url, create=make, clock=clock, ledger_id=known, reading=bool(refusal))
    try:
        lineage.require_one_another(lake, ledger, known)
        if refusal:
            ledger = ledger.refusing(refusal)
        elif not unchecked:
            lineage.require_home(lake, ledger)
            lineage.require_newest(lake, ledger)
            ledger = lineage.noting_events(lake, ledger)
    except ConfigError:
        ledger.close()
        raise
    own = OwnKeyIndexes() if refusal else None
    return Store(settings, lake, sources_of(settings), ledger, progress, own)


def _refusal(settings: Settings, lake: Lake) -> str:
    """Say why nothing may be written, for a lake in a folder that is mounted read-only; or empty.

    Raises:
        ConfigError: there is nothing to read either.
    """
    if lake.bucket is not None or settings.ledger_url or is_writable(settings.root):
        return ""
    if not lake.exists(layout.LEDGER_FILE):
        raise ConfigError(f"the lake at {lake.shown} cannot be written, and has no ledger to read")
    return f"the lake at {lake.shown} is read-only: nothing was changed"


def ledger_url_of(settings: Settings) -> str:
    return settings.ledger_url or f"sqlite:///{settings.root / layout.LEDGER_FILE}"


def lake_of(settings: Settings) -> Lake:
    return Lake(settings.root, Bucket(settings.root_url) if settings.root_url else None)


def sources_of(settings: Settings) -> SourceFolder | SourceBucket:
    url = settings.sources_url
    if url:
        return SourceBucket(Bucket(url), settings.sources)
    return SourceFolder(settings.sources, settings.follow_links)
