"""Qdrant as other programs see it, and what is said when it is not there."""

import pytest

from semantic_assets.errors import ConfigError, NotFound, TransientError
from semantic_assets.index import qdrant
from semantic_assets.index.opened_version import VectorStores, backend_of, open_index
from semantic_assets.index.qdrant import QdrantBackend, QdrantServer
from tests.factories import make_vectors
from tests.index.conftest import Make


def test_a_point_carries_what_leads_back_to_the_passage(make: Make, server: QdrantServer) -> None:
    index = make(make_vectors(4, 16), "qdrant")
    with server.asked() as client:
        [point] = client.retrieve(index.description.collection, [3])
    assert point.payload == {
        "document_id": "document-1",
        "chunk_id": "chunk-3",
        "filename": "1.md",
        "chunk_index": 0,
        "start_char": 30,
        "end_char": 39,
        "page": None,
        "space": "space",
    }


def test_the_alias_follows_the_generation_published(make: Make, server: QdrantServer) -> None:
    backend = QdrantBackend(server)
    first, second = make(make_vectors(3, 16), "qdrant"), make(make_vectors(5, 16), "qdrant")
    for index in (first, second, second, first):
        backend.publish(index.description)
        with server.asked() as client:
            assert client.count("a.b").count == len(index)


def test_a_collection_a_crash_left_is_made_anew(make: Make, server: QdrantServer) -> None:
    index = make(make_vectors(6, 16), "qdrant")
    QdrantBackend(server).build(index.folder, index.description, index.parts)
    with server.asked() as client:
        assert client.count(index.description.collection).count == 6


def test_a_dropped_generation_says_what_to_run(make: Make, stores: VectorStores) -> None:
    index = make(make_vectors(3, 16), "qdrant")
    QdrantBackend(stores.qdrant).drop(index.description)
    with pytest.raises(NotFound, match="index build"):
        open_index(index.folder, stores)


def test_without_an_address_the_setting_is_named() -> None:
    with (
        pytest.raises(ConfigError, match="SEMANTIC_ASSETS_QDRANT_URL"),
        QdrantServer().asked(),
    ):
        pass


def test_an_unknown_backend_is_refused(stores: VectorStores) -> None:
    with pytest.raises(ConfigError, match="'hnsw': use exact, faiss, qdrant or lance"):
        backend_of("hnsw", stores)


def test_no_text_shows_the_key_or_a_password(make: Make) -> None:
    # Nothing listens on port 9 (discard): the connection is refused at once.
    server = QdrantServer("https://me:hunter2@127.0.0.1:9", "secret-key")
    index = make(make_vectors(3, 16), "exact")
    with pytest.raises(TransientError, match=r"Qdrant at https://127\.0\.0\.1 failed") as caught:
        QdrantBackend(server).publish(index.description)
    qdrant._client(server).close()
    for shown in (str(caught.value), repr(server), str(server)):
        assert "hunter2" not in shown
        assert "secret-key" not in shown
