"""The whole flow over real HTTP: what arrives, what is sent, what is not sent again."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from semantic_assets.errors import SourceMissing
from semantic_assets.index.ranking import Vectors
from semantic_assets.model.batch_job import JobState
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.batch_jobs.shard_priority import wanted_texts
from semantic_assets.pipeline.pending.job_texts import JobTexts
from semantic_assets.pipeline.pending.pending import shard_demand
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.search.search import search, search_many
from semantic_assets.text.fingerprint import text_hash
from tests.trial import Trial

PARAGRAPHS = [
    f"Paragraph {n} of the manual tells about subject number {n}. " * 30 for n in range(8)
]


def _query(trial: Trial, sql: str) -> list[tuple[object, ...]]:
    with connect(trial.store) as connection:
        return connection.execute(sql).fetchall()


def test_every_chunk_ends_ready_with_the_vector_of_its_own_text(trial: Trial) -> None:
    trial.write("acme/manuals/a.md", "# Title\n\n" + "\n\n".join(PARAGRAPHS))
    trial.write("acme/manuals/b.txt", "One two three.")
    report = trial.refresh()
    assert not report.is_waiting
    rows = _query(
        trial, "SELECT c.vector_text, e.vector FROM chunks c JOIN embeddings e USING (chunk_id)"
    )
    assert len(rows) == sum(chunks.chunks for chunks in report.chunks) > 3
    for text, vector in rows:
        assert isinstance(text, str)
        expected = trial.gemini.embed_documents(trial.store.settings.space, [text])[0]
        np.testing.assert_allclose(np.asarray(vector, np.float32), expected, atol=1e-6)
    assert _query(trial, "SELECT DISTINCT status FROM chunk_status") == [("READY",)]


def test_tokens_as_counted_stand_beside_those_estimated_while_new_and_later(trial: Trial) -> None:
    trial.write("acme/manuals/a.md", "# Title\n\n" + "\n\n".join(PARAGRAPHS))
    trial.write("acme/manuals/same.txt", "One two three.")
    trial.write("acme/manuals/twin.txt", "One two three.")
    first, later = (trial.refresh().embeddings[-1] for _ in range(2))
    query = (
        "SELECT sum(token_count), sum(token_estimate) FROM chunks JOIN embeddings USING (chunk_id)"
    )
    for report in (first, later):
        assert [(report.tokens, report.tokens_estimated)] == _query(trial, query)
        assert report.tokens != report.tokens_estimated


def test_a_second_refresh_sends_and_builds_nothing_and_says_so(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh()
    before = trial.sent()
    report = trial.refresh()
    assert trial.sent() == before
    assert report.advanced.submitted_texts == 0
    assert not any(index.written for index in report.indexes)
    assert report.summary.startswith("nothing new")


def test_a_text_shared_by_datasets_is_sent_once_and_lands_in_both(trial: Trial) -> None:
    trial.write("acme/one/same.txt", "The very same words.")
    trial.write("acme/two/same.txt", "The very same words.")
    trial.refresh()
    assert list(trial.sent().values()) == [1]
    rows = _query(trial, "SELECT dataset, status FROM embeddings ORDER BY dataset")
    assert rows == [("one", "READY"), ("two", "READY")]


def test_many_questions_are_answered_as_each_alone_in_a_hundredth_of_the_calls(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        for number, paragraph in enumerate(PARAGRAPHS):
            trial.write(f"acme/{name}/{number}.txt", f"{name} {number} {paragraph}")
    trial.refresh()
    asked = [f"subject number {number}" for number in range(120)]
    calls: list[int] = []
    embed = trial.gemini.embed_queries

    def counted(space: EmbeddingSpace, questions: Sequence[str]) -> Vectors:
        calls.append(len(questions))
        return embed(space, questions)

    monkeypatch.setattr(trial.gemini, "embed_queries", counted)
    found = search_many(trial.store, trial.gemini, asked, k=3)
    assert calls == [100, 20]
    for question in (0, 57, 119):
        assert found[question] == search(trial.store, trial.gemini, asked[question], k=3)
    assert search_many(trial.store, trial.gemini, [], k=3) == []


def test_texts_are_taken_from_the_chunks_they_were_derived_from_or_not_at_all(
    trial: Trial,
) -> None:
    file = trial.write("acme/manuals/a.md", "\n\n".join(PARAGRAPHS))
    trial.prepare()
    shard = ShardKey.parse("acme.manuals.00000")
    found = shard_demand(trial.store, shard, trial.store.settings.space)
    wanted = wanted_texts(found)
    with JobTexts(trial.store, [found]) as texts:
        pieces = list(texts.of(wanted) or ())
        rows = [row for piece in pieces for row in piece.to_pylist()]
        assert [row["text_hash"] for row in rows] == wanted.keys.to_pylist()
        assert wanted.keys.to_pylist() == list(found.pending)
        assert all(text_hash(row["vector_text"]) == row["text_hash"] for row in rows)
    file.write_text("Another first paragraph.\n\n" + "\n\n".join(PARAGRAPHS))
    trial.prepare()
    with JobTexts(trial.store, [found]) as texts:
        assert texts.of(wanted) is None


def test_an_edit_sends_only_what_it_changed(trial: Trial) -> None:
    trial.write("acme/manuals/a.md", "# Title\n\n" + "\n\n".join(PARAGRAPHS))
    chunks = trial.refresh().chunks[0].chunks
    trial.write("acme/manuals/a.md", "# Title\n\n" + "\n\n".join([*PARAGRAPHS, "A new end."]))
    report = trial.refresh()
    assert 1 <= report.advanced.submitted_texts < chunks
    assert max(trial.sent().values()) == 1


def test_every_chunk_is_pending_with_its_job_before_the_batch_ends(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    report = trial.refresh(wait_minutes=0)
    assert report.is_waiting
    assert "run again" in report.summary
    [(status, job)] = _query(trial, "SELECT status, batch_job_id FROM chunk_status")
    assert status == "PENDING"
    assert job == trial.store.ledger.jobs.list()[0].job_id


def test_an_interrupted_refresh_resumes_and_sends_nothing_twice(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh(wait_minutes=0)
    trial.pass_time()
    report = trial.refresh()
    assert not report.is_waiting
    assert list(trial.sent().values()) == [1]


def test_the_remote_job_and_its_input_are_deleted_once_collected(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh()
    assert trial.gemini.batches.list_jobs(max_pages=5).jobs == ()
    assert [job["state"] for job in trial.remote_jobs()] != []
    assert not any((trial.settings.root / "manifests").glob("*.parquet"))


def test_an_unreadable_document_is_a_row_with_its_reason_and_stops_nothing(trial: Trial) -> None:
    trial.write("acme/manuals/broken.pdf", b"%PDF-1.4 and nothing else")
    trial.write("acme/manuals/fine.txt", "One two three.")
    report = trial.refresh()
    assert report.documents[0].failed == 1
    rows = _query(trial, "SELECT uri, parse_status, parse_error FROM documents ORDER BY uri")
    assert rows[0][1] == "failed"
    assert rows[0][2]
    assert rows[1][1:] == ("ok", None)


def test_a_deleted_file_leaves_search_at_the_next_refresh(trial: Trial) -> None:
    path = trial.write("acme/manuals/a.txt", "Alpha beta gamma.")
    trial.write("acme/manuals/b.txt", "Delta epsilon zeta.")
    trial.refresh()
    path.unlink()
    trial.refresh()
    uris = {hit.uri for hit in search(trial.store, trial.gemini, "alpha beta", k=10)}
    assert uris == {"acme/manuals/b.txt"}


def test_an_unmounted_source_root_deletes_nothing(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "Alpha beta gamma.")
    trial.refresh()
    trial.settings.sources.rename(trial.settings.sources.with_name("elsewhere"))
    with pytest.raises(SourceMissing, match="nothing was changed"):
        trial.refresh()
    trial.settings.sources.mkdir()
    with pytest.raises(SourceMissing, match="nothing was changed"):
        trial.refresh()
    assert search(trial.store, trial.gemini, "alpha", k=1)[0].uri == "acme/manuals/a.txt"


def test_records_keep_their_documents_when_a_file_is_reordered(trial: Trial) -> None:
    records = [{"id": str(n), "text": f"Record number {n} with words."} for n in range(5)]
    lines = [json.dumps(record) for record in records]
    trial.write("acme/records/r.jsonl", "\n".join(lines))
    trial.refresh()
    before = _query(trial, "SELECT document_id, record_id FROM documents ORDER BY 1")
    trial.write("acme/records/r.jsonl", "\n".join(reversed(lines)) + "\n")
    trial.refresh()
    assert _query(trial, "SELECT document_id, record_id FROM documents ORDER BY 1") == before
    assert max(trial.sent().values()) == 1


def test_a_file_larger_than_a_shard_fills_as_many_as_it_needs(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_assets.pipeline.documents.slice_reader.SHARD_MAX_DOCUMENTS", 3)
    lines = [json.dumps({"id": str(n), "text": f"Record number {n}."}) for n in range(8)]
    trial.write("acme/records/r.jsonl", "\n".join(lines))
    trial.write("acme/records/s.jsonl", json.dumps({"id": "x", "text": "Another file."}))
    trial.refresh()
    rows = _query(trial, "SELECT shard, count(*) FROM documents GROUP BY 1 ORDER BY 1")
    assert [count for _, count in rows] == [3, 3, 3]
    assert len(trial.sent()) == 9
    trial.refresh()
    assert _query(trial, "SELECT shard, count(*) FROM documents GROUP BY 1 ORDER BY 1") == rows


def test_a_corpus_larger_than_the_window_drains_without_a_429(trial: Trial) -> None:
    small = trial.reopened(enqueued_tokens=2_000)
    for n in range(5):
        small.write(f"acme/manuals/{n}.md", f"# Manual {n}\n\n" + "\n\n".join(PARAGRAPHS[:2]))
    with small.store:
        report = small.refresh()
        jobs = small.store.ledger.jobs.list()
    assert not report.is_waiting
    assert len(jobs) > 3
    assert {job.state for job in jobs} == {JobState.COLLECTED}
    assert max(trial.sent().values()) == 1


def test_a_window_lower_than_configured_is_learned_and_the_corpus_drains(trial: Trial) -> None:
    """Tier 1 takes 500,000 tokens; the settings claim four times that."""
    wrong = trial.reopened(enqueued_tokens=2_000_000)
    for n in range(60):
        words = " ".join(f"w{n}x{i}" for i in range(2_000))
        wrong.write(f"acme/manuals/{n}.txt", f"Manual number {n}. {words}")
    with wrong.store:
        report = wrong.refresh()
        states = [job.state for job in wrong.store.ledger.jobs.list()]
    assert not report.is_waiting
    assert JobState.RELEASED in states
    assert set(trial.sent().values()) == {1}


def test_two_refreshes_at_the_same_moment_send_each_text_once(trial: Trial) -> None:
    for n in range(6):
        for dataset in ("one", "two"):
            trial.write(f"acme/{dataset}/{n}.txt", f"Shared text number {n}.")
        trial.write(f"acme/one/own{n}.txt", f"A text of dataset one, number {n}.")
        trial.write(f"acme/two/own{n}.txt", f"A text of dataset two, number {n}.")
    processes = [_refresh_process(trial, dataset) for dataset in ("acme/one", "acme/two")]
    while any(process.poll() is None for process in processes):
        trial.pass_time(5)
        time.sleep(0.02)  # else this process leaves the emulator and the two no processor
    assert [process.returncode for process in processes] == [0, 0]
    assert set(trial.sent().values()) == {1}
    assert len(trial.sent()) == 18
    rows = _query(trial, "SELECT status, count(*) FROM chunk_status GROUP BY 1")
    assert rows == [("READY", 24)]


def _refresh_process(trial: Trial, dataset: str) -> subprocess.Popen[bytes]:
    environ = {
        "SEMANTIC_ASSETS_ROOT": str(trial.settings.root),
        "SEMANTIC_ASSETS_SOURCES": str(trial.settings.sources),
        "SEMANTIC_ASSETS_EMULATOR_URL": trial.url,
        "SEMANTIC_ASSETS_DIMENSIONS": "128",
    }
    command = [sys.executable, "-m", "semantic_assets", "refresh", "-d", dataset]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)


def test_a_table_file_nobody_recorded_is_rewritten_and_not_trusted(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh()
    shard = ShardKey(DatasetKey("acme", "manuals"), 0)
    chunks = trial.settings.root / "chunks" / shard.path
    other = trial.settings.root / "documents" / shard.path
    chunks.write_bytes(other.read_bytes())
    report = trial.refresh()
    assert report.chunks[0].written
    assert _query(trial, "SELECT count(*) FROM chunks") == [(1,)]


def test_what_was_paid_for_survives_the_loss_of_key_index_and_tables(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh()
    for folder in ("keys", "embeddings", "index"):
        for path in sorted((trial.settings.root / folder).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    trial.refresh()
    assert list(trial.sent().values()) == [1]
    assert _query(trial, "SELECT status FROM chunk_status") == [("READY",)]


def test_results_lie_in_one_immutable_file_for_each_job(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "One two three.")
    trial.refresh()
    [job] = trial.store.ledger.jobs.list()
    folder = trial.settings.root / "results" / f"space={job.product_id}"
    assert [path.name for path in Path(folder).iterdir()] == [f"{job.job_id}.parquet"]
    assert {job.model: job.tokens_actual} == trial.store.ledger.spending.totals().batch_tokens
