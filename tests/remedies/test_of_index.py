"""What is said of an index that is missing, broken or of another backend cures it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.remedies.desk import DATASET, Desk


@pytest.mark.cures("there is no index of {} yet: run `semantic-assets refresh`")
def test_before_the_first_refresh_there_is_no_index(desk: Desk) -> None:
    desk.must("init")
    for command in (["search", "the valve"], ["index", "rollback", DATASET]):
        said = desk.refused(*command)
        desk.followed.append(said)
        assert "`semantic-assets refresh`" in said
    desk.follow(said, "refresh")
    assert "valve" in desk.must("search", "the valve")


@pytest.mark.cures("there is no index of {}: run `semantic-assets refresh`")
def test_an_export_without_an_index(desk: Desk) -> None:
    desk.must("init")
    export = ["index", "export", DATASET, str(desk.folder / "v.bin")]
    desk.follow(desk.refused(*export), "refresh")
    desk.must(*export)


def _version(desk: Desk) -> Path:
    (found,) = (desk.root / "index").rglob("generation.json")
    return found.parent


@pytest.mark.cures("the index of {} is not on disk: run `semantic-assets refresh`")
def test_the_files_of_an_index_were_deleted(desk: Desk) -> None:
    desk.must("refresh")
    shutil.rmtree(_version(desk))
    said = desk.refused("search", "the valve")
    desk.follow(said, "refresh")
    desk.must("search", "the valve")


@pytest.mark.cures("{} is broken ({}): `semantic-assets index build {}` makes it again at no cost")
def test_an_index_is_broken(desk: Desk) -> None:
    desk.must("refresh")
    (_version(desk) / "generation.json").write_text("{")
    said = desk.refused("search", "the valve")
    desk.follow(said, "index build")
    desk.must("search", "the valve")


@pytest.mark.cures("{} has no index version {}: `semantic-assets index list` names them")
def test_an_index_version_that_there_is_not(desk: Desk) -> None:
    desk.must("refresh")
    said = desk.refused("index", "switch", DATASET, "7")
    number = desk.follow(said, "index list", "--json").split('"number": ')[1].split(",")[0]
    desk.must("index", "switch", DATASET, number)


@pytest.mark.cures("{} has no index version before {}: `semantic-assets index list`")
def test_there_is_nothing_to_roll_back_to(desk: Desk) -> None:
    desk.must("refresh")
    said = desk.refused("index", "rollback", DATASET)
    assert "1" in desk.follow(said, "index list")


@pytest.mark.cures(
    "the files of index version {} of {} are gone or broken: `semantic-assets index list"
)
def test_the_version_to_roll_back_to_was_deleted(desk: Desk) -> None:
    desk.must("refresh")
    first = _version(desk)
    for number in range(2):
        desk.write(f"{number}.txt", f"Pump {number} is primed.")
        desk.must("refresh")
    shutil.rmtree(first)
    said = desk.refused("index", "switch", DATASET, "1")
    assert '"number": 2' in desk.follow(said, "index list", "--json")
    desk.must("index", "switch", DATASET, "2")


@pytest.mark.cures(
    "the index of {} is of space {}, not {}: vectors of two spaces do not compare. Search without "
    "a space, or `semantic-assets reindex --model MODEL`"
)
def test_a_search_in_another_space(desk: Desk) -> None:
    desk.must("refresh")
    said = desk.refused("search", "the valve", "--space", "s-none")
    assert "Search without a space" in said
    desk.must("search", "the valve")
    desk.set("DIMENSIONS", "256")
    desk.follow(said, "reindex", "-y", MODEL="gemini-embedding-001")


@pytest.mark.cures(
    "the index of {} was embedded by the backend {}; {}, or `semantic-assets reindex --model MODEL",
    "the settings are on {}: set {}BACKEND={}",
)
def test_a_search_with_the_settings_of_another_backend(desk: Desk) -> None:
    desk.must("refresh")
    desk.set("BACKEND", "gemini")
    desk.environment.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    said = desk.refused("search", "the valve")
    desk.settle(said, "BACKEND=emulator".partition("=")[0], "emulator")
    desk.must("search", "the valve")


@pytest.mark.cures(
    "vectors of the backend {}, the settings are on {}: set SEMANTIC_ASSETS_BACKEND={}"
)
def test_a_lake_whose_vectors_are_of_another_backend(desk: Desk) -> None:
    desk.must("refresh")
    desk.set("BACKEND", "gemini")
    desk.set("GEMINI_URL", desk.url)
    desk.set("MAX_COST_USD_PER_DAY", "1")
    desk.environment.setenv("GEMINI_API_KEY", "AIza-not-a-key")
    said = json.loads(desk.must("status", "--json"))["foreign_vectors"]
    assert "acme/manuals" in said
    assert said in json.loads(desk.must("estimate", "--json"))["left_out"]
    assert said in desk.must("refresh")
    assert "vectors of the backend emulator" in " ".join(
        desk.run("doctor", "--json").output.split()
    )
    desk.settle(said, "BACKEND", "emulator")
    desk.must("search", "the valve")
    assert json.loads(desk.must("status", "--json"))["foreign_vectors"] is None


@pytest.mark.cures("not all can be found yet: {}: `semantic-assets refresh`")
def test_a_search_while_something_waits(desk: Desk) -> None:
    desk.must("refresh")
    desk.write("b.txt", "The pump is primed before its first start.")
    desk.must("send")
    said = desk.must("search", "the valve")
    desk.follow(said, "refresh")
    assert "not all can be found" not in desk.must("search", "the pump is primed")


@pytest.mark.cures("{}; a search by words needs no API: `--mode words`")
def test_a_search_while_the_service_does_not_answer(desk: Desk) -> None:
    desk.must("refresh")
    desk.arm("any-503", times=None)
    desk.arm("realtime-503", times=None)
    said = desk.refused("search", "the valve")
    desk.followed.append(said)
    assert "--mode words" in said
    assert "valve" in desk.must("search", "the valve", "--mode", "words")


@pytest.mark.cures("nothing of a project {} is in search: name a project or project/dataset that")
def test_a_search_in_a_project_that_nobody_has_listed(desk: Desk) -> None:
    desk.must("refresh")
    desk.write().parent.rename(desk.sources / "moved")
    (desk.sources / "mill").mkdir()
    (desk.sources / "moved").rename(desk.sources / "mill" / "wheels")
    desk.write()
    said = desk.refused("search", "the valve", "-d", "mill")
    assert "acme.manuals" in desk.follow(said, "ls", "--json")
    desk.follow(said, "refresh")
    desk.must("search", "the valve", "-d", "mill")
