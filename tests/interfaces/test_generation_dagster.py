"""Generation in Dagster: the shard never waits, its documents do, and all of it turns green."""

import re
from pathlib import Path

import dagster as dg
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.pipeline.reports.sql import connect
from tests.emulator import drawn
from tests.interfaces.dagster_world import DATASET, SHARD, World
from tests.interfaces.nasty import harms

SUMMARY = """
model = "gemini-3.5-flash-lite"
datasets = ["acme/manuals"]
system = "Summarise."
prompt = "{text}"
[schema]
type = "object"
required = ["summary"]
properties.summary = { type = "string" }
[use]
vector_text = ["summary"]
"""
DESCRIBE = SUMMARY.replace('prompt = "{text}"', 'prompt = "Describe."\nmedia = true')


@pytest.fixture
def tasked(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A dataset with a task that its texts stand with, and one that describes its pictures."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "summary.toml").write_text(SUMMARY)
    (folder / "describe.toml").write_text(DESCRIBE)
    monkeypatch.setenv("SEMANTIC_ASSETS_TASKS", str(folder))
    (world.folder / "boat.png").write_bytes(drawn.png("red", "circle", "white"))
    return world


def test_the_sensor_takes_a_shard_with_tasks_to_its_index(tasked: World) -> None:
    tasked.register()
    assert tasked.run("embed_shard", SHARD).success
    for asset in ("documents", "generation_jobs", "generations", "chunks", "batch_jobs"):
        assert tasked.green(asset) == {SHARD}
    waiting = tasked.metadata("generations")
    assert waiting["documents_pending"].value == 2
    assert tasked.metadata("chunks")["dagster/partition_row_count"].value == 0
    assert tasked.metadata("chunks")["documents_waiting"].value == 2
    ran: list[str] = []
    for _ in range(8):
        tasked.pass_time()
        ran += tasked.run_requested(tasked.tick())
        if tasked.green("vector_index") == {DATASET}:
            break
    assert ran.index("advance_batches") < ran.index("feed_shard") < ran.index("settle_shard")
    assert tasked.green("embeddings") == {SHARD}
    assert tasked.green("vector_index") == {DATASET}
    came = tasked.metadata("generations")
    assert (came["documents_ready"].value, came["documents_pending"].value) == (2, 0)
    assert tasked.run_requested(tasked.tick()) == []
    with opened(tasked.lake.root) as (store, _):
        texts = connect(store).execute("SELECT vector_text FROM chunks").fetchall()
    assert any("red circle" in text for (text,) in texts)


def test_pictures_are_shown_small_beside_what_was_said_of_them(tasked: World) -> None:
    tasked.settle()
    shown = tasked.metadata("generations")["images"].value
    assert str(shown).startswith("![boat](data:image/jpeg;base64,")
    rows = tasked.metadata("generations")["sample_describe"]
    assert isinstance(rows, dg.TableMetadataValue)
    assert "red circle" in str(rows.records[0].data["output"])


def test_refresh_records_what_the_assets_would_have(tasked: World) -> None:
    import threading

    stop = threading.Event()

    def pass_time() -> None:
        while not stop.wait(0.3):
            tasked.pass_time()

    moving = threading.Thread(target=pass_time)
    moving.start()
    try:
        assert tasked.run("refresh").success
    finally:
        stop.set()
        moving.join()
    for asset in ("documents", "generation_jobs", "generations", "chunks", "embeddings"):
        assert tasked.green(asset) == {SHARD}
    assert tasked.metadata("chunks")["dagster/partition_row_count"].value == 2
    assert tasked.run_requested(tasked.tick()) == []


def test_a_dataset_that_is_not_embedded_ends_with_its_answers(tasked: World) -> None:
    (tasked.folder / "dataset.toml").write_text("embed = false\n")
    tasked.register()
    assert tasked.run("embed_shard", SHARD).success
    assert "embed = false" in str(tasked.metadata("chunks")["empty_because"].value)
    for _ in range(4):
        tasked.pass_time()
        tasked.run_requested(tasked.tick())
    assert tasked.metadata("generations")["documents_ready"].value == 2
    assert tasked.green("vector_index") == set()
    assert tasked.run_requested(tasked.tick()) == []


def test_generation_stands_between_documents_and_chunks() -> None:
    from semantic_assets.orchestration.resources import LakeResource

    graph = build_definitions(LakeResource()).resolve_asset_graph()
    assert graph.get(dg.AssetKey("chunks")).parent_keys == {
        dg.AssetKey("documents"),
        dg.AssetKey("generations"),
    }


def test_a_dataset_of_mode_sync_is_answered_in_the_run_itself(tasked: World) -> None:
    (tasked.folder / "dataset.toml").write_text('mode = "sync"\n')
    tasked.register()
    assert tasked.run("embed_shard", SHARD).success
    assert tasked.metadata("generations")["documents_ready"].value == 2
    assert tasked.metadata("chunks")["dagster/partition_row_count"].value == 2
    assert tasked.metadata("batch_jobs")["texts_landed"].value == 2


def test_the_title_of_a_picture_is_no_markdown(tasked: World) -> None:
    harm = "x](http:e.example) ![y](z) [k](javascript:a) <b>_ *e* \u202egnp \x1b[2J"
    (tasked.folder / "boat.png").rename(tasked.folder / f"{harm}.png")
    tasked.settle()
    shown = str(tasked.metadata("generations")["images"].value)
    assert shown.count("data:image/jpeg") == 1
    assert len(re.findall(r"(?<!\\)!(?<!\\)\[", shown)) == 1
    assert len(re.findall(r"(?<!\\)\]\(", shown)) == 1
    assert not re.search(r"(?<!\\)<", shown)
    assert harms(shown) == []
    for asset in ("documents", "generations", "chunks"):
        values = [str(value.value) for value in tasked.metadata(asset).values()]
        assert harms("".join(values)) == [], asset
