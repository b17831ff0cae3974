"""A person's way through the Dagster UI: launch a shard, and watch its embeddings turn green."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import (
    drawn_picture,
    inline_picture,
    launch,
    open_asset_graph,
    open_check,
    open_partition,
    open_sensor,
    outcome_of_run,
    shown,
    wait_until,
)
from tests.ui.dagster_dev import DagsterDev

pytestmark = pytest.mark.ui

SHARD, DATASET = "observatory.handbook.00000", "observatory.handbook"
#: One of its files is damaged.
UNREADABLE = "harbour.notices.00000"
PICTURED = "observatory.zhurnal.00000"
ASSETS = (
    "documents",
    "generation_jobs",
    "generations",
    "chunks",
    "batch_jobs",
    "embeddings",
    "vector_index",
    "retrieval_quality",
)
GROUPS = ("ingest", "generate", "embed", "serve")
SENSOR = "gemini_batch_sensor"
GREEN_SECONDS = 180


def test_the_asset_graph_shows_the_way_from_documents_to_the_index(
    page: Page, pictures: Path
) -> None:
    open_asset_graph(page)
    for group in GROUPS:
        expect(shown(page, group)).to_be_visible()
    page.screenshot(path=pictures / "0-groups.png")

    open_asset_graph(page, *GROUPS)
    for asset in ASSETS:
        expect(shown(page, asset)).to_be_visible()
    page.screenshot(path=pictures / "1-asset-graph.png")


@pytest.mark.long
def test_embeddings_turn_green_by_themselves_only_after_the_batch_job_has_ended(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    launch(page, "embed_shard", SHARD)
    outcome = outcome_of_run(page)
    page.screenshot(path=pictures / "2-run-of-the-shard.png")
    assert outcome == "Success", f"the run's log is in {pictures}/dagster.log"

    open_partition(page, "batch_jobs", SHARD)
    expect(shown(page, "Materialized")).to_be_visible()
    page.screenshot(path=pictures / "3-batch-job-out.png")

    open_partition(page, "embeddings", SHARD)
    expect(shown(page, "Materialized (0)")).to_be_visible()
    expect(shown(page, "No metadata entries")).to_be_visible()
    expect(shown(page, "Materialized")).to_have_count(0)
    page.screenshot(path=pictures / "4-embeddings-not-yet.png")
    assert SHARD not in dagster_dev.materialized("embeddings")

    launch(page, "embed_shard", PICTURED)  # looked at further down: both are worked on meanwhile
    _expect_green(dagster_dev, "embeddings", SHARD)
    open_partition(page, "embeddings", SHARD)
    expect(shown(page, "Materialized")).to_be_visible()
    expect(shown(page, "settle_shard")).to_be_visible()
    page.screenshot(path=pictures / "5-embeddings-green.png")

    _expect_green(dagster_dev, "vector_index", DATASET)
    open_partition(page, "vector_index", DATASET)
    expect(shown(page, "Materialized")).to_be_visible()
    page.screenshot(path=pictures / "6-index-green.png")


@pytest.mark.long
def test_the_materialized_embeddings_show_a_map_of_their_vectors_and_their_batch_job(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    _expect_green(dagster_dev, "embeddings", SHARD)
    open_partition(page, "embeddings", SHARD)
    expect(shown(page, re.compile("^batches/"))).to_be_visible()
    expect(shown(page, "COMPLETED")).to_be_visible()

    small = inline_picture(page, "map", "Map of the vectors")
    page.screenshot(path=pictures / "7-map-without-a-click.png")
    picture = drawn_picture(page, "map_in_full")
    page.screenshot(path=pictures / "7-map-of-the-vectors.png")
    for one in (small, picture):
        box = one.bounding_box()
        assert box is not None
        assert box["width"] > 500


@pytest.mark.long
def test_pictures_are_described_by_themselves_and_shown_beside_it(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    _expect_green(dagster_dev, "embeddings", PICTURED)

    open_partition(page, "generations", PICTURED)
    expect(shown(page, "feed_shard")).to_be_visible()
    expect(shown(page, "sample_seen")).to_be_visible()
    picture = drawn_picture(page, "images", "buoy")
    page.screenshot(path=pictures / "8-described-pictures.png")
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] > 100


def test_a_failed_check_says_what_to_do(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    launch(page, "embed_shard", UNREADABLE)
    assert outcome_of_run(page) == "Success"
    assert dagster_dev.check_states("documents", "all_documents_read")[UNREADABLE] is False

    open_check(page, "documents", "all_documents_read")
    expect(shown(page, re.compile("What to do: Mend the files"))).to_be_visible()
    expect(shown(page, "harbour/notices/broken.pdf")).to_be_visible()
    page.screenshot(path=pictures / "9-check-with-its-cure.png")


@pytest.mark.long
def test_each_shard_shows_its_own_state_of_a_check(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    _expect_green(dagster_dev, "embeddings", SHARD)
    launch(page, "embed_shard", UNREADABLE)
    assert outcome_of_run(page) == "Success"
    launch(page, "embed_shard", SHARD)  # the last run is of a shard that passes
    assert outcome_of_run(page) == "Success"
    states = dagster_dev.check_states("documents", "all_documents_read")
    assert (states[SHARD], states[UNREADABLE]) == (True, False)

    open_check(page, "documents", "all_documents_read")
    page.get_by_role("tab", name="Partitions").last.click()
    shown(page, UNREADABLE).click()
    expect(shown(page, re.compile("What to do: Mend the files"))).to_be_visible()
    page.screenshot(path=pictures / "9-check-of-one-shard.png")


@pytest.mark.long
def test_the_sensor_ticks_without_failing(
    page: Page, dagster_dev: DagsterDev, pictures: Path
) -> None:
    open_sensor(page, SENSOR)

    expect(shown(page, re.compile(r"^\d+ runs? requested$"))).to_be_visible()
    page.screenshot(path=pictures / "10-sensor.png")
    assert dagster_dev.failed_ticks(SENSOR) == []
    assert "DEBUG" not in (pictures / "dagster.log").read_text()  # what `make dev` prints


def _expect_green(dagster_dev: DagsterDev, asset: str, partition: str) -> None:
    is_green = wait_until(
        lambda: partition in dagster_dev.materialized(asset), seconds=GREEN_SECONDS
    )
    assert is_green, f"{asset} of {partition} was not materialized within {GREEN_SECONDS} s"
