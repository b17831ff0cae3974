"""An opened generation, whatever its backend."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from semantic_assets.errors import ConfigError
from semantic_assets.index.backend import Backend, Finder
from semantic_assets.index.description import FILE_NAME, Description, read_description
from semantic_assets.index.exact import ExactBackend
from semantic_assets.index.faiss import FaissBackend
from semantic_assets.index.parts import Parts, open_part
from semantic_assets.index.qdrant import QdrantBackend, QdrantServer
from semantic_assets.index.ranking import Hit, Vectors
from semantic_assets.model.backends import EXACT, FAISS, QDRANT

_KEPT_OPEN = 256


@dataclass(frozen=True, slots=True)
class Index:
    """Search reads only this: rows, offsets and vectors are all of one generation."""

    folder: Path
    description: Description
    parts: Parts
    finder: Finder

    def __len__(self) -> int:
        return len(self.parts)

    def nearest(self, query: Vectors, k: int) -> list[Hit]:
        """(row, cosine) of the k rows nearest to a unit vector, best first."""
        return self.nearest_of_each(query[None], k)[0]

    def nearest_of_each(self, queries: Vectors, k: int) -> list[list[Hit]]:
        """Raises:
        ConfigError: the queries have another size than the vectors.
        """
        expected = self.description.dimensions
        if queries.shape[1] != expected:
            raise ConfigError(
                f"index {self.folder} has {expected} dimensions, the query {queries.shape[1]}: "
                f"embed it in space {self.description.space_id}"
            )
        return self.finder.nearest(queries, k) if len(self) else [[] for _ in queries]

    def rows(self, numbers: Sequence[int]) -> list[dict[str, object]]:
        return self.parts.rows(numbers)

    def table(self, columns: Sequence[str]) -> pa.Table:
        return self.parts.table(columns)


def backend_of(name: str, qdrant: QdrantServer) -> Backend:
    """Raises:
    ConfigError: there is no such backend.
    """
    if name == EXACT:
        return ExactBackend()
    if name == FAISS:
        return FaissBackend()
    if name == QDRANT:
        return QdrantBackend(qdrant)
    raise ConfigError(f"there is no index backend {name!r}: use {EXACT}, {FAISS} or {QDRANT}")


def open_parts(folder: Path, description: Description) -> Parts:
    """Raises:
    FileNotFoundError: the generation was retired and deleted meanwhile; ask for the serving one.
    """
    opened = tuple(open_part(folder / part.name) for part in description.parts)
    return Parts(opened, description.dimensions)


def open_index(folder: Path, qdrant: QdrantServer) -> Index:
    """Raises:
    FileNotFoundError: the generation was retired and deleted meanwhile; ask for the serving one.
    """
    description = read_description(folder)
    parts = open_parts(folder, description)
    backend = backend_of(description.backend, qdrant)
    return Index(folder, description, parts, backend.open(description, parts))


class OpenIndexes:
    """The last generation opened of each dataset and space: 500,000 codes take 50 ms to load."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, tuple[object, Index]] = OrderedDict()

    def get(self, folder: Path, qdrant: QdrantServer) -> Index:
        """Raises:
        FileNotFoundError: the generation was retired and deleted; ask for the serving one.
        """
        found = (folder / FILE_NAME).stat()
        identity = (folder, found.st_ino, found.st_mtime_ns, qdrant)
        with self._lock:
            held = self._held.get(folder.parent)
        index = held[1] if held is not None and held[0] == identity else open_index(folder, qdrant)
        with self._lock:
            self._held[folder.parent] = (identity, index)
            self._held.move_to_end(folder.parent)
            while len(self._held) > _KEPT_OPEN:
                self._held.popitem(last=False)
        return index
