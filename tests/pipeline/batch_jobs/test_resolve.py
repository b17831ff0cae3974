"""Verbs for when something needs a person, and real-time jobs."""

import os
import signal

import pytest

from semantic_assets.errors import Conflict, TransientError
from semantic_assets.lake import layout
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.batch_jobs import resolve
from semantic_assets.pipeline.batch_jobs.realtime import embed_now
from semantic_assets.pipeline.batch_jobs.recover import recover
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.reports.checks import check_all
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.reports.window_use import window_use
from tests.trial import Trial

S = JobState


def _statuses(trial: Trial) -> dict[str, int]:
    with connect(trial.store) as connection:
        rows = connection.execute("SELECT status, count(*) FROM chunk_status GROUP BY 1")
        return dict(rows.fetchall())


def _corpus(trial: Trial, count: int = 5) -> None:
    for n in range(count):
        trial.write(f"acme/texts/{n:03d}.txt", f"Text number {n} about the harbour.")
    trial.prepare()


def test_a_person_can_adopt_an_unconfirmed_job(trial: Trial) -> None:
    _corpus(trial)
    trial.arm("lost-create-response")
    trial.arm("name-missing-from-list", seconds=90_000.0)
    advance(trial.store, trial.gemini)
    [job] = trial.store.ledger.jobs.list()
    assert job.state == S.UNCONFIRMED
    remote = trial.remote_jobs()[0]["name"]
    resolve.adopt(trial.store, trial.gemini, job.job_id, remote_name=remote)
    trial.advance_until_done()
    assert _statuses(trial) == {"READY": 5}
    assert trial.paid_twice() == []


def test_adopting_somebody_elses_job_is_refused(trial: Trial) -> None:
    _corpus(trial)
    trial.advance_until_done()
    trial.write("acme/texts/more.txt", "One more text.")
    trial.prepare()
    trial.arm("create-timeout-not-created", seconds=0.1)
    advance(trial.store, trial.gemini)
    job = trial.store.ledger.jobs.list(states=[S.UNCONFIRMED])[0]
    other = trial.reopened(root=trial.settings.root.with_name("other"))
    with other.store:
        other.store.ledger.register_beside(trial.store.ledger.ledger_id)
        other.prepare()
        advance(other.store, other.gemini)
        remote = other.store.ledger.jobs.list()[0].remote_name
    with pytest.raises(Conflict, match=job.display_name):
        resolve.adopt(trial.store, trial.gemini, job.job_id, remote_name=str(remote))


def test_decisions_are_for_jobs_in_the_right_state_only(trial: Trial) -> None:
    _corpus(trial)
    trial.advance_until_done()
    [job] = trial.store.ledger.jobs.list()
    for decide in (resolve.accept, resolve.resubmit, resolve.fail, resolve.give_up):
        with pytest.raises(Conflict, match="collected"):
            decide(trial.store, trial.gemini, job.job_id)


def test_a_lost_ledger_is_rebuilt_and_nothing_is_sent_again(trial: Trial) -> None:
    _corpus(trial)
    trial.advance_until_done()
    trial.write("acme/texts/more.txt", "One more text.")
    trial.prepare()
    advance(trial.store, trial.gemini)
    trial.store.close()
    for path in trial.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    again = trial.reopened(unchecked=True)
    with again.store:
        found = recover(again.store)
        assert (len(found.collected), len(found.unconfirmed)) == (1, 1)
        again.prepare()
        again.advance_until_done()
        assert _statuses(again) == {"READY": 6}
    assert max(trial.sent().values()) == 1


def test_cleanup_looks_first_and_then_deletes_what_lingers(trial: Trial) -> None:
    _corpus(trial)
    trial.arm("any-503", times=2, method="*.delete")
    trial.advance_until_done()
    old = trial.settings.root / "chunks" / ".left.parquet.1.tmp"
    old.write_text("half")
    os.utime(old, (0, 0))
    found = cleanup(trial.store, trial.gemini, dry_run=True)
    assert found.count == 3
    assert old.exists()
    assert cleanup(trial.store, trial.gemini, dry_run=False).count == 3
    assert not old.exists()
    assert cleanup(trial.store, trial.gemini, dry_run=True).count == 0


def test_all_checks_pass_on_a_sound_store_and_see_a_spoiled_one(trial: Trial) -> None:
    _corpus(trial)
    trial.refresh()
    assert {check.passed for check in check_all(trial.store, trial.gemini)} == {True}
    [shard] = trial.store.ledger.sources.shards()
    path = layout.embeddings(trial.store.settings.space.space_id, shard.key)
    table = trial.store.lake.read(path)
    with trial.store.lake.writing(path, table.schema, {}) as file:
        file.write(table.slice(1))
    failed = {check.name for check in check_all(trial.store, trial.gemini) if not check.passed}
    assert "no_missing_vectors" in failed


def test_window_use_adds_up_the_jobs_of_each_moment(trial: Trial) -> None:
    _corpus(trial)
    advance(trial.store, trial.gemini)
    began = trial.clock()
    trial.pass_time(30)
    [job] = trial.store.ledger.jobs.list()
    use = window_use(
        trial.store,
        scope_id=trial.gemini.scope_id,
        spans=2,
        began_at=began - 30,
        ended_at=trial.clock(),
    )
    assert use.tokens[1] == pytest.approx(job.tokens_estimated)
    assert use.tokens[0] < job.tokens_estimated * 0.1


