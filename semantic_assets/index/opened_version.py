"""An opened index version of any backend."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from semantic_assets.errors import ConfigError
from semantic_assets.index.backend import Backend, Finder
from semantic_assets.index.broken_index import opening
from semantic_assets.index.description import FILE_NAME, Description, read_description
from semantic_assets.index.exact import ExactBackend
from semantic_assets.index.faiss import FaissBackend
from semantic_assets.index.filtering.filter_cache import FilterCache
from semantic_assets.index.lance import LanceBackend
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.parts import Parts
from semantic_assets.index.qdrant import QdrantBackend, QdrantServer
from semantic_assets.index.ranking import Hit, Numbers, Vectors
from semantic_assets.index.words.word_index import WordIndex
from semantic_assets.index.words.words_of_parts import open_words
from semantic_assets.model.backends import EXACT, FAISS, LANCE, QDRANT

#: Two maps for each part; a process has 65,530.
_KEPT_OPEN = 4_096


@dataclass(frozen=True, slots=True)
class Index:
    """An opened version, the only input of a search: all its rows and vectors belong together."""

    folder: Path
    description: Description
    finder: Finder
    #: None: written before there were word indexes.
    words: WordIndex | None
    #: What filters learned of its columns.
    filtered: FilterCache = field(default_factory=FilterCache, compare=False, repr=False)

    def __len__(self) -> int:
        return self.description.rows

    @property
    def parts(self) -> Parts:
        return self.finder.parts

    def nearest(self, query: Vectors, k: int) -> list[Hit]:
        """Return (row, cosine) of the k rows nearest to a unit vector, best first."""
        return self.nearest_of_each(query[None], k)[0]

    def nearest_of_each(
        self, queries: Vectors, k: int, among: Numbers | None = None
    ) -> list[list[Hit]]:
        """Return the k nearest rows of each query, shape (n, dimensions), best first.

        Args:
            among: the rows that may be found, ascending, as `allowed_rows` returns them; None: all.

        Raises:
            ConfigError: the queries have another size than the vectors.
        """
        expected = self.description.dimensions
        if queries.shape[1] != expected:
            raise ConfigError(
                f"index {self.folder} has {expected} dimensions, the query {queries.shape[1]}: "
                f"embed it in space {self.description.space_id}"
            )
        if not len(self) or (among is not None and not len(among)):
            return [[] for _ in queries]
        return self.finder.nearest(queries, k, among)

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        return self.finder.rows(numbers)

    def table(self, columns: Sequence[str]) -> pa.Table:
        return self.parts.table(columns)


@dataclass(frozen=True, slots=True)
class VectorStores:
    """The stores of the backends that keep vectors outside a version's directory."""

    qdrant: QdrantServer = field(default_factory=QdrantServer)
    lance: LanceStore = field(default_factory=LanceStore)


def backend_of(name: str, stores: VectorStores) -> Backend:
    """Return a backend by name.

    Raises:
        ConfigError: there is no such backend.
    """
    if name == EXACT:
        return ExactBackend()
    if name == FAISS:
        return FaissBackend()
    if name == QDRANT:
        return QdrantBackend(stores.qdrant)
    if name == LANCE:
        return LanceBackend(stores.lance)
    raise ConfigError(
        f"there is no index backend {name!r}: use {EXACT}, {FAISS}, {QDRANT} or {LANCE}"
    )


def open_index(folder: Path, stores: VectorStores) -> Index:
    """Open an index version for searching.

    Raises:
        FileNotFoundError: the version was retired and deleted meanwhile; ask for the serving one.
        BrokenFile: it has to be built again.
        TransientError: its store of vectors does not answer.
    """
    with opening(folder):
        description = read_description(folder)
        backend = backend_of(description.backend, stores)
        finder = backend.open(folder, description)
        return Index(folder, description, finder, open_words(folder, description))


class OpenIndexes:
    """The last opened version of each dataset and space: 500,000 codes take 50 ms to load."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, tuple[object, Index]] = OrderedDict()

    def get(self, folder: Path, stores: VectorStores) -> Index:
        """Return an opened version, from memory if the same files were opened before.

        Raises:
            FileNotFoundError: the version was retired and deleted; ask for the serving one.
        """
        found = (folder / FILE_NAME).stat()
        identity = (folder, found.st_ino, found.st_mtime_ns, stores)
        with self._lock:
            held = self._held.get(folder.parent)
        index = held[1] if held is not None and held[0] == identity else open_index(folder, stores)
        with self._lock:
            self._held[folder.parent] = (identity, index)
            self._held.move_to_end(folder.parent)
            while len(self._held) > _KEPT_OPEN:
                self._held.popitem(last=False)
        return index
