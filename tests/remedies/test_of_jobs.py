"""What is said of a job that is out, cannot be trusted or lost its files brings it to an end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from semantic_assets import SemanticCore
from semantic_assets.errors import Conflict
from semantic_assets.pipeline.reports.left_behind import left_behind
from semantic_assets.settings.settings import Settings
from semantic_assets.store import open_store
from tests.remedies.desk import DATASET, Desk


def _job(desk: Desk) -> str:
    found = json.loads(desk.must("jobs", "--json"))[0]["job_id"]
    assert isinstance(found, str)
    return found


def _quarantined(desk: Desk) -> str:
    """Let two answers in a row be ones that cannot be trusted, and return what is said then."""
    desk.arm("wrong-dimensions", times=None)
    for number in range(2):
        desk.write(f"{number}.txt", f"Pump {number} is primed before its first start.")
        desk.run("refresh")
    desk.disarm()
    desk.write("more.txt", "The crane is greased each spring.")
    return desk.send()


@pytest.mark.cures("there is no batch job {}: `semantic-assets jobs` lists them")
def test_a_job_that_there_is_not(desk: Desk) -> None:
    desk.must("refresh")
    said = desk.refused("cancel", "job-none")
    assert _job(desk) in desk.follow(said, "jobs", "--json")


@pytest.mark.cures(
    "job {} is {} ({}): its results are here when it is collected; `semantic-assets collect`"
)
def test_results_of_a_job_that_is_out(desk: Desk) -> None:
    desk.arm("unknown-state", state="BATCH_STATE_RUNNING", seconds=600.0)  # then it succeeds
    desk.must("send")
    assert "pending" in desk.must("results", _job(desk), code=4)
    with SemanticCore() as core, pytest.raises(Conflict) as early:
        core.batch_manager.retrieve_results(_job(desk))
    desk.pass_time()
    desk.follow(str(early.value), "collect")
    assert "embedding" in desk.must("results", _job(desk))


@pytest.mark.cures("its texts are sent again, or listed by `semantic-assets failures`")
def test_results_of_a_job_that_failed(desk: Desk) -> None:
    desk.set("MAX_ATTEMPTS", "1")
    desk.arm("ends-failed")
    desk.must("flush")
    desk.pass_time()
    desk.must("collect", code=1)
    said = desk.refused("results", _job(desk))
    assert "FAILED: Internal error" in desk.follow(said, "failures", "--json")


@pytest.mark.cures("the answers of {} could not be trusted, so nothing more is sent in this space")
def test_two_answers_in_a_row_that_cannot_be_trusted(desk: Desk) -> None:
    said = _quarantined(desk)
    assert "QUARANTINED" in desk.follow(said, "jobs").upper()
    rows = json.loads(desk.must("jobs", "--json"))
    for job in [row["job_id"] for row in rows if row["state"] == "quarantined"]:
        desk.follow(said, "resolve", "--fail", JOB=job)
    desk.must("refresh", code=1)  # the texts of those jobs FAILED
    assert "crane" in desk.must("search", "the crane")


@pytest.mark.cures("the manifest of {} is gone or cut off, so its texts could be paid twice")
def test_the_manifest_of_a_job_that_is_out_is_gone(desk: Desk) -> None:
    desk.send()
    _manifest(desk).unlink()
    desk.write("b.txt", "The pump is primed.")
    said = desk.send()
    desk.follow(said, "resolve * --abandon")
    desk.finish()


@pytest.mark.cures("its manifest is gone or cut off, its answer cannot be checked")
def test_a_job_ends_whose_manifest_is_gone(desk: Desk) -> None:
    desk.must("send")
    manifest = _manifest(desk)
    content = manifest.read_bytes()
    manifest.unlink()
    desk.pass_time()
    said = desk.run("advance").output
    manifest.write_bytes(content)
    desk.follow(said, "resolve", "--accept")


@pytest.mark.cures("{}: worked on by the backend {}; {}, or `semantic-assets reindex --model MODEL")
def test_work_of_another_backend(desk: Desk) -> None:
    desk.finish()
    desk.set("BACKEND", "gemini")
    desk.environment.setenv("GEMINI_API_KEY", "emulator")
    desk.set("GEMINI_URL", desk.url)
    desk.set("UNPROBED", "1")
    desk.set("MAX_COST_USD_PER_DAY", "5")
    desk.write("b.txt", "The pump is primed.")
    said = desk.send("-y")
    desk.settle(said, "BACKEND", "emulator")
    desk.finish()


def _results(desk: Desk) -> Path:
    (found,) = (desk.root / "results").glob("*/*.parquet")
    return found


def _manifest(desk: Desk) -> Path:
    (found,) = (desk.root / "manifests").glob("*.parquet")
    return found


@pytest.mark.cures("`semantic-assets resolve {} --restore`, if need be after putting the file back")
def test_a_results_file_that_was_altered(desk: Desk) -> None:
    desk.must("refresh")
    content = _results(desk).read_bytes()
    _results(desk).write_bytes(content[:-40])
    said = desk.run("verify", "--deep").output
    _results(desk).write_bytes(content)
    desk.follow(said, "resolve")
    desk.must("verify", "--deep")


@pytest.mark.cures(
    "job {}: {}. Put {} back from a backup and run this again; or `semantic-assets resolve {} --resubmit`"
)
def test_a_results_file_that_nobody_keeps(desk: Desk) -> None:
    desk.must("refresh")
    _results(desk).unlink()
    said = desk.run("verify", "--deep").output
    said = desk.refused("resolve", _job(desk), "--restore")
    desk.follow(said, "resolve * --resubmit")
    desk.must("refresh")


@pytest.mark.cures("`semantic-assets refresh` makes it again at no cost")
def test_a_table_that_is_broken(desk: Desk) -> None:
    desk.must("refresh")
    for path in (desk.root / "embeddings").rglob("*.parquet"):
        path.write_bytes(b"PAR1 not much of it")
    said = desk.refused("verify")
    desk.follow(said, "refresh")
    desk.must("verify")


@pytest.mark.cures("put it back from a backup, or `semantic-assets resolve {} --abandon`")
def test_verify_finds_a_manifest_cut_off(desk: Desk) -> None:
    desk.send()
    manifest = _manifest(desk)
    manifest.write_bytes(manifest.read_bytes()[:50])
    said = desk.refused("verify", "--deep")
    desk.follow(said, "resolve")
    desk.finish()


def _failed_texts(desk: Desk) -> str:
    desk.arm("invalid-texts", times=None, contains="valve")
    desk.set("MAX_ATTEMPTS", "1")
    said = desk.run("refresh").output
    desk.disarm()
    return said


@pytest.mark.cures("{} FAILED: `semantic-assets failures`")
@pytest.mark.cures("`semantic-assets retry --errors-only` gives them another chance")
def test_texts_that_failed(desk: Desk) -> None:
    said = desk.follow(_failed_texts(desk), "failures", "--json")
    desk.follow(said, "retry")
    desk.must("refresh")


@pytest.mark.cures("put it back from a backup, or `semantic-assets retry --errors-only` again")
@pytest.mark.cures("{}, or `semantic-assets retry --errors-only` again")
def test_the_file_of_a_retry_is_broken(desk: Desk) -> None:
    _failed_texts(desk)
    desk.must("retry", "--errors-only")
    (path,) = [one for one in (desk.root / "retries").rglob("*") if one.is_file()]
    path.write_bytes(b"PAR1")
    said = desk.refused("verify", "--deep")
    desk.follow(said, "retry")
    told = desk.run("refresh").output
    desk.followed.append(told)


@pytest.mark.cures("`semantic-assets quality` embeds the judged questions again")
def test_the_vectors_of_questions_are_broken(desk: Desk) -> None:
    folder = desk.sources / DATASET
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "Who opens the valve?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta.txt\t1\n")
    desk.must("refresh")
    desk.must("quality")
    (path,) = [one for one in (desk.root / "queries").rglob("*") if one.is_file()]
    path.write_bytes(b"PAR1")
    desk.follow(desk.refused("verify", "--deep"), "quality")
    desk.must("verify", "--deep")


@pytest.mark.cures("shard {} is not split yet, so it is not known which results it wants")
def test_clearing_before_all_is_split(desk: Desk) -> None:
    desk.must("refresh")
    desk.write("b.txt", "The pump is primed.")
    with closing(sqlite3.connect(desk.root / "ledger.sqlite3")) as ledger, ledger:
        ledger.execute("DELETE FROM table_file WHERE path LIKE 'chunks/%'")
    said = desk.refused("cleanup", "--results", "-y")
    desk.follow(said, "refresh")
    desk.must("cleanup", "--results", "-y")


@pytest.mark.cures("nothing is lost: `semantic-assets {}` goes on from here")
def test_a_command_that_was_stopped_while_a_job_is_out(desk: Desk) -> None:
    desk.write()
    desk.send()
    with open_store(Settings.load(root=desk.root), reading=True) as store:
        said = left_behind(store, f"refresh --root {desk.root}")
    assert said.startswith("1 job with 1 text is out")
    desk.pass_time()
    assert "1 index built" in desk.follow(said, "refresh")