def test_real_time_embeds_at_once_and_lands_in_one_file(trial: Trial) -> None:
    _corpus(trial, 230)
    [shard] = trial.store.ledger.sources.shards()
    report = embed_now(trial.store, trial.gemini, shard.key)
    assert report.texts == 230
    [job] = trial.store.ledger.jobs.list()
    assert (job.state, job.is_realtime) == (S.COLLECTED, True)
    names = trial.store.lake.names(layout.results_dir(job.product_id))
    assert names == [f"{job.job_id}.parquet"]
    assert trial.store.ledger.spending.totals().realtime_usd == pytest.approx(report.usd)
    assert trial.refresh().advanced.submitted_texts == 0
    assert _statuses(trial) == {"READY": 230}
    assert trial.remote_jobs() == []


def test_a_real_time_call_that_fails_keeps_what_landed_before_it(trial: Trial) -> None:
    _corpus(trial, 230)
    [shard] = trial.store.ledger.sources.shards()
    calls = []
    real = trial.gemini.embed_documents

    def second_fails(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            trial.arm("realtime-503")
        return real(*arguments)  # type: ignore[arg-type]

    trial.gemini.embed_documents = second_fails  # type: ignore[method-assign, assignment]
    with pytest.raises(TransientError):
        embed_now(trial.store, trial.gemini, shard.key)
    del trial.gemini.embed_documents
    [job] = trial.store.ledger.jobs.list()
    assert (job.state, job.succeeded) == (S.COLLECTED, 100)
    assert embed_now(trial.store, trial.gemini, shard.key).texts == 130


def test_a_real_time_job_of_a_dead_process_is_folded_and_the_rest_is_pending(trial: Trial) -> None:
    _corpus(trial, 230)
    [shard] = trial.store.ledger.sources.shards()
    process = os.fork()
    if process == 0:
        dying = trial.reopened()
        real = dying.gemini.embed_documents
        calls = []

        def die_at_the_third(*arguments: object) -> object:
            calls.append(1)
            if len(calls) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments)  # type: ignore[arg-type]

        dying.gemini.embed_documents = die_at_the_third  # type: ignore[method-assign, assignment]
        embed_now(dying.store, dying.gemini, shard.key)
        os._exit(0)
    os.waitpid(process, 0)
    trial.pass_time(40)
    trial.advance_until_done()
    jobs = trial.store.ledger.jobs.list()
    assert [(job.is_realtime, job.succeeded) for job in jobs] == [(True, 200), (False, 30)]
    assert trial.store.ledger.spending.totals().possibly_billed_usd > 0
    assert _statuses(trial) == {"READY": 230}


def test_a_given_up_job_that_is_adopted_is_collected_and_nothing_is_sent_again(
    trial: Trial,
) -> None:
    trial.write("acme/texts/a.txt", "A text that is paid for once.")
    trial.prepare()
    advance(trial.store, trial.gemini)
    (job,) = trial.store.ledger.jobs.list()
    assert job.remote_name is not None
    resolve.give_up(trial.store, trial.gemini, job.job_id)
    adopted = resolve.adopt(trial.store, trial.gemini, job.job_id, remote_name=job.remote_name)
    assert adopted.state == "submitted"
    trial.advance_until_done()
    (only,) = trial.store.ledger.jobs.list()
    assert (only.state, only.succeeded) == ("collected", 1)
    assert trial.paid_twice() == []


def test_a_recovered_ledger_knows_what_was_paid(trial: Trial) -> None:
    trial.write("acme/texts/a.txt", "A text that is paid for once.")
    trial.refresh()
    paid = trial.store.ledger.spending.totals().batch_usd
    assert paid > 0
    trial.store.close()
    for path in trial.settings.root.glob("ledger.sqlite3*"):
        path.unlink()
    again = trial.reopened(unchecked=True)
    with again.store:
        recover(again.store)
        assert again.store.ledger.spending.totals().batch_usd == pytest.approx(paid)


def test_jobs_of_another_key_are_named_as_such(trial: Trial) -> None:
    trial.write("acme/texts/a.txt", "A text sent elsewhere.")
    trial.prepare()
    advance(trial.store, trial.gemini)
    elsewhere = trial.reopened(emulator_url=f"{trial.url}/")
    with elsewhere.store:
        report = elsewhere.refresh(wait_minutes=0)
    assert "another key or backend" in report.summary


def test_what_a_killed_call_left_in_an_inbox_is_cleared_away_after_a_while(trial: Trial) -> None:
    inbox = trial.settings.sources / "acme" / "texts" / "_ingested"
    (inbox / ".incoming").mkdir(parents=True)
    left = [inbox / ".incoming" / "0a1b", inbox / ".00000.segment.jsonl.ab.tmp"]
    for path in left:
        path.write_text("half")
    assert cleanup(trial.store, trial.gemini, dry_run=False).temporary_files == ()
    trial.clock.offset += 7 * 86_400
    assert len(cleanup(trial.store, trial.gemini, dry_run=False).temporary_files) == 2
    assert not any(path.exists() for path in left)
