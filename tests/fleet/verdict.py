"""What must hold when the fleet has nothing left to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import httpx2
import numpy as np

from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import FINAL
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.store import Store
from tests.fleet import corpus

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts; each must be 0."""

    #: Articles without a chunk, chunks that are not READY or have no vector.
    lost: int
    #: Texts answered in several billed jobs.
    paid_twice: int
    #: Chunks whose vector is not that of their own text.
    misplaced: int
    #: Datasets without a serving index, chunks in which an index and its embeddings differ.
    index_differs: int
    open_jobs: int

    def wrong(self) -> dict[str, int]:
        return {name: count for name, count in asdict(self).items() if count}


def is_indexed(store: Store, datasets: Sequence[str]) -> bool:
    """Whether every dataset has an index that serves."""
    keys = [DatasetKey.parse(name) for name in datasets]
    return all(store.ledger.index_versions.serving(key) is not None for key in keys)


def judge(store: Store, datasets: Sequence[str]) -> Verdict:
    url = f"{store.settings.emulator_url}/emulator/bill"
    bill = httpx2.get(url, timeout=60).json()  # before texts are embedded again to compare
    unheld, misplaced = _vectors(store, Gemini(endpoint_of(store.settings)))
    return Verdict(
        lost=_unheld_articles(store, datasets) + unheld,
        paid_twice=len(bill["paid_more_than_once"]),
        misplaced=misplaced,
        index_differs=sum(_index_differs(store, name) for name in datasets),
        open_jobs=sum(job.state not in FINAL for job in store.ledger.jobs.list()),
    )


def counts(store: Store) -> dict[str, int]:
    """What there was to do."""
    with connect(store) as connection:
        [[chunks, texts]] = connection.execute(
            "SELECT count(*), count(DISTINCT vector_text) FROM chunks"
        ).fetchall()
    shards, jobs = len(store.ledger.sources.shards()), len(store.ledger.jobs.list())
    return {"shards": shards, "chunks": chunks, "different_texts": texts, "batch_jobs": jobs}


def _unheld_articles(store: Store, datasets: Sequence[str]) -> int:
    with connect(store) as connection:
        [[held]] = connection.execute(
            "SELECT count(DISTINCT (dataset, document_id)) FROM chunks"
        ).fetchall()
    return len(datasets) * corpus.ARTICLES - int(held)


def _vectors(store: Store, gemini: Gemini) -> tuple[int, int]:
    """(chunks that are not READY with a vector, chunks with the vector of another text)."""
    with connect(store) as connection:
        [[unready]] = connection.execute(
            "SELECT count(*) FROM chunk_status WHERE status <> 'READY'"
        ).fetchall()
        rows = connection.execute(
            "SELECT c.vector_text, e.vector FROM chunks c "
            "LEFT JOIN embeddings e ON e.chunk_id = c.chunk_id AND e.status = 'READY'"
        ).fetchall()
    held = [(text, vector) for text, vector in rows if vector is not None]
    misplaced = 0
    for first in range(0, len(held), _AT_ONCE):
        part = held[first : first + _AT_ONCE]
        expected = gemini.embed_documents(store.settings.space, [text for text, _ in part])
        found = np.asarray([vector for _, vector in part], dtype=np.float32)
        cosines = np.einsum("ij,ij->i", expected, found)
        misplaced += int((~(cosines >= 0.999)).sum())  # a NaN is no vector of anything
    return max(int(unready), len(rows) - len(held)), misplaced


def _index_differs(store: Store, name: str) -> int:
    key = DatasetKey.parse(name)
    if store.ledger.index_versions.serving(key) is None:
        return 1
    return check_index(store, key).counted
