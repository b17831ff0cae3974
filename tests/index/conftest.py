"""An index version of any backend, made of parts as a build makes it."""

from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from semantic_assets.index import qdrant
from semantic_assets.index.dead_rows import write_dead_rows
from semantic_assets.index.description import Description, PartEntry, write_description
from semantic_assets.index.lance_store import LanceStore
from semantic_assets.index.opened_version import Index, VectorStores, backend_of, open_index
from semantic_assets.index.parts import open_parts, write_part
from semantic_assets.index.qdrant import QdrantServer
from tests.factories import make_index_rows

needs_lance = pytest.mark.skipif(
    find_spec("lancedb") is None, reason="needs Lance: pip install semantic-assets[lance]"
)
BACKENDS = ("exact", "faiss", "qdrant", pytest.param("lance", marks=needs_lance))
Make = Callable[..., Index]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[QdrantServer]:
    """Qdrant's client in its local mode."""
    found = QdrantServer(str(tmp_path / "qdrant"))
    yield found
    if (tmp_path / "qdrant").exists():
        qdrant._client(found).close()


@pytest.fixture
def stores(tmp_path: Path, server: QdrantServer) -> VectorStores:
    return VectorStores(server, LanceStore(str(tmp_path / "lance")))


@pytest.fixture
def make(tmp_path: Path, stores: VectorStores) -> Make:
    """make(vectors, backend, parts=2): row n has chunk_id `chunk-n` and vector n.

    Rows in `dead` are in the files and not in the version; `compact` is how vectors are stored;
    `rows` are other rows.
    """
    numbers = count(1)

    def build(
        vectors: Any,
        backend: str,
        *,
        parts: int = 2,
        dead: Collection[int] = (),
        compact: bool = False,
        rows: pa.Table | None = None,
    ) -> Index:
        number = next(numbers)
        folder = tmp_path / f"{number:06d}"
        rows = make_index_rows(len(vectors)) if rows is None else rows
        entries = []
        for place, block in enumerate(np.array_split(np.arange(len(vectors)), parts)):
            if len(block):
                name = f"{place:05d}"
                write_part(
                    folder / name,
                    [rows.slice(int(block[0]), len(block))],
                    [(np.arange(len(block)), vectors[block])],
                    shape=(len(block), vectors.shape[1]),
                    compact=compact,
                )
                live = np.flatnonzero(~np.isin(block, list(dead)))
                mask = write_dead_rows(folder / name, live, len(block))
                entry = PartEntry(name=name, rows=len(live), fingerprint=name, dead=mask)
                entries.append(entry)
        return finish(folder, backend, tuple(entries), vectors.shape[1])

    def finish(
        folder: Path, backend: str, entries: tuple[PartEntry, ...], dimensions: int
    ) -> Index:
        description = Description(
            backend=backend,
            space_id="space",
            dimensions=dimensions,
            parts=entries,
            collection=f"a.b.{folder.name}",
            alias="a.b",
        )
        folder.mkdir(exist_ok=True)
        write_description(folder, description)
        made = backend_of(backend, stores)
        made.build(folder, description, open_parts(folder, description))
        return open_index(folder, stores)

    return build
