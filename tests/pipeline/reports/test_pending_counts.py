"""What is left to do, counted exactly at each stage, the smallest first."""

from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.reports.pending_counts import PendingCounts, pending_counts
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.vector_index.build import build_index
from tests.trial import Trial


def counts(found: PendingCounts) -> tuple[int, int, int, int]:
    return (
        found.documents_to_chunk,
        found.chunks_to_embed,
        found.vectors_to_index,
        found.pending_count,
    )


def write_texts(trial: Trial, dataset: str, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        trial.write(f"{dataset}/{number}.txt", f"Text {number} of {dataset}.")


def test_each_stage_takes_over_what_the_one_before_did(trial: Trial) -> None:
    write_texts(trial, "acme/one", 3)
    discover(trial.store)
    [shard] = [shard.key for shard in trial.store.ledger.sources.shards()]

    def now() -> tuple[int, int, int, int]:
        [found] = pending_counts(trial.store)
        return counts(found)

    assert now() == (3, 0, 0, 3)
    read_documents(trial.store, shard)
    assert now() == (3, 0, 0, 3)
    chunk_documents(trial.store, shard)
    assert now() == (0, 3, 0, 3)
    trial.advance_until_done()
    assert now() == (0, 0, 3, 3)
    build_index(trial.store, shard.dataset)
    assert now() == (0, 0, 0, 0)


def test_an_update_counts_what_it_changed_and_not_what_was_deleted(trial: Trial) -> None:
    write_texts(trial, "acme/one", 5)
    trial.refresh()
    trial.write("acme/one/0.txt", "Text 0, written anew.")
    (trial.settings.sources / "acme/one/1.txt").unlink()
    trial.prepare()
    [found] = pending_counts(trial.store)
    assert counts(found) == (0, 1, 0, 1)


def test_the_smallest_comes_first_and_projects_add_up(trial: Trial) -> None:
    write_texts(trial, "acme/large", 4)
    write_texts(trial, "acme/small", 1)
    write_texts(trial, "zoo/middle", 2)
    trial.prepare()
    assert [found.dataset_id for found in pending_counts(trial.store)] == [
        "small",
        "middle",
        "large",
    ]
    zoo, acme = pending_counts(trial.store, by_project=True)
    assert (zoo.project_id, zoo.dataset_id, zoo.dataset_count, zoo.pending_count) == (
        "zoo",
        None,
        1,
        2,
    )
    assert (acme.dataset_count, acme.chunks_to_embed) == (2, 5)
    with connect(trial.store) as connection:
        rows = connection.execute(
            "SELECT project_id, sum(pending_count) FROM pending GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert rows == [("acme", 5), ("zoo", 2)]
