"""Text generation on the batch engine: every document ends with a valid or an explained row."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from semantic_assets.emulator.answers.excerpts import MARK
from semantic_assets.errors import Conflict, NotFound, SpendRefused
from semantic_assets.model.batch_job import JobKind
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import Estimate, estimate
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.generation_jobs.generate import (
    generation_status,
    quote_generation,
    retry_generation,
    stop_generation,
    submit_generation,
    wait_generation,
)
from semantic_assets.pipeline.generation_jobs.regenerate import quote_regeneration, regenerate
from semantic_assets.pipeline.reports.sql import connect
from tests.pipeline.tasks import NEWS, article, results, write_news, write_task
from tests.trial import Trial


def work(trial: Trial, dataset: DatasetKey = NEWS, task: str = "summary") -> None:
    wait_generation(
        trial.store,
        trial.gemini,
        dataset,
        task,
        wait_minutes=60,
        sleep=lambda _: trial.pass_time(),
    )


def test_every_document_gets_the_answer_to_its_own_prompt(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, datasets=())
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    work(trial)
    found = results(trial)
    assert [row["status"] for row in found] == ["READY"] * 6
    for row in found:
        number = int(row["title"])
        assert f"{number}" in row["output"]["summary"]
        assert row["output"]["summary"].replace(MARK, "") in article(number)
        assert row["tokens"] > 0
        assert row["output_tokens"] > 0
    jobs = trial.store.ledger.jobs.list()
    assert {job.kind for job in jobs} == {JobKind.GENERATION}  # nothing was embedded
    assert jobs[0].output_tokens_actual == sum(row["output_tokens"] for row in found)


def test_documents_that_ask_the_same_are_asked_once(trial: Trial) -> None:
    for number in range(4):
        trial.write(f"acme/news/{number}.md", "# The same\n\nNothing else.")
    write_task(trial)
    trial.refresh()
    assert len(results(trial)) == 4
    generated = [job for job in trial.store.ledger.jobs.list() if job.kind == JobKind.GENERATION]
    assert sum(job.requests for job in generated) == 1


def test_a_dry_run_quotes_the_delta_and_sends_nothing(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, datasets=())
    quote = quote_generation(trial.store, NEWS, "summary")
    assert (quote.requests, quote.output_tokens) == (6, 6 * 256)
    assert 0 < quote.usd_low < quote.usd < quote.usd_high < quote.realtime_usd * 1.5
    assert trial.remote_jobs() == []
    assert trial.store.ledger.tasks.all() == []
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    work(trial)
    trial.write("acme/news/new.txt", article(9))
    again = quote_generation(trial.store, NEWS, "summary")
    assert again.requests == 1
    assert again.output_tokens < 256  # by what answers had so far


def test_over_a_cap_nothing_is_sent_and_nothing_is_pinned(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, datasets=())
    with pytest.raises(SpendRefused, match="over its cap"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", max_cost_usd=0.0)
    assert trial.remote_jobs() == []
    assert trial.store.ledger.tasks.all() == []


def test_violations_of_the_schema_are_all_found_and_repaired_or_explained(trial: Trial) -> None:
    """Injected at 30 %, in every shape; what stays broken after three attempts says why."""
    write_news(trial, 60)
    write_task(trial)
    trial.arm("broken-answers", times=None, fraction=0.3, shape="mixed")
    trial.refresh()
    found = results(trial)
    assert len(found) == 60
    assert trial.fired("broken-answers") > 0
    attempts = Counter(row["attempts"] for row in found)
    assert attempts[2] > 5  # repaired
    for row in found:
        if row["status"] == "READY":
            assert set(row["output"]) == {"summary", "keywords"}
            assert row["output"]["summary"].replace(MARK, "") in article(int(row["title"]))
        else:
            assert row["attempts"] == 3
            assert row["error_code"] in ("INVALID_JSON", "SCHEMA", "MAX_TOKENS", "EMPTY")
            assert row["error"]
    assert trial.paid_twice() == []


def test_what_is_asked_again_says_what_was_wrong(trial: Trial) -> None:
    write_news(trial, 1)
    write_task(trial)
    trial.arm("broken-answers", times=1, fraction=1.0, shape="missing-field")
    trial.refresh()
    (row,) = results(trial)
    assert (row["status"], row["attempts"]) == ("READY", 2)
    prompts = trial.prompts()
    assert len(prompts) == 2
    assert "did not fit the schema" not in prompts[0]
    assert prompts[1].startswith(prompts[0])
    assert "did not fit the schema" in prompts[1]


def test_a_blocked_prompt_is_an_outcome_and_not_asked_again(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial)
    trial.arm("blocked-prompts", times=None, contains="topicb1")
    trial.refresh()
    by_title = {row["title"]: row for row in results(trial)}
    assert by_title["1"]["error_code"] == "BLOCKED"
    assert by_title["1"]["attempts"] == 1
    assert by_title["0"]["status"] == by_title["2"]["status"] == "READY"


def test_what_failed_is_asked_again_on_request_only(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial)
    trial.arm("blocked-prompts", times=1, contains="topicb1")
    trial.refresh()
    sent = trial.sent().total()
    trial.refresh()
    assert trial.sent().total() == sent
    assert retry_generation(trial.store, NEWS, "summary") == 1
    trial.refresh()
    assert [row["status"] for row in results(trial)] == ["READY", "READY"]


def test_documents_are_cut_when_their_answer_is_there_and_embedded_with_it(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, fields=("summary",))
    report = trial.refresh()
    assert not report.is_waiting
    assert report.chunks[0].documents_waiting == 0
    texts = _vector_texts(trial)
    for row in results(trial):
        (text,) = texts[row["document_id"]]
        assert text.startswith(f"{row['output']['summary']}\n\n")


def test_a_document_waits_and_its_shard_does_not(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, fields=("summary",))
    trial.arm("blocked-prompts", times=None, contains="topicb1")
    trial.refresh()
    # Blocked: an explained failure is final, so the document is cut without it.
    assert {len(texts) for texts in _vector_texts(trial).values()} == {1}
    trial.write("acme/news/1.txt", article(7))
    trial.arm("stuck-pending", seconds=7200.0)
    report = trial.refresh(wait_minutes=0)
    assert report.is_waiting
    texts = [text for found in _vector_texts(trial).values() for text in found]
    # What it was stays until what it is has its answer: search loses nothing meanwhile.
    assert len(texts) == 3
    assert any("topicb1" in text for text in texts)
    assert not any("topich7" in text for text in texts)


def test_an_edited_document_is_asked_anew_and_no_other(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, fields=("summary",))
    trial.refresh()
    before = trial.sent().total()
    trial.write("acme/news/3.txt", article(8))
    trial.refresh()
    assert trial.sent().total() == before + 2  # one prompt, one chunk
    assert trial.refresh().summary.startswith("nothing new")


def test_an_edited_task_file_changes_nothing_until_it_is_asked_for(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, fields=("summary",))
    trial.refresh()
    sent = trial.sent().total()
    write_task(trial, fields=("summary",), prompt="Be brief.\\n\\n{text}")
    assert trial.refresh().summary.startswith("nothing new")
    with pytest.raises(Conflict, match="generate regenerate"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary")
    quote = quote_regeneration(trial.store, NEWS, "summary")
    assert (quote.is_changed, quote.requests, quote.chunks_to_embed) == (True, 6, 6)
    assert quote.generation_usd > 0
    assert quote.embedding_usd > 0
    assert trial.sent().total() == sent
    with pytest.raises(SpendRefused):
        regenerate(trial.store, NEWS, "summary", max_cost_usd=quote.usd / 100)
    regenerate(trial.store, NEWS, "summary")
    trial.refresh()
    # The summaries came out the same, so what is embedded did not change either.
    assert trial.sent().total() == sent + 6
    assert trial.paid_twice() == []


def test_a_task_that_is_stopped_takes_no_more_documents(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, datasets=())
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    work(trial)
    assert stop_generation(trial.store, NEWS, "summary")
    trial.write("acme/news/9.txt", article(9))
    trial.refresh()
    generated = [job for job in trial.store.ledger.jobs.list() if job.kind == JobKind.GENERATION]
    assert sum(job.requests for job in generated) == 6
    with pytest.raises(NotFound, match="generate submit"):
        generation_status(trial.store, NEWS, "another")
    assert len(results(trial)) == 6  # what was paid for can be read
    # Asked for again, it goes on where it was: what is there is not asked again.
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    assert generation_status(trial.store, NEWS, "summary").in_flight == 1


def test_what_a_stopped_task_answered_stays_in_use_and_nobody_waits_for_it(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, fields=("summary",))
    trial.refresh()
    before = _vector_texts(trial)
    sent = trial.sent().total()
    assert stop_generation(trial.store, NEWS, "summary")
    assert " sent in " not in trial.refresh().summary  # nothing is embedded again
    assert trial.refresh().summary.startswith("nothing new")
    assert _vector_texts(trial) == before
    trial.write("acme/news/9.txt", article(9))
    report = trial.refresh()
    assert not report.is_waiting
    assert trial.sent().total() == sent + 1  # the new document, without an answer
    # The file still names the dataset: a listing does not begin again what was stopped.
    assert trial.store.ledger.tasks.all() == []
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    trial.refresh()
    assert len(results(trial)) == 4


def test_in_real_time_all_is_answered_and_booked_at_full_price(trial: Trial) -> None:
    write_news(trial, 20)
    write_task(trial, datasets=())
    found = submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert (found.ready, found.is_done) == (20, True)
    assert trial.remote_jobs() == []
    spent = trial.store.ledger.spending.totals()
    assert spent.realtime_usd == pytest.approx(found.usd)
    batch = quote_generation(trial.store, NEWS, "summary")
    assert batch.requests == 0


def test_a_call_that_fails_in_real_time_loses_none_of_those_beside_it(trial: Trial) -> None:
    write_news(trial, 20)
    write_task(trial, datasets=())
    trial.arm("realtime-503", times=1)
    with pytest.raises(Exception, match="503"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert 1 <= generation_status(trial.store, NEWS, "summary").ready < 20
    found = submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert (found.ready, found.failed) == (20, 0)
    assert trial.bill()["realtime_requests"] == 20


def test_what_cannot_be_asked_is_explained_and_costs_nothing(trial: Trial) -> None:
    trial.write(
        "acme/news/a.jsonl", '{"id":"1","text":"x","author":"Ann"}\n{"id":"2","text":"y"}\n'
    )
    write_task(trial, prompt="{metadata[author]} wrote {text}")
    report = trial.refresh()
    by_id = {row["id"]: row for row in results(trial)}
    assert by_id["1"]["status"] == "READY"
    assert by_id["2"]["error_code"] == "NOT_SENT"
    assert "no metadata 'author'" in by_id["2"]["error"]
    assert report.requests[0].refused == 1
    assert retry_generation(trial.store, NEWS, "summary") == 0


def test_a_prompt_the_model_cannot_take_is_refused(trial: Trial) -> None:
    trial.write("acme/news/long.txt", "Words and words. " * 60_000)
    write_task(trial)
    folder = trial.settings.tasks
    task = (folder / "summary.toml").read_text()
    (folder / "summary.toml").write_text(task.replace("3.5-flash-lite", "3.1-pro-preview"))
    trial.refresh()
    (row,) = results(trial)
    assert row["error_code"] == "NOT_SENT"
    assert "split the document" in row["error"]


def test_a_429_of_the_chat_model_leaves_the_window_of_the_embedding_model(trial: Trial) -> None:
    write_news(trial)
    write_task(trial)
    trial.arm("create-429", times=1)
    trial.refresh()
    scopes, scope = trial.store.ledger.scopes, trial.gemini.scope_id
    assert scopes.window(scope, "gemini-embedding-001", 500_000) == 500_000
    assert scopes.window(scope, "gemini-3.5-flash-lite", 10_000_000) < 10_000_000


def test_a_budget_of_the_task_holds_it_up_and_nothing_else(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, more="[budget]\nmax_cost_usd_per_day = 0.0000001")
    report = trial.refresh()
    assert "task summary" in report.summary
    assert report.embeddings[0].is_settled
    assert results(trial) == []


def test_answers_become_documents_of_their_own(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial, more='documents = "summary"')
    trial.refresh()
    trial.refresh()
    derived = DatasetKey("acme", "news-summary")
    rows = connect(trial.store).execute(
        "SELECT text, metadata['source_uri'] FROM documents WHERE dataset = 'news-summary'"
    )
    summaries = {row["output"]["summary"] for row in results(trial)}
    found = rows.fetchall()
    assert {text for text, _ in found} == summaries
    assert {uri for _, uri in found} == {"acme/news/0.txt", "acme/news/1.txt"}
    (trial.settings.sources / "acme/news/1.txt").unlink()
    trial.refresh()
    with Ingestion(trial.store, derived) as ingestion:
        assert len(ingestion.held()) == 1


def test_a_lost_ledger_is_rebuilt_and_no_answer_is_paid_again(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, fields=("summary",))
    trial.refresh()
    sent = trial.sent().total()
    trial.store.close()
    for file in trial.settings.root.glob("ledger.sqlite3*"):
        file.unlink()
    # The file was edited since: who rebuilt the ledger would otherwise pay for all of it anew.
    write_task(trial, fields=("summary",), prompt="Be brief.\\n\\n{text}")
    again = trial.reopened(unchecked=True)
    from semantic_assets.pipeline.batch_jobs.recover import recover

    recover(again.store)
    again.refresh()
    assert again.sent().total() == sent
    assert [row["status"] for row in results(again)] == ["READY"] * 6
    again.store.close()


def test_the_quote_of_everything_names_tasks(trial: Trial) -> None:
    write_news(trial)
    write_task(trial, fields=("summary",))
    trial.refresh(wait_minutes=0)
    trial.write("acme/news/new.txt", article(9))
    from semantic_assets.pipeline.discovery.discover import discover
    from semantic_assets.pipeline.flows.prepare import prepare_shards

    prepare_shards(trial.store, discover(trial.store))
    quote = estimate(trial.store)
    (task,) = quote.generations
    assert (task.task, task.requests) == ("summary", 1)
    assert quote.usd >= task.usd > 0
    assert quote.requests == quote.texts + 1


def _vector_texts(trial: Trial) -> dict[str, list[str]]:
    rows = connect(trial.store).execute("SELECT document_id, vector_text FROM chunks").fetchall()
    found: dict[str, list[str]] = {}
    for document, text in rows:
        found.setdefault(document, []).append(text)
    return found


def test_sql_shows_requests_and_answers(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial)
    trial.refresh()
    sql = connect(trial.store)
    query = (
        "SELECT g.status, json_extract_string(g.output, '$.summary'), r.vector_text "
        "FROM generations g JOIN generation_requests r USING (document_id) ORDER BY g.document_id"
    )
    found = sql.execute(query).fetchall()
    assert [status for status, _, _ in found] == ["READY", "READY"]
    assert all(summary.replace(MARK, "") in prompt for _, summary, prompt in found)
    assert json.loads(sql.execute("SELECT output FROM generation_results").fetchall()[0][0])


def test_the_quote_holds_what_is_embedded_once_the_answers_are_there(trial: Trial) -> None:
    """Documents that wait are not cut: a cap that saw only prompts would be overrun."""
    write_news(trial)
    write_task(trial, fields=("summary",))
    quotes: list[Estimate] = []
    with pytest.raises(SpendRefused, match="seen"):
        trial.refresh(consent=_refuse(quotes))
    (quote,) = quotes
    assert [part.script for part in quote.by_script] == ["waits for answers"]
    spent_on_tasks = sum(task.usd for task in quote.generations)
    report = trial.refresh()
    spent = trial.store.ledger.spending.totals()
    assert report.advanced.submitted_texts == 12
    assert spent.spent_usd <= quote.usd_high
    assert quote.usd_low > spent_on_tasks / 2


def test_files_not_read_yet_are_quoted_by_size_for_tasks_too(trial: Trial) -> None:
    from semantic_assets.pipeline.discovery.discover import discover

    write_news(trial)
    write_task(trial)
    discover(trial.store)
    (task,) = estimate(trial.store).generations
    assert task.requests == 1  # a kilobyte in all
    assert task.usd > 0


def _refuse(quotes: list[Estimate]) -> Callable[[Estimate], None]:
    def consent(quote: Estimate) -> None:
        quotes.append(quote)
        raise SpendRefused("seen")

    return consent


def test_a_removed_dataset_leaves_neither_requests_nor_generations(trial: Trial) -> None:
    from semantic_assets.pipeline.discovery.dataset_removal import remove

    write_news(trial)
    trial.write("acme/other/a.txt", "Something else.")
    write_task(trial)
    trial.refresh()
    remove(trial.store, NEWS, dry_run=False)
    left = [*trial.settings.root.glob("requests/**/*.parquet")]
    left += trial.settings.root.glob("generations/**/*.parquet")
    assert left == []
    assert list(trial.settings.root.glob("results/task=*/*.parquet"))  # what was paid for stays
    trial.refresh()
    assert trial.paid_twice() == []


def test_doctor_names_an_edited_task_and_a_broken_one(trial: Trial) -> None:
    from semantic_assets.pipeline.maintenance.doctor import _tasks

    write_news(trial)
    write_task(trial)
    trial.refresh()
    assert [one.is_well for one in _tasks(trial.store)] == [True]
    write_task(trial, prompt="Otherwise.\\n\\n{text}")
    [edited] = _tasks(trial.store)
    assert not edited.is_well
    assert "regenerate" in edited.remedy
    (trial.settings.tasks / "broken.toml").write_text("model = 5")
    broken, still_edited = _tasks(trial.store)
    assert not broken.is_well
    assert "broken.toml" in broken.found
    assert still_edited == edited
