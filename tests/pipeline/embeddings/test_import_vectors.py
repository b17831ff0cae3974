"""Vectors paid for elsewhere: proven, then used like any others; nothing half-imported."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semantic_assets.errors import ConfigError
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.embeddings.import_vectors import ImportReport, import_vectors
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.text.fingerprint import text_hash
from tests.trial import Trial

TEXTS = [f"Text number {number}, about nothing else." for number in range(12)]


@pytest.fixture
def space(trial: Trial) -> EmbeddingSpace:
    return trial.settings.space


def write_corpus(trial: Trial) -> list[str]:
    """The texts as they are embedded."""
    for number, text in enumerate(TEXTS):
        trial.write(f"acme/one/{number:02d}.txt", text)
    trial.prepare()
    with connect(trial.store) as connection:
        rows = connection.execute("SELECT vector_text FROM chunks ORDER BY 1").fetchall()
    return [text for (text,) in rows]


def vectors_of(trial: Trial, texts: list[str]) -> list[list[float]]:
    found: list[list[float]] = trial.gemini.embed_documents(trial.settings.space, texts).tolist()
    return found


def bring(trial: Trial, file: Path, space: EmbeddingSpace) -> ImportReport:
    return import_vectors(trial.store, trial.gemini, file, space)


def test_imported_vectors_are_not_paid_for_again(
    trial: Trial, space: EmbeddingSpace, tmp_path: Path
) -> None:
    texts = write_corpus(trial)
    file = tmp_path / "vectors.parquet"
    pq.write_table(pa.table({"text": texts, "vector": vectors_of(trial, texts)}), file)
    report = bring(trial, file, space)
    assert (report.imported, report.known) == (12, 0)
    assert not trial.refresh().advanced.submitted_texts
    assert not trial.remote_jobs()
    assert bring(trial, file, space).known == 12
    [job] = trial.store.ledger.jobs.list()
    assert (job.state, job.remote_state, job.succeeded) == (JobState.COLLECTED, "IMPORTED", 12)


def test_hashes_alone_do_for_texts_that_chunks_have(
    trial: Trial, space: EmbeddingSpace, tmp_path: Path
) -> None:
    texts = write_corpus(trial)
    rows = [
        {"text_hash": text_hash(text), "vector": vector}
        for text, vector in zip(texts, vectors_of(trial, texts), strict=True)
    ]
    rows.append({"text_hash": text_hash("nobody has this"), "vector": rows[0]["vector"]})
    file = tmp_path / "vectors.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    report = bring(trial, file, space)
    assert (report.imported, report.unknown) == (12, 1)


def test_vectors_of_another_model_are_refused_and_nothing_is_imported(
    trial: Trial, space: EmbeddingSpace, tmp_path: Path
) -> None:
    texts = write_corpus(trial)
    other = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=128)
    vectors = trial.gemini.embed_documents(other, texts)
    file = tmp_path / "vectors.parquet"
    pq.write_table(pa.table({"text": texts, "vector": list(vectors)}), file)
    with pytest.raises(ConfigError, match="rows embedded again do not agree"):
        bring(trial, file, space)
    assert trial.store.ledger.jobs.list() == []
    assert not list(trial.settings.root.glob("results/**/*.parquet"))


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{"text": "a", "vector": [1.0]}], "row 1: 1 numbers, not 128"),
        ([{"text": "a", "vector": [float("nan")] * 128}], "row 1: the vector is not finite"),
        (
            [{"text": "a", "vector": [0.0] * 128}],
            "row 1: the vector is not finite, or is all zeros",
        ),
        ([{"body": "a", "vector": [1.0]}], "one of `text`, `text_hash`; it has body, vector"),
        ([{"text_hash": "00" * 16, "vector": [1.0] * 128}], "no current chunk has any"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_row(
    trial: Trial, space: EmbeddingSpace, tmp_path: Path, rows: list[dict[str, object]], named: str
) -> None:
    file = tmp_path / "vectors.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ConfigError, match=named):
        bring(trial, file, space)


def test_vectors_are_brought_to_unit_length(
    trial: Trial, space: EmbeddingSpace, tmp_path: Path
) -> None:
    texts = write_corpus(trial)
    longer = (np.asarray(vectors_of(trial, texts)) * 7).tolist()
    file = tmp_path / "vectors.parquet"
    pq.write_table(pa.table({"text": texts, "vector": longer}), file)
    bring(trial, file, space)
    trial.refresh()
    with connect(trial.store) as connection:
        rows = connection.execute("SELECT vector FROM embeddings").fetchall()
    assert np.linalg.norm(np.asarray([row[0] for row in rows]), axis=1) == pytest.approx(1.0)
