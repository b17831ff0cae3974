"""What doctor and the server say of settings, keys and the service puts them right."""

import shutil
import sqlite3
from contextlib import closing
from importlib.metadata import metadata

import pytest

from semantic_assets.lake.layout import FILLING, LEDGER_ID_FILE
from tests.remedies.desk import DATASET, Desk, needs
from tests.remedies.messages import printed_cures


def test_every_extra_that_a_message_names_is_one() -> None:
    named = [one.text for one in printed_cures() if "pip install" in one.text]
    extras = metadata("semantic-assets").get_all("Provides-Extra") or []
    assert named
    for text in named:
        names = text.partition("semantic-assets[")[2].partition("]")[0]
        assert set(names.split(",")) <= set(extras)


def _real(desk: Desk) -> None:
    desk.set("BACKEND", "gemini")
    desk.environment.setenv("GEMINI_API_KEY", "emulator")
    desk.set("GEMINI_URL", desk.url)


@pytest.mark.cures("set {}MAX_COST_USD_PER_DAY; `semantic-assets estimate` quotes")
@pytest.mark.cures("`semantic-assets probe`: a few texts, under a cent")
def test_doctor_of_a_key_that_is_new(desk: Desk) -> None:
    _real(desk)
    desk.must("init")
    said = desk.run("doctor", "--json").output
    desk.follow(said, "estimate")
    desk.settle(said, "MAX_COST_USD_PER_DAY", "5")
    desk.follow(said, "probe", "-y")
    assert "probe`" not in desk.run("doctor", "--json").output


@pytest.mark.cures("all are there; `semantic-assets verify --deep` reads them")
def test_doctor_names_the_paid_files(desk: Desk) -> None:
    desk.must("refresh")
    said = desk.must("doctor", "--json")
    desk.follow(said, "verify --deep")


@pytest.mark.cures("`semantic-assets failures`")
def test_doctor_finds_files_that_are_not_read(desk: Desk) -> None:
    (desk.sources / DATASET / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    desk.run("refresh")
    said = desk.run("doctor", "--json").output
    assert "broken.pdf" in desk.follow(said, "failures")


@pytest.mark.cures("`semantic-assets jobs`, then `semantic-assets resolve JOB`")
def test_doctor_finds_an_answer_that_was_not_trusted(desk: Desk) -> None:
    import json

    desk.arm("wrong-dimensions", times=None)
    desk.run("refresh")
    desk.disarm()
    said = desk.run("doctor", "--json").output
    (job,) = json.loads(desk.follow(said, "jobs", "--json"))
    desk.follow(said, "resolve", "--resubmit", JOB=job["job_id"])
    desk.must("refresh")


@pytest.mark.cures("there is no index: run `refresh`")
def test_verify_finds_no_index(desk: Desk) -> None:
    desk.must("refresh")
    shutil.rmtree(desk.root / "index")
    desk.follow(desk.refused("verify", "--json"), "refresh")
    desk.must("verify")
    with closing(sqlite3.connect(desk.root / "ledger.sqlite3")) as ledger, ledger:
        ledger.execute("DELETE FROM generation")
    said = desk.refused("verify", "--json")
    desk.followed.append(said)
    desk.must("refresh")
    desk.must("verify")


@pytest.mark.cures("on {} every request needs a key and there is none: make one by")
def test_a_server_for_others_without_keys(desk: Desk) -> None:
    desk.must("init")
    said = desk.refused("serve", "--host", "0.0.0.0", "--port", "0")
    desk.follow(said, "keys create")


@pytest.mark.cures("there is no API key {}: `semantic-assets keys list` shows them")
def test_a_key_that_there_is_not(desk: Desk) -> None:
    desk.must("init")
    desk.must("keys", "create", "--project", "acme", "--role", "read")
    said = desk.refused("keys", "revoke", "none")
    assert "acme" in desk.follow(said, "keys list")


@pytest.mark.cures("the index is in Qdrant: set SEMANTIC_ASSETS_QDRANT_URL to its address")
@needs("qdrant_client")
def test_a_vector_store_without_an_address(desk: Desk) -> None:
    (desk.sources / DATASET / "dataset.toml").write_text('[index]\nbackend = "qdrant"\n')
    said = desk.run("refresh").output
    desk.settle(said, "QDRANT_URL", str(desk.folder / "qdrant"))
    desk.must("refresh")


@pytest.mark.cures(": `--mode sync` is cheaper here")
def test_few_texts_are_cheaper_in_real_time(desk: Desk) -> None:
    desk.must("init")
    said = desk.must("estimate")
    desk.followed.append(said)
    assert "--mode sync" in said
    desk.must("refresh", "--mode", "sync")


@pytest.mark.cures("the lake at {} is {}: let `semantic-assets migrate` end")
def test_a_lake_that_is_being_moved(desk: Desk) -> None:
    desk.must("refresh")
    target = desk.folder / "target"
    target.mkdir()
    move = ["migrate", "--to-root", str(target)]
    (target / LEDGER_ID_FILE).write_text(f"{FILLING} elsewhere")
    said = desk.run("status", "--root", str(target)).output
    desk.followed.append(said)
    (target / LEDGER_ID_FILE).unlink()
    assert "`semantic-assets migrate`" in said
    desk.must(*move)


@pytest.mark.cures(
    "Qdrant at {} has no collection {}: run `semantic-assets index build` for the dataset"
)
@needs("qdrant_client")
def test_a_vector_store_that_was_emptied(desk: Desk) -> None:
    desk.set("INDEX_BACKEND", "qdrant")
    desk.set("QDRANT_URL", str(desk.folder / "qdrant"))
    desk.must("refresh")
    from semantic_assets.index import qdrant

    with qdrant.QdrantServer(str(desk.folder / "qdrant")).asked() as opened:
        for one in opened.get_collections().collections:
            opened.delete_collection(one.name)
    said = desk.refused("search", "the valve")
    desk.follow(said, "index build")
    assert "valve" in desk.must("search", "the valve")


@pytest.mark.cures("Lance at {} has no table {}: run `semantic-assets index build` for the dataset")
@needs("lancedb")
def test_tables_of_lance_that_were_deleted(desk: Desk) -> None:
    desk.set("INDEX_BACKEND", "lance")
    desk.set("LANCE_URL", str(desk.folder / "lance"))
    desk.must("refresh")
    shutil.rmtree(desk.folder / "lance")
    said = desk.refused("search", "the valve")
    desk.follow(said, "index build")
    assert "valve" in desk.must("search", "the valve")
