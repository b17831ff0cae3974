"""The verdict on a finished world: what was lost, paid twice or misplaced."""

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.jobs import FINAL, JobState
from semantic_assets.store import Store
from semantic_assets.verbs.check import check_index
from semantic_assets.verbs.connect import connect
from tests.chaos.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of chunks or texts. `open_jobs` are rows that are not final."""

    chunks: int
    lost: int
    paid_twice: int
    misplaced: int
    unconfirmed: int
    quarantined: int
    open_jobs: int
    index_differs: int

    @property
    def is_good(self) -> bool:
        wrong = (self.lost, self.paid_twice, self.misplaced, self.open_jobs, self.index_differs)
        return not any(wrong) and self.chunks > 0


def judge(world: World, *, may_be_gone: bool) -> Verdict:
    """`may_be_gone`: somebody did delete remote jobs, so sending them again is right."""
    world.disarm()
    store, gemini = world.open()
    with store:
        states = [job.state for job in store.ledger.jobs.list()]
        chunks, lost, misplaced = _vectors(store, gemini)
        return Verdict(
            chunks=chunks,
            lost=lost,
            paid_twice=_paid_twice(world, store, may_be_gone=may_be_gone),
            misplaced=misplaced,
            unconfirmed=states.count(JobState.UNCONFIRMED),
            quarantined=states.count(JobState.QUARANTINED),
            open_jobs=sum(state not in FINAL for state in states),
            index_differs=sum(
                check_index(store, dataset).counted for dataset in store.ledger.sources.datasets()
            ),
        )


def _vectors(store: Store, gemini: Gemini) -> tuple[int, int, int]:
    """(chunks, chunks without a vector, chunks whose vector is not that of their own text)."""
    with connect(store) as connection:
        rows = connection.execute(
            "SELECT c.vector_text, e.vector FROM chunks c "
            "LEFT JOIN embeddings e ON e.chunk_id = c.chunk_id AND e.status = 'READY'"
        ).fetchall()
    held = [(text, vector) for text, vector in rows if vector is not None]
    misplaced = 0
    for first in range(0, len(held), 100):
        part = held[first : first + 100]
        expected = gemini.embed_documents(store.settings.space, [text for text, _ in part])
        found = np.asarray([vector for _, vector in part], dtype=np.float32)
        misplaced += int((np.einsum("ij,ij->i", expected, found) < 0.999).sum())
    return len(rows), len(rows) - len(held), misplaced


def _paid_twice(world: World, store: Store, *, may_be_gone: bool) -> int:
    """Texts answered in several billed jobs, beyond what the ledger says it had to send again.

    It says so for a text by a row that is not ok in that job's results, and for a job by booking
    it as possibly billed.
    """
    bill = world.control("bill")
    jobs = {job.remote_name: job.job_id for job in store.ledger.jobs.list()}
    excused = _excused(store, may_be_gone=may_be_gone)
    with connect(store) as connection:
        texts = dict(connection.execute("SELECT vector_text, text_hash FROM chunks").fetchall())
    keys = {sha256(text.encode()).hexdigest(): key for text, key in texts.items()}
    wrong = 0
    for found in bill["paid_more_than_once"]:
        key = keys.get(found["text_sha"])
        paid = [jobs.get(remote) for remote in found["jobs"]]
        silent = [job for job in paid if job is None or key not in excused[job]]
        wrong += len(silent) > 1
    return wrong


def _excused(store: Store, *, may_be_gone: bool) -> dict[str, set[str]]:
    if not list((store.settings.root / "results").glob("*/*.parquet")):
        return defaultdict(set)
    with connect(store) as connection:
        rows = connection.execute(
            "SELECT regexp_extract(filename, '([^/]+)\\.parquet$', 1), text_hash "
            f"FROM read_parquet('{store.settings.root}/results/*/*.parquet', filename = true) "
            "WHERE outcome <> 'ok'" + ("" if may_be_gone else " AND error_message NOT LIKE 'GONE%'")
        ).fetchall()
    excused: dict[str, set[str]] = defaultdict(set)
    for job, key in rows:
        excused[job].add(key)
    return excused
