"""Generation under attack: quotes, and documents that wait, vanish or cannot be read."""

import pytest

from semantic_assets.verbs.connect import connect
from semantic_assets.verbs.estimate import Estimate
from semantic_assets.verbs.generate import quote_generation, submit_generation
from tests.verbs.conftest import Trial
from tests.verbs.tasks import NEWS, article, results, write_news, write_task


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
    trial.arm("stuck-pending", seconds=7200.0)
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
