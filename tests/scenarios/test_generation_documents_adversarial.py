"""Generation under attack: quotes, and documents that wait, vanish or cannot be read."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.gemini.developer_api import DeveloperApi
from semantic_assets.model.batch_job import JobKind
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.generation_jobs.generate import (
    generation_status,
    quote_generation,
    submit_generation,
)
from semantic_assets.pipeline.reports.sql import connect
from tests.emulator import drawn
from tests.pipeline.tasks import NEWS, article, results, write_news, write_task
from tests.trial import Trial


def test_before_the_first_answers_the_quote_is_of_what_the_file_expects(trial: Trial) -> None:
    write_news(trial, 4)
    write_task(trial, datasets=(), more="expected_output_tokens = 100")
    assert quote_generation(trial.store, NEWS, "summary").output_tokens == 400


def test_the_quote_of_a_task_names_what_is_embedded_again(trial: Trial) -> None:
    write_news(trial, 4)
    trial.refresh()
    write_task(trial, datasets=(), fields=("summary",))
    quote = quote_generation(trial.store, NEWS, "summary")
    assert quote.chunks_to_embed == 4
    assert quote.embedding_usd > 0
    seen: list[Estimate] = []
    submit_generation(trial.store, trial.gemini, NEWS, "summary", consent=seen.append)
    assert seen[0].requests == 4 + 4
    assert seen[0].usd == pytest.approx(quote.usd + quote.embedding_usd)
    assert quote_generation(trial.store, NEWS, "summary").chunks_to_embed == 0


def test_a_document_that_waits_stays_when_chunks_are_to_be_smaller(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, fields=("summary",))
    trial.refresh()
    trial.write("acme/news/1.txt", article(7))
    trial.write("acme/news/dataset.toml", "[chunking]\nmax_tokens = 300\nmin_tokens = 50\n")
    trial.arm("stuck-pending", seconds=1800.0)
    trial.refresh(wait_minutes=0)
    query = "SELECT count(DISTINCT document_id) FROM chunks"
    assert connect(trial.store).execute(query).fetchone() == (3,)
    trial.refresh(wait_minutes=600)
    assert connect(trial.store).execute(query).fetchone() == (3,)
    assert trial.refresh().chunks[0].documents_waiting == 0


def test_a_name_too_long_for_documents_of_answers_holds_up_no_other(trial: Trial) -> None:
    trial.write(f"acme/{'n' * 96}/0.txt", article(0))
    trial.write("acme/news/0.txt", article(1))
    write_task(trial, datasets=("acme/*",), more='documents = "summary"')
    report = trial.refresh()
    assert "at most 100" in report.summary
    assert [row["status"] for row in results(trial)] == ["READY"]


def test_a_document_that_is_edited_and_asks_the_same_does_not_wait_for_ever(trial: Trial) -> None:
    line = '{{"id":"1","text":"A body of text{}.","topic":"ships"}}'
    trial.write("acme/news/a.jsonl", line.format(""))
    write_task(trial, fields=("summary",), prompt="What of {metadata[topic]}?")
    trial.refresh()
    trial.write("acme/news/a.jsonl", line.format(", edited"))
    assert not trial.refresh().is_waiting
    found = connect(trial.store).execute("SELECT text FROM chunks").fetchall()
    assert found == [("A body of text, edited.",)]


def test_a_record_that_cannot_be_read_has_a_row_that_says_so(trial: Trial) -> None:
    good, empty, broken = '{"id":"1","text":"A kiln."}', '{"id":"2","text":" "}', "no JSON"
    trial.write("acme/news/a.jsonl", "\n".join((good, empty, broken)))
    write_task(trial)
    assert not trial.refresh().is_waiting
    found = [(row["status"], row["error_code"]) for row in results(trial)]
    assert sorted(found) == [("FAILED", "NOT_SENT"), ("FAILED", "NOT_SENT"), ("READY", None)]
    assert all(
        "could not be read" in (row["error"] or "could not be read") for row in results(trial)
    )
    assert generation_status(trial.store, NEWS, "summary").failed == 2


def test_what_is_asked_once_is_counted_once(trial: Trial) -> None:
    for number in range(4):
        trial.write(f"acme/news/{number}.md", "# The same\n\nNothing else.")
    write_task(trial)
    trial.refresh()
    job = next(job for job in trial.store.ledger.jobs.list() if job.kind == JobKind.GENERATION)
    found = generation_status(trial.store, NEWS, "summary")
    assert (found.ready, found.tokens) == (4, job.tokens_actual)


def test_a_picture_that_changes_while_it_is_uploaded_is_not_described(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.write("acme/news/a.png", drawn.png("red", "circle", "white"))
    trial.settings.tasks.mkdir(parents=True)
    task = 'model = "gemini-3.5-flash-lite"\nmedia = true\nprompt = "Describe it."\n'
    (trial.settings.tasks / "describe.toml").write_text('datasets = ["acme/news"]\n' + task)
    upload = DeveloperApi.upload_media

    def changing(self: DeveloperApi, path: Path, **options: Any) -> tuple[str, str]:
        trial.write("acme/news/a.png", drawn.png("pink", "square", "black"))
        return upload(self, path, **options)

    monkeypatch.setattr(DeveloperApi, "upload_media", changing)
    trial.refresh()
    assert all(row["status"] == "FAILED" for row in results(trial, task="describe"))
    assert trial.gemini.batches.list_files() == []
    trial.refresh()
    assert "pink square" in results(trial, task="describe")[0]["output"]


def test_jobs_of_a_ledger_from_before_tasks_are_collected(trial: Trial) -> None:
    write_news(trial, 3)
    trial.refresh(wait_minutes=0)
    trial.store.close()
    with closing(sqlite3.connect(trial.settings.root / "ledger.sqlite3")) as ledger:
        for table in ("task", "dataset_task", "scope_window"):
            ledger.execute(f"DROP TABLE {table}")
        for column in ("output_tokens_estimated", "output_tokens_actual"):
            ledger.execute(f"ALTER TABLE job DROP COLUMN {column}")
        for column in ("window_tokens BIGINT", "window_changed_at FLOAT"):
            ledger.execute(f"ALTER TABLE scope ADD COLUMN {column}")
        ledger.execute("UPDATE meta SET value = '3' WHERE name = 'schema_version'")
        ledger.commit()
    again = trial.reopened()
    again.refresh()
    assert again.sent().total() == 3
    write_task(again, fields=("summary",))
    assert not again.refresh().is_waiting
    assert len(results(again)) == 3
    again.store.close()
