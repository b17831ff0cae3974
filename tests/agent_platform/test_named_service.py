"""A dataset may name the service of Google that works on it; the others go by the settings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_assets.errors import SetupError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.batch_job import BatchJob, JobState
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.batch_jobs.deadlines import cancel
from semantic_assets.pipeline.flows.flush import flush
from semantic_assets.pipeline.flows.follow_job import follow_job
from semantic_assets.pipeline.flows.reindex import reindex_all
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.reports.bill import bill
from semantic_assets.pipeline.reports.status import status
from semantic_assets.pipeline.scheduling.batch_runs import watch
from semantic_assets.pipeline.search.search import search
from tests.agent_platform.account import write_account
from tests.trial import Trial, on_the_agent_platform, opened_trial

KEY, PLATFORM = "gemini", "agent-platform"
TASK = """
model = "gemini-3.5-flash-lite"
datasets = ["acme/*"]
prompt = "Write one line about: {text}"
"""
NOTES, LOGS = DatasetKey("acme", "notes"), DatasetKey("acme", "logs")


@pytest.fixture
def both(
    tmp_path: Path, background: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """A lake on a key, where the Agent Platform is set up too."""

    def backend(url: str) -> dict[str, str]:
        file = write_account(tmp_path / "account.json", url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        own = {"BACKEND": KEY, "GEMINI_URL": url}
        return (
            on_the_agent_platform(url)
            | {f"SEMANTIC_ASSETS_{name}": value for name, value in own.items()}
            | {"GEMINI_API_KEY": "a-key-of-the-emulator"}
        )

    with opened_trial(tmp_path, "computable", background, backend) as found:
        yield found


def write_both(trial: Trial, named: str | None = PLATFORM) -> None:
    """Write two datasets, of which `logs` names a service."""
    trial.write("acme/notes/a.txt", "The buoy is painted in spring.")
    trial.write("acme/logs/b.txt", "The mast was lowered in a storm.")
    name(trial, named)


def name(trial: Trial, backend: str | None, more: str = "") -> None:
    line = f'backend = "{backend}"\n' if backend else ""
    trial.write("acme/logs/dataset.toml", line + more)


def jobs_at(trial: Trial, backend: str) -> list[BatchJob]:
    scope = endpoint_of(trial.settings, backend).scope_id
    return [job for job in trial.store.ledger.jobs.list() if job.scope_id == scope]


def found_by(trial: Trial, question: str) -> str:
    return search(trial.store, trial.gemini, question)[0].uri


def test_one_refresh_sends_each_dataset_through_its_service(both: Trial) -> None:
    write_both(both)
    report = both.refresh()
    assert not report.is_waiting, report.summary
    (by_key,), (by_platform,) = jobs_at(both, KEY), jobs_at(both, PLATFORM)
    assert by_key.shards == ("acme.notes.00000",)
    assert by_platform.shards == ("acme.logs.00000",)
    assert str(by_platform.remote_name).startswith("projects/harbour/")
    assert both.store.serving_space(LOGS).backend == PLATFORM
    assert both.store.serving_space(NOTES).backend == KEY
    assert set(both.sent().values()) == {1}


def test_a_question_is_put_to_both(both: Trial) -> None:
    write_both(both)
    both.refresh()
    assert "b.txt" in found_by(both, "When was the mast lowered?")
    assert "a.txt" in found_by(both, "When is the buoy painted?")


def test_a_second_pass_sends_nothing_and_a_new_text_goes_where_its_dataset_does(
    both: Trial,
) -> None:
    write_both(both)
    both.refresh()
    assert both.refresh().advanced.submitted_jobs == 0
    both.write("acme/logs/c.txt", "The rudder was mended in the dock.")
    both.refresh()
    assert (len(jobs_at(both, KEY)), len(jobs_at(both, PLATFORM))) == (1, 2)


def test_send_and_the_sensor_know_both(both: Trial) -> None:
    write_both(both)
    report = flush(both.store, both.gemini)
    assert len(report.job_ids) == 2
    assert watch(both.store, both.gemini).active_jobs == 2
    both.pass_time(90_000)
    due = watch(both.store, both.gemini)
    assert len(due.changed) == 2
    assert [one.kind for one in due.due] == ["advance"]
    assert status(both.store, scope_id=both.gemini.scope_id).finish is not None


def test_a_job_is_followed_and_cancelled_where_it_was_sent(both: Trial) -> None:
    write_both(both)
    flush(both.store, both.gemini)
    (by_platform,) = jobs_at(both, PLATFORM)
    assert cancel(both.store, both.gemini, by_platform.job_id).job_id == by_platform.job_id
    follow_job(both.store, both.gemini, by_platform.job_id)
    (asked,) = jobs_at(both, PLATFORM)
    assert asked.cancel_requested_at is not None


def test_jobs_that_are_out_come_in_though_no_dataset_names_their_service_now(both: Trial) -> None:
    write_both(both)
    flush(both.store, both.gemini)
    name(both, None)
    both.refresh()
    assert [job.state for job in jobs_at(both, PLATFORM)] == [JobState.COLLECTED]
    assert set(both.sent().values()) == {1}


def test_what_another_service_embedded_waits_where_no_dataset_names_it(both: Trial) -> None:
    """The settings moved to the platform: a key that is still there is not asked in silence."""
    write_both(both, None)
    both.refresh()
    moved = both.reopened(backend=PLATFORM)
    with moved.store:
        moved.write("acme/logs/c.txt", "The rudder was mended in the dock.")
        report = moved.refresh(wait_minutes=0)
        assert "acme/logs: worked on by the backend gemini" in report.summary
        assert jobs_at(moved, PLATFORM) == []
        with pytest.raises(SetupError, match="set SEMANTIC_ASSETS_BACKEND=gemini"):
            found_by(moved, "When was the mast lowered?")


def test_a_service_that_is_not_set_up_stops_its_datasets_alone(both: Trial) -> None:
    write_both(both)
    without = both.reopened(agent_staging=None)
    with without.store:
        report = without.refresh()
        assert "not set up: set SEMANTIC_ASSETS_AGENT_STAGING" in report.summary
        assert "a.txt" in found_by(without, "When is the buoy painted?")
    both.refresh()
    assert "b.txt" in found_by(both, "When was the mast lowered?")


def test_under_the_emulator_all_goes_to_the_emulator(trial: Trial) -> None:
    write_both(trial)
    trial.refresh()
    assert trial.store.serving_space(LOGS).backend == "emulator"


def test_reindex_moves_a_dataset_to_the_service_it_names(both: Trial) -> None:
    write_both(both, None)
    both.refresh()
    name(both, PLATFORM)
    both.refresh()
    assert both.store.serving_space(LOGS).backend == KEY  # nothing is paid for unasked
    done = reindex_all(
        both.store,
        both.gemini,
        [LOGS],
        both.settings.space,
        wait_minutes=60,
        sleep=lambda _: both.pass_time(),
    )
    assert [one.switched for one in done] == [True]
    assert both.store.serving_space(LOGS).backend == PLATFORM
    assert "b.txt" in found_by(both, "When was the mast lowered?")


def test_real_time_calls_go_where_the_dataset_does(both: Trial) -> None:
    write_both(both)
    name(both, PLATFORM, 'mode = "sync"\n')
    both.refresh()
    (job,) = jobs_at(both, PLATFORM)
    assert job.is_realtime
    assert "b.txt" in found_by(both, "When was the mast lowered?")


def test_no_real_time_call_embeds_into_the_space_of_another_service(both: Trial) -> None:
    write_both(both, None)
    both.refresh()
    moved = both.reopened(backend=PLATFORM)
    with moved.store:
        name(moved, None, 'mode = "sync"\n')
        moved.write("acme/logs/c.txt", "The rudder was mended in the dock.")
        moved.refresh(wait_minutes=0)
        assert [job for job in moved.store.ledger.jobs.list() if job.is_realtime] == []


def test_its_tasks_go_there_too(both: Trial) -> None:
    write_both(both)
    both.settings.tasks.mkdir(parents=True, exist_ok=True)
    (both.settings.tasks / "digest.toml").write_text(TASK)
    both.refresh()
    models = {job.model for job in jobs_at(both, PLATFORM)}
    assert models == {both.settings.model, "gemini-3.5-flash-lite"}
    assert {pinned.task.backend for pinned in both.store.ledger.tasks.of(LOGS)} == {PLATFORM}
    assert {pinned.task.backend for pinned in both.store.ledger.tasks.of(NOTES)} == {KEY}


def test_what_is_left_over_is_found_at_both(both: Trial) -> None:
    write_both(both)
    both.refresh()
    both.gemini.on(PLATFORM).batches.upload(
        lambda: [b"{}\n"], name=f"{jobs_at(both, PLATFORM)[0].display_name}.jsonl", check=int
    )
    found = cleanup(both.store, both.gemini, dry_run=False)
    assert [name for name in found.remote_files if name.startswith("gs://")]
    assert both.gemini.on(PLATFORM).batches.list_files() == []


def test_a_client_of_the_emulator_makes_none_of_a_service(trial: Trial) -> None:
    with pytest.raises(SetupError, match="the settings are on emulator"):
        Gemini(endpoint_of(trial.settings)).on(KEY)


def capped(trial: Trial, key_usd: float | None, platform_usd: float | None) -> Trial:
    caps = {"max_cost_usd_per_day": key_usd, "agent_max_cost_usd_per_day": platform_usd}
    settings = replace(trial.settings, **caps)  # type: ignore[arg-type]
    return replace(
        trial,
        settings=settings,
        store=replace(trial.store, settings=settings),
        gemini=Gemini(endpoint_of(settings)),
    )


@pytest.mark.parametrize(
    ("key_usd", "platform_usd", "sends"),
    [(1e-9, 5.0, PLATFORM), (5.0, 1e-9, KEY), (None, 5.0, PLATFORM), (5.0, 0.0, KEY)],
)
def test_each_service_may_have_a_cap_of_its_own(
    both: Trial, key_usd: float | None, platform_usd: float, sends: str
) -> None:
    write_both(both)
    trial = capped(both, key_usd, platform_usd)
    flush(trial.store, trial.gemini)
    assert [bool(jobs_at(trial, one)) for one in (KEY, PLATFORM)] == [sends == KEY, sends != KEY]


def test_without_one_of_its_own_both_are_under_one_cap(both: Trial) -> None:
    write_both(both)
    flush(both.store, both.gemini)
    spent = bill(both.store).committed_usd * 1.6  # estimates count for more than they say
    both.write("acme/logs/c.txt", "The rudder was mended in the dock.")
    both.write("acme/notes/d.txt", "The anchor was weighed at dawn.")
    trial = capped(both, spent, None)
    assert "for today is spent" in str(flush(trial.store, trial.gemini).blocked_by)
    apart = capped(both, spent, spent)
    assert len(flush(apart.store, apart.gemini).job_ids) == 2


def test_what_other_tools_spent_on_the_key_is_none_of_the_platforms(both: Trial) -> None:
    write_both(both)
    both.store.ledger.spending.enter(9.99, at=both.clock(), note="a notebook")
    trial = capped(both, 9.99, 5.0)
    flush(trial.store, trial.gemini)
    assert jobs_at(trial, KEY) == []
    assert len(jobs_at(trial, PLATFORM)) == 1


def test_reindex_moves_a_lake_whose_old_backend_is_not_asked_any_more(both: Trial) -> None:
    """There is nothing to compare with: questions are not put to a backend that is not set."""
    write_both(both, None)
    both.write("acme/logs/queries.jsonl", '{"_id": "q", "text": "When was the mast lowered?"}\n')
    both.write("acme/logs/qrels.tsv", "query-id\tcorpus-id\tscore\nq\tb.txt\t1\n")
    both.refresh()
    moved = both.reopened(backend=PLATFORM, api_key=None)
    with moved.store:
        (moved.settings.sources / "acme/notes/a.txt").unlink()
        moved.refresh(wait_minutes=0)  # an index is built again, whose quality cannot be measured
        done = reindex_all(
            moved.store,
            moved.gemini,
            [LOGS],
            moved.settings.space,
            wait_minutes=60,
            sleep=lambda _: moved.pass_time(),
        )
        assert [one.switched for one in done] == [True]
        assert (
            "b.txt"
            in search(moved.store, moved.gemini, "Who lowered the mast?", datasets=[LOGS])[0].uri
        )
