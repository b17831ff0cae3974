"""The Qdrant backend: a collection for each version, and an alias for the serving one.

Search reads the version's own collection, so the pointer in the ledger stays the only
switch; the alias is for other programs and follows it. Qdrant cannot copy a collection, so each
version is uploaded whole: an upsert into the serving one would show half an update.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from semantic_assets.errors import NotFound, SetupError, TransientError
from semantic_assets.index.backend import InParts, ranked
from semantic_assets.index.description import Description
from semantic_assets.index.filtering.among_rows import nearest_among, widened
from semantic_assets.index.parts import Part, Parts, open_parts
from semantic_assets.index.ranking import Hit, Numbers, Vectors

if TYPE_CHECKING:  # an extra, and importing it takes 1.8 CPU seconds
    from qdrant_client import QdrantClient

_POINTS_PER_CALL = 256
_TIMEOUT_SECONDS = 60
#: The graph search is wide and returns more rows than wanted; the exact cosines then decide.
_CANDIDATES, _CANDIDATES_PER_HIT, _LEAST_WIDTH = 50, 2, 128
#: So many rows that may be found are compared here, in 5 ms of 768 numbers; of more the server is
#: asked for as many candidates as should hold enough of them.
_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class QdrantServer:
    """The server's URL, or a folder for the client's local mode (one process, for trying out)."""

    url: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The address without its secrets."""
        parsed = urlsplit(self.url or "")
        return f"{parsed.scheme}://{parsed.hostname}" if self.is_remote else str(self.url)

    @property
    def is_remote(self) -> bool:
        return str(self.url).startswith(("http://", "https://"))

    @contextmanager
    def asked(self) -> Iterator["QdrantClient"]:
        """Yield the client and convert its errors to ours.

        Raises:
            SetupError: no server is set, or the client is not installed.
            TransientError: it does not answer, or refuses.
        """
        client = _client(self)
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException

        try:
            yield client
        except (ApiException, QdrantException) as error:
            raise TransientError(
                f"Qdrant at {self.shown} failed: {type(error).__name__} "
                f"{getattr(error, 'status_code', '')}; see that it runs and takes the key"
            ) from error


@dataclass(frozen=True, slots=True)
class QdrantFinder(InParts):
    server: QdrantServer
    collection: str

    def nearest(self, queries: Vectors, k: int, among: Numbers | None = None) -> list[list[Hit]]:
        if among is not None and len(among) <= _COMPARED:
            return nearest_among(self.parts, queries, k, among)
        count = max(_CANDIDATES, k * _CANDIDATES_PER_HIT)
        if among is None:
            found = self._candidates(queries, count)
            return [
                ranked(self.parts, query, candidates, k)
                for query, candidates in zip(queries, found, strict=True)
            ]
        return [self._nearest_among(query, k, count, among) for query in queries]

    def _nearest_among(self, query: Vectors, k: int, count: int, among: Numbers) -> list[Hit]:
        candidates = widened(
            lambda asked: self._candidates(query[None], asked)[0], among, count, len(self.parts)
        )
        if candidates is None:
            return nearest_among(self.parts, query[None], k, among)[0]
        return ranked(self.parts, query, candidates, k)

    def _candidates(self, queries: Vectors, count: int) -> list[Numbers]:
        """Return for each query the rows that the server holds for the nearest, ascending."""
        from qdrant_client import models

        # The local mode has no graph, and warns about parameters of one.
        width = max(_LEAST_WIDTH, count)
        wide = models.SearchParams(hnsw_ef=width) if self.server.is_remote else None
        requests = [
            models.QueryRequest(query=query.tolist(), limit=count, params=wide) for query in queries
        ]
        with self.server.asked() as client:
            answers = client.query_batch_points(self.collection, requests=requests)
        return [np.sort([int(point.id) for point in answer.points]) for answer in answers]


@dataclass(frozen=True, slots=True)
class QdrantBackend:
    server: QdrantServer

    def build(self, folder: Path, description: Description, parts: Parts) -> None:
        """Upload every row under its number, after deleting a collection that a crash left."""
        from qdrant_client import models

        name = description.collection
        size = models.VectorParams(size=description.dimensions, distance=models.Distance.DOT)
        with self.server.asked() as client:
            if client.collection_exists(name):
                client.delete_collection(name)
            client.create_collection(name, vectors_config=size)
            for start, part in parts.numbered():
                for low in range(0, len(part), _POINTS_PER_CALL):
                    client.upsert(name, points=_points(description, part, start, low), wait=True)

    def open(self, folder: Path, description: Description) -> QdrantFinder:
        """Open the version's collection for searching.

        Raises:
            NotFound: the collection is missing.
        """
        with self.server.asked() as client:
            if not client.collection_exists(description.collection):
                raise NotFound(
                    f"Qdrant at {self.server.shown} has no collection {description.collection}: "
                    "run `semantic-assets index build` for the dataset"
                )
        parts = open_parts(folder, description)
        return QdrantFinder(parts, self.server, description.collection)

    def publish(self, description: Description) -> None:
        """Move the alias in one step: it is never missing and never points to two versions."""
        from qdrant_client import models

        alias, wanted = description.alias, description.collection
        with self.server.asked() as client:
            held = {item.alias_name: item.collection_name for item in client.get_aliases().aliases}
            if held.get(alias) == wanted:
                return
            steps: list[Any] = []
            if alias in held:
                gone = models.DeleteAlias(alias_name=alias)
                steps.append(models.DeleteAliasOperation(delete_alias=gone))
            made = models.CreateAlias(collection_name=wanted, alias_name=alias)
            steps.append(models.CreateAliasOperation(create_alias=made))
            client.update_collection_aliases(change_aliases_operations=steps)

    def drop(self, description: Description) -> None:
        with self.server.asked() as client:
            client.delete_collection(description.collection)


def _points(description: Description, part: Part, start: int, low: int) -> Any:
    from qdrant_client import models

    rows = part.table(first=low, count=_POINTS_PER_CALL).to_pylist()
    return models.Batch(
        ids=list(range(start + low, start + low + len(rows))),
        vectors=part.some_vectors(low, len(rows)).tolist(),
        payloads=[_payload(description, row) for row in rows],
    )


def _payload(description: Description, row: dict[str, Any]) -> dict[str, Any]:
    kept = ("document_id", "chunk_id", "chunk_index", "start_char", "end_char", "page")
    return {
        **{name: row[name] for name in kept},
        "filename": row["uri"].rpartition("/")[2],
        "space": description.space_id,
    }


@cache
def _client(server: QdrantServer) -> "QdrantClient":
    if not server.url:
        raise SetupError("the index is in Qdrant: set SEMANTIC_ASSETS_QDRANT_URL to its address")
    try:
        from qdrant_client import QdrantClient
    except ImportError as error:
        raise SetupError(
            "the index is in Qdrant: install its client with `pip install semantic-assets[qdrant]`"
        ) from error
    if server.is_remote:
        # The client's version check only gives a warning: the calls used are old.
        return QdrantClient(
            url=server.url,
            api_key=server.api_key,
            timeout=_TIMEOUT_SECONDS,
            check_compatibility=False,
        )
    return QdrantClient(path=server.url)
