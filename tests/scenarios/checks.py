"""What a scenario looks at in the end: statuses, places of vectors, states of jobs, the bill."""

import numpy as np

from semantic_assets.model.batch_job import FINAL, JobState
from semantic_assets.pipeline.reports.sql import connect
from tests.trial import Trial

TEXTS = 40


def statuses(trial: Trial) -> dict[str, int]:
    with connect(trial.store) as connection:
        rows = connection.execute("SELECT status, count(*) FROM chunk_status GROUP BY 1")
        return dict(rows.fetchall())


def misplaced(trial: Trial) -> int:
    """Vectors in the lake that are not those of their chunk's own text."""
    with connect(trial.store) as connection:
        rows = connection.execute(
            "SELECT c.vector_text, e.vector FROM chunks c JOIN embeddings e USING (chunk_id) "
            "WHERE e.status = 'READY'"
        ).fetchall()
    wrong = 0
    for text, vector in rows:
        expected = trial.gemini.embed_documents(trial.store.settings.space, [text])[0]
        wrong += not np.allclose(np.asarray(vector, np.float32), expected, atol=1e-5)
    return wrong


def states(trial: Trial) -> list[JobState]:
    return [job.state for job in trial.store.ledger.jobs.list()]


def assert_all_ready(trial: Trial) -> None:
    assert statuses(trial) == {"READY": TEXTS}
    assert trial.paid_twice() == []
    assert misplaced(trial) == 0
    assert set(states(trial)) <= FINAL
