"""What is said of a cap, of a key and of other ledgers on it lets the work go on."""

import shutil

import httpx2
import pytest

from tests.remedies.desk import DATASET, Desk


def _real(desk: Desk) -> None:
    """Use the backend `gemini`, whose service is the emulator."""
    desk.set("BACKEND", "gemini")
    desk.environment.setenv("GEMINI_API_KEY", "emulator")
    desk.set("GEMINI_URL", desk.url)
    desk.set("MAX_COST_USD_PER_DAY", "5")


@pytest.mark.cures("this run would cost ${} to ${} for {} texts, over its cap of ${}")
def test_a_run_over_its_cap(desk: Desk) -> None:
    desk.set("MAX_COST_USD_PER_RUN", "0.0000001")
    desk.write("long.txt", "The wheel turns. " * 400)
    said = desk.refused("refresh")
    desk.settle(said, "MAX_COST_USD_PER_RUN", "1")
    desk.must("refresh")


@pytest.mark.cures("questions cost ${} of ${} today, the next about ${}")
def test_questions_over_their_cap(desk: Desk) -> None:
    _real(desk)
    desk.set("UNPROBED", "1")
    desk.must("init")
    desk.must("refresh", "-y", "--mode", "sync")
    desk.set("MAX_QUESTION_COST_USD_PER_DAY", "0")
    said = desk.refused("search", "the valve")
    desk.settle(said, "MAX_QUESTION_COST_USD_PER_DAY", "1")
    desk.must("search", "the valve")


@pytest.mark.cures("this key was not probed: run `semantic-assets probe`")
@pytest.mark.parametrize("by_probe", [True, False])
def test_a_key_that_was_not_probed(desk: Desk, by_probe: bool) -> None:
    _real(desk)
    desk.must("init")
    said = desk.send("-y")
    if by_probe:
        desk.follow(said, "probe", "-y")
    else:
        desk.settle(said, "UNPROBED", "1")
    assert "not probed" not in desk.send("-y")


@pytest.mark.cures("the remote holds {} of another ledger ({}): its texts may be paid for there")
def test_a_key_that_another_lake_uses(desk: Desk) -> None:
    desk.send()
    desk.set("ROOT", str(desk.folder / "second"))
    said = desk.send()
    desk.follow(said, "init --beside")
    assert "another ledger" not in desk.send()


@pytest.mark.cures("the remote holds {} ({}), which this ledger has no row of")
def test_a_lake_restored_from_before_its_jobs(desk: Desk) -> None:
    desk.must("init")
    desk.must("status")
    shutil.copytree(desk.root, desk.folder / "kept")
    desk.send()
    shutil.rmtree(desk.root)
    (desk.folder / "kept").rename(desk.root)
    said = desk.send()
    desk.follow(said, "recover")  # what it brings back was lost with the lake
    desk.follow(said, "resolve")
    desk.finish()


@pytest.mark.cures(
    "counting stopped after {} requests: {}; try again later, or `semantic-assets estimate`"
)
def test_exact_counts_that_do_not_go_on(desk: Desk) -> None:
    desk.set("MAX_COST_USD_PER_RUN", "0.0000001")
    desk.write("long.txt", "The wheel turns. " * 400)
    desk.refused("refresh")  # read and split, and not sent
    desk.arm("any-503", times=None)
    said = desk.refused("estimate", "--exact")
    desk.follow(said, "estimate")


@pytest.mark.cures("there is no entry {}: `semantic-assets spend list` shows them")
def test_an_entry_of_other_spend_that_there_is_not(desk: Desk) -> None:
    desk.must("init")
    desk.must("spend", "add", "1.5", "--note", "a notebook")
    said = desk.refused("spend", "remove", "7")
    desk.follow(said, "spend list")


@pytest.mark.cures("{}: `semantic-assets failures`")
def test_files_that_are_not_read(desk: Desk) -> None:
    (desk.sources / DATASET / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    said = desk.run("refresh").output
    assert "broken.pdf" in desk.follow(said, "failures")


def test_the_emulator_is_reached(desk: Desk) -> None:
    assert httpx2.get(f"{desk.url}/emulator/faults").status_code == 200
