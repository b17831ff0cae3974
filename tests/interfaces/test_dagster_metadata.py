"""What a person sees in the UI: columns, samples, numbers, the picture, and the jobs of a shard."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dagster as dg
import pytest

from semantic_assets.api.functions import opened
from semantic_assets.orchestration.build import build_definitions
from semantic_assets.orchestration.reporting.inline_pictures import MAX_CHARS
from semantic_assets.orchestration.reporting.numbers import dollars
from semantic_assets.orchestration.resources import LakeResource
from semantic_assets.store import Store
from tests.interfaces.dagster_world import DATASET, SHARD, World, opened_world

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
#: People chart these: a name that changes ends their plot.
PLOTTED = {
    "documents": {"dagster/partition_row_count", "documents_failed", "text_mb", "files_read"},
    "generation_jobs": {"tasks", "requests", "requests_in_flight", "requests_waiting"},
    "generations": {
        "dagster/partition_row_count",
        "documents_ready",
        "documents_failed",
        "documents_pending",
        "tokens",
        "output_tokens",
    },
    "chunks": {
        "dagster/partition_row_count",
        "distinct_texts",
        "tokens_estimated",
        "documents_chunked",
    },
    "batch_jobs": {"texts_in_flight", "texts_waiting", "texts_landed", "texts_failed", "jobs_out"},
    "embeddings": {
        "dagster/partition_row_count",
        "chunks_ready",
        "chunks_failed",
        "chunks_pending",
        "coverage_ready",
        "tokens",
        "map_variance_share",
    },
    "vector_index": {"dagster/partition_row_count", "index_version", "coverage_indexed"},
    "retrieval_quality": {"ndcg_at_10", "recall_at_10", "mrr", "queries"},
}


def _settle(world: World) -> World:
    """Materialize everything of three files and of questions about them."""
    (world.folder / "b.txt").write_text("Oil is changed each spring, before the first start.")
    (world.folder / "c.txt").write_text("The pump stands in the cellar. " * 10)
    (world.folder / "queries.jsonl").write_text('{"_id": "q", "text": "Which wheel?"}')
    (world.folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta.txt\t1\n")
    world.settle()
    return world


@pytest.fixture
def settled(world: World) -> World:
    return _settle(world)


@pytest.fixture(scope="module")
def shown(
    tmp_path_factory: pytest.TempPathFactory, background: ThreadPoolExecutor
) -> Iterator[World]:
    """The same for tests that only look at what Dagster has of it."""
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("shown")
        with opened_world(folder, environment, background) as world:
            _settle(world)
            environment.undo()
            yield world


def _schemas() -> dict[str, dg.TableSchema]:
    graph = build_definitions(LakeResource()).resolve_asset_graph()
    return {
        asset: graph.get(dg.AssetKey(asset)).metadata["dagster/column_schema"] for asset in ASSETS
    }


def test_every_asset_says_what_each_of_its_columns_is() -> None:
    undescribed = [
        f"{asset}.{column.name}"
        for asset, schema in _schemas().items()
        for column in schema.columns
        if not column.description
    ]
    assert undescribed == []


def test_numbers_that_are_plotted_keep_their_names(shown: World) -> None:
    for asset, names in PLOTTED.items():
        found = shown.metadata(asset)
        assert {n for n in names if isinstance(found[n].value, int | float)} == names


def test_what_the_emulator_does_is_never_shown_in_dollars(shown: World) -> None:
    for asset in ASSETS:
        found = shown.metadata(asset)
        assert [name for name in found if "usd" in name] == []
        tables = [v for v in found.values() if isinstance(v, dg.TableMetadataValue)]
        columns = [column.name for table in tables for column in table.schema.columns]
        assert [name for name in columns if "usd" in name] == []


def test_what_google_charges_is_shown_with_four_digits(store: Store) -> None:
    paid = replace(store, settings=replace(store.settings, backend="gemini"))
    assert dollars(paid, batch_usd=0.000123456) == {"batch_usd": 0.0001235}
    assert dollars(store, batch_usd=0.000123456) == {}


def test_pictures_are_short_enough_to_be_shown_without_a_click(shown: World) -> None:
    for asset, name in (("embeddings", "map"), ("retrieval_quality", "trend")):
        value = shown.metadata(asset)[name]
        assert isinstance(value, dg.MarkdownMetadataValue)
        assert str(value.value).startswith("![")
        assert len(str(value.value)) <= MAX_CHARS


def test_column_lineage_leads_to_columns_that_exist_further_up(shown: World) -> None:
    schemas = {asset: {c.name for c in s.columns} for asset, s in _schemas().items()}
    for asset in ("generations", "chunks", "embeddings", "vector_index"):
        lineage = shown.metadata(asset)["dagster/column_lineage"].value
        assert isinstance(lineage, dg.TableColumnLineage)
        for column, sources in lineage.deps_by_column.items():
            assert column in schemas[asset]
            for source in sources:
                above = source.asset_key.to_user_string()
                assert ASSETS.index(above) < ASSETS.index(asset)
                assert source.column_name in schemas[above]


def test_a_sample_is_at_most_five_rows_of_short_values_without_vectors(shown: World) -> None:
    for asset in ("documents", "chunks", "embeddings", "vector_index"):
        sample = shown.metadata(asset)["sample"]
        assert isinstance(sample, dg.TableMetadataValue)
        assert 3 <= len(sample.records) <= 5
        assert "vector" not in sample.records[0].data
        values = [value for row in sample.records for value in row.data.values()]
        assert max(len(value) for value in values if isinstance(value, str)) <= 63


def test_embeddings_name_the_jobs_that_their_rows_came_from(shown: World) -> None:
    [row] = _records(shown, "embeddings", "jobs")
    assert (row["rows"], row["requests"], row["stage"]) == (3, 3, "COMPLETED")
    assert str(row["remote"]).startswith("batches/")


def test_batch_jobs_name_what_is_out(world: World) -> None:
    world.register()
    world.run("embed_shard", SHARD)
    [row] = _records(world, "batch_jobs", "jobs")
    assert (row["requests"], row["stage"]) == (1, "SUBMITTED")


def test_an_unsettled_shard_is_observed_with_what_is_pending(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_ASSETS_WAIT_MINUTES", "0")
    world.register()
    world.run("embed_shard", SHARD)
    result = world.run("settle_shard", SHARD)
    [observed] = [event for event in _observed(result) if event.partition == SHARD]
    assert observed.metadata["chunks_pending"].value == 1
    assert observed.metadata["coverage_ready"].value == 0.0


def test_what_a_materialization_carries_is_small(shown: World) -> None:
    """The event log keeps it for each run of each partition."""
    for asset in ASSETS:
        packed = json.dumps({name: str(v) for name, v in shown.metadata(asset).items()})
        assert len(packed) < 150_000


def test_jobs_of_before_the_ledger_was_lost_are_left_out(settled: World) -> None:
    with opened(settled.lake.root) as (store, _), store.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE job SET job_id = 'of-before'")
    assert settled.run("settle_shard", SHARD).success
    assert _records(settled, "embeddings", "jobs") == []
    assert settled.green("vector_index") == {DATASET}


def _records(world: World, asset: str, name: str) -> list[dict[str, object]]:
    table = world.metadata(asset)[name]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def _observed(result: dg.ExecuteInProcessResult) -> Iterator[dg.AssetObservation]:
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION:
            yield event.asset_observation_data.asset_observation
