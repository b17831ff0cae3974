"""Generation under attack: money, lost and stuck documents, answers that are not of their documents."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from semantic_assets.api.generation_job import generate
from semantic_assets.errors import (
    ConfigError,
    Conflict,
    RemoteMissing,
    RequestRejected,
    SpendRefused,
)
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.developer_api import DeveloperApi
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.batch_jobs.submit import release_orphans
from semantic_assets.pipeline.documents.ingest import Ingestion
from semantic_assets.pipeline.generation_jobs.generate import generation_status, submit_generation
from semantic_assets.pipeline.generation_jobs.regenerate import regenerate
from tests.emulator import drawn
from tests.pipeline.tasks import NEWS, article, results, write_news, write_task
from tests.trial import Trial

DESCRIBE = """
model = "gemini-3.5-flash-lite"
media = true
prompt = "Describe it."
[schema]
type = "object"
required = ["description"]
properties.description = { type = "string" }
"""


def write_describe(trial: Trial, datasets: str = "") -> None:
    trial.settings.tasks.mkdir(parents=True, exist_ok=True)
    (trial.settings.tasks / "describe.toml").write_text(datasets + DESCRIBE)


def test_documents_made_of_answers_are_not_asked_by_a_pattern_again(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial, datasets=("acme/*",), more='documents = "summary"')
    for _ in range(4):
        trial.refresh()
    named = {str(pinned.dataset) for pinned in trial.store.ledger.tasks.all()}
    assert named == {"acme/news"}


def test_in_real_time_a_medium_that_cannot_be_sent_ends_failed(trial: Trial) -> None:
    trial.write("acme/news/a.png", drawn.png("red", "circle", "white"))
    trial.write("acme/news/b.png", drawn.png("blue", "square", "black"))
    write_describe(trial)

    def change(_: object) -> None:
        trial.write("acme/news/a.png", drawn.png("pink", "square", "black"))

    found = submit_generation(
        trial.store, trial.gemini, NEWS, "describe", realtime=True, consent=change
    )
    assert (found.ready, found.failed, found.pending) == (1, 1, 0)


def test_a_medium_google_refuses_holds_up_no_other(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.write("acme/news/a.png", drawn.png("red", "circle", "white"))
    trial.write("acme/news/b.png", drawn.png("blue", "square", "black"))
    write_describe(trial, 'datasets = ["acme/news"]\n')
    upload = DeveloperApi.upload_media

    def refusing(self: DeveloperApi, path: Any, **options: Any) -> tuple[str, str]:
        if path.name == "a.png":
            raise RequestRejected("a.png: Google cannot read it as image/png")
        return upload(self, path, **options)

    monkeypatch.setattr(DeveloperApi, "upload_media", refusing)
    assert not trial.refresh().is_waiting
    by_title = {row["title"]: row["status"] for row in results(trial, task="describe")}
    assert by_title == {"a": "FAILED", "b": "READY"}
    jobs = [job for job in trial.remote_jobs() if not job["model"].startswith("gemini-embedding")]
    calls = httpx2.get(f"{trial.url}/emulator/state").json()["calls"]
    # What was left out of a file is not looked for again: the description and the vectors.
    assert calls["files.download"] == 2
    assert len(jobs) <= 3


def test_the_budget_of_a_task_holds_in_real_time(trial: Trial) -> None:
    write_news(trial, 2)
    write_task(trial, datasets=(), more="[budget]\nmax_cost_usd_per_day = 0.0000001")
    with pytest.raises(SpendRefused, match="task summary"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert trial.bill()["realtime_requests"] == 0


def test_the_budget_of_a_dataset_holds_in_real_time(trial: Trial) -> None:
    write_news(trial, 2)
    trial.write("acme/news/dataset.toml", "[budget]\nmax_cost_usd_per_day = 0.0000001\n")
    write_task(trial, datasets=())
    with pytest.raises(SpendRefused, match="acme/news"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)


def test_another_version_of_a_task_has_the_same_budget_of_the_day(trial: Trial) -> None:
    write_news(trial, 4)
    cap = "[budget]\nmax_cost_usd_per_day = {}"
    write_task(trial, more=cap.format(5.0))
    trial.refresh()
    spent = sum(row["usd"] for row in results(trial))
    assert spent > 0
    write_task(trial, prompt="Be brief.\\n\\n{text}", more=cap.format(spent))
    regenerate(trial.store, NEWS, "summary")
    assert "of its" in trial.refresh().summary
    assert results(trial) == []


def test_in_real_time_the_jobs_of_a_lost_ledger_are_known(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, datasets=())
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    trial.store.close()
    for file in trial.settings.root.glob("ledger.sqlite3*"):
        file.unlink()
    again = trial.reopened(unchecked=True)
    submit_generation(again.store, again.gemini, NEWS, "summary", realtime=True)
    assert again.bill()["realtime_requests"] == 0
    again.store.close()


def test_a_lost_ledger_keeps_the_version_of_jobs_that_are_out(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, datasets=())
    submit_generation(trial.store, trial.gemini, NEWS, "summary")
    version = trial.store.ledger.tasks.of(NEWS)[0].task
    trial.store.close()
    for file in trial.settings.root.glob("ledger.sqlite3*"):
        file.unlink()
    write_task(trial, prompt="Be brief.\\n\\n{text}")
    from semantic_assets.pipeline.batch_jobs.recover import recover

    again = trial.reopened(unchecked=True)
    recover(again.store)
    again.refresh()
    assert [one.task for one in again.store.ledger.tasks.of(NEWS)] == [version]
    assert len(again.sent()) == 3 + 3  # prompts and chunks
    again.store.close()


def test_a_call_refused_for_good_loses_none_of_those_beside_it(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_news(trial, 6)
    write_task(trial, datasets=())
    answer = Gemini.generate
    refused = [True]

    def missing(self: Gemini, model: str, request: dict[str, Any]) -> dict[str, Any]:
        if "topicc2" in str(request) and refused:
            refused.clear()
            raise RemoteMissing("403: you may not read the file")
        return answer(self, model, request)

    monkeypatch.setattr(Gemini, "generate", missing)
    with pytest.raises(RemoteMissing):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert generation_status(trial.store, NEWS, "summary").ready == 5


def test_calls_that_were_out_when_it_was_stopped_are_booked(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_news(trial, 6)
    write_task(trial, datasets=())

    def stopped(*_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Gemini, "generate", stopped)
    with pytest.raises(KeyboardInterrupt):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert trial.store.ledger.spending.totals().possibly_billed_usd > 0


def test_documents_made_of_answers_stay_until_another_answer_is_there(trial: Trial) -> None:
    write_news(trial, 3)
    write_task(trial, more='documents = "summary"')
    trial.refresh()
    derived = DatasetKey("acme", "news-summary")

    def held() -> int:
        with Ingestion(trial.store, derived) as ingestion:
            return len(ingestion.held())

    assert held() == 3
    write_task(trial, prompt="Be brief.\\n\\n{text}", more='documents = "summary"')
    regenerate(trial.store, NEWS, "summary")
    trial.arm("stuck-pending", seconds=7200.0)
    trial.refresh(wait_minutes=0)
    assert held() == 3
    trial.write("acme/news/1.txt", article(9))
    trial.refresh(wait_minutes=0)
    assert held() == 3
    (trial.settings.sources / "acme/news/2.txt").unlink()
    trial.refresh(wait_minutes=0)
    assert held() == 2


class Core:
    def __init__(self, trial: Trial) -> None:
        self.store, self.gemini = trial.store, trial.gemini

    def reporting(self, progress: Callable[[str], None]) -> Any:
        raise NotImplementedError


def handed(trial: Trial, articles: Any, **options: Any) -> Any:
    how: dict[str, Any] = {
        "task": "summary", "name": "week", "dataset": None, "realtime": False, "dry_run": False,
        "max_cost_usd": None, "consent": None,
    }  # fmt: skip
    return generate(Core(trial), articles, **how | options)


def test_what_was_only_quoted_is_not_sent_later(trial: Trial) -> None:
    write_task(trial, datasets=())
    handed(trial, [{"id": "1", "text": article(1)}])
    trial.refresh()
    sent = trial.sent().total()
    more = [{"id": str(n), "text": article(n)} for n in range(5)]
    assert handed(trial, more, dry_run=True).requests == 4
    with pytest.raises(SpendRefused):
        handed(trial, more, max_cost_usd=0.0)
    trial.refresh()
    assert trial.sent().total() == sent
    week = DatasetKey("generate", "week")
    assert [row["status"] for row in results(trial, week)] == ["READY"]
    handed(trial, more)
    trial.refresh()
    assert trial.sent().total() == sent + 4
    assert len(results(trial, week)) == 5


@pytest.mark.parametrize(
    "lines",
    [
        'generation = "x"',
        "use = 5",
        "schema = { type = [1] }",
        'schema = { type = "object", properties = ["a"] }',
        'schema = { type = "array", items = true }',
        "schema = { anyOf = [true] }",
        'schema = { type = "object", properties.a = "string" }',
        'schema = { "$ref" = 5 }',
        'schema = { type = "object", required = "a" }',
        'schema_model = "no_such_package_here:Model"',
        'schema_model = "json:JSONDecoder"',
        "[use]\nexpected_output_tokens = -5",
        "[budget]\nmax_cost_usd_per_day = nan",
        '[use]\nvector_text = [["a"]]',
        "[generation]\nstop_sequences = [1]",
    ],
)
def test_what_is_wrong_in_a_task_file_is_named(trial: Trial, lines: str) -> None:
    from semantic_assets.pipeline.generation.task_versions import task_files

    trial.settings.tasks.mkdir(parents=True)
    start = 'model = "gemini-3.5-flash-lite"\nprompt = "{text}"\n'
    (trial.settings.tasks / "bad.toml").write_text(start + lines)
    assert "bad.toml" in task_files(trial.store).broken["bad"]


def test_a_job_that_was_taken_over_in_real_time_loses_no_answer_and_pays_none_twice(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_news(trial, 20)
    write_task(trial, datasets=())
    answer, asked = Gemini.generate, []

    def suspended(self: Gemini, model: str, request: dict[str, Any]) -> dict[str, Any]:
        asked.append(model)
        if len(asked) == 8:
            trial.clock.offset += 100_000
            other = trial.reopened()
            release_orphans(other.store)
            other.store.close()
        return answer(self, model, request)

    monkeypatch.setattr(Gemini, "generate", suspended)
    with pytest.raises(Conflict, match="taken over"):
        submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    found = submit_generation(trial.store, trial.gemini, NEWS, "summary", realtime=True)
    assert (found.ready, trial.bill()["realtime_requests"]) == (20, 20)


def test_an_article_that_is_no_text_is_named(trial: Trial) -> None:
    write_task(trial, datasets=())
    with pytest.raises(ConfigError, match="article 1 holds"):
        handed(trial, [{"text": "good"}, {"text": "half of a pair: \ud800"}])
