"""Removing a dataset, its return, and results that nobody wants any more."""

import pytest

from semantic_assets.errors import Conflict, DatasetRemoved, NotFound
from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.chunks.chunk_shard import chunk_documents
from semantic_assets.pipeline.discovery.dataset_removal import remove
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from semantic_assets.pipeline.embeddings.assemble import assemble
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.maintenance.purge import purge, unwanted_results
from semantic_assets.pipeline.reports.shard_queue import shard_queue
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.scheduling.batch_runs import watch
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import build_index
from tests.trial import Trial

MANUALS, OTHER = DatasetKey("acme", "manuals"), DatasetKey("acme", "other")
FIRST = ShardKey(MANUALS, 0)


@pytest.fixture
def filled(trial: Trial) -> Trial:
    """Two datasets, indexed; one text is in both."""
    trial.write("acme/manuals/a.txt", "Alpha beta gamma.")
    trial.write("acme/manuals/shared.txt", "The very same words.")
    trial.refresh()
    trial.write("acme/other/b.txt", "Delta epsilon zeta.")
    trial.write("acme/other/shared.txt", "The very same words.")
    trial.refresh()
    return trial


def tables(trial: Trial) -> set[str]:
    with connect(trial.store) as connection:
        rows = connection.execute(
            "SELECT dataset FROM documents UNION SELECT dataset FROM chunks "
            "UNION SELECT dataset FROM embeddings"
        ).fetchall()
    return {name for (name,) in rows}


def hits(trial: Trial) -> set[str]:
    return {hit.uri for hit in search(trial.store, trial.gemini, "words", k=10)}


def test_a_dry_run_says_what_goes_and_leaves_it(filled: Trial) -> None:
    found = remove(filled.store, MANUALS, dry_run=True)
    assert (found.shards, found.documents, found.chunks) == (1, 2, 2)
    assert found.index_versions_count == 1
    assert not found.removed
    assert tables(filled) == {"manuals", "other"}


def test_a_removed_dataset_leaves_tables_search_and_work(filled: Trial) -> None:
    remove(filled.store, MANUALS, dry_run=False)
    assert tables(filled) == {"other"}
    assert hits(filled) == {"acme/other/b.txt", "acme/other/shared.txt"}
    assert not filled.store.lake.path(layout.index_dir(MANUALS)).exists()
    assert filled.store.ledger.index_versions.list(MANUALS) == []
    due = watch(filled.store, filled.gemini).due
    assert {run.partition for run in due} == {"acme.other.00000", "acme.other"}
    assert advance(filled.store, filled.gemini).is_done
    assert filled.refresh().discovery.datasets == (OTHER,)


def test_it_comes_back_where_it_was_with_nothing_sent_again(filled: Trial) -> None:
    before = filled.sent()
    remove(filled.store, MANUALS, dry_run=False)
    filled.write("acme/manuals/a-new.txt", "Eta theta.")
    report = filled.refresh(datasets=(MANUALS,))
    assert report.advanced.submitted_texts == 1
    assert sum(filled.sent().values()) == sum(before.values()) + 1
    assert "acme/manuals/a.txt" in hits(filled)
    uris = [item.uri for item in filled.store.ledger.sources.shard_slices(FIRST)]
    assert uris == [f"acme/manuals/{name}.txt" for name in ("a", "shared", "a-new")]


def test_after_its_return_the_sensor_asks_for_its_runs_under_new_keys(filled: Trial) -> None:
    due = watch(filled.store, filled.gemini).due
    for run in due:
        name, fingerprint, _ = run.run_key.rsplit(":", 2)
        filled.store.ledger.requests.done(name, fingerprint)
    remove(filled.store, MANUALS, dry_run=False)
    discover(filled.store, datasets=(MANUALS,))
    read_documents(filled.store, FIRST)
    chunk_documents(filled.store, FIRST)
    assemble(filled.store, FIRST)
    again = watch(filled.store, filled.gemini).due
    assert {run.partition for run in again} == {"acme.manuals.00000", "acme.manuals"}
    assert not {run.run_key for run in again} & {run.run_key for run in due}


def test_work_that_was_queued_for_it_says_so_and_makes_nothing(filled: Trial) -> None:
    store = filled.store
    remove(store, MANUALS, dry_run=False)
    for verb in (read_documents, chunk_documents, assemble, shard_queue):
        with pytest.raises(DatasetRemoved, match="refresh --dataset acme/manuals"):
            verb(store, FIRST)
    with pytest.raises(DatasetRemoved):
        build_index(store, MANUALS)
    assert tables(filled) == {"other"}
    assert store.ledger.index_versions.list(MANUALS) == []


def test_a_removal_that_was_cut_short_is_finished_by_the_next_listing(
    filled: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("semantic_assets.lake.lake.Lake.delete", die)
        with pytest.raises(KeyboardInterrupt):
            remove(filled.store, MANUALS, dry_run=False)
    assert "manuals" in tables(filled)
    assert hits(filled) == {"acme/other/b.txt", "acme/other/shared.txt"}
    discover(filled.store)
    assert tables(filled) == {"other"}
    assert filled.store.ledger.index_versions.list(MANUALS) == []


def test_batches_that_are_out_are_still_collected(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "Alpha beta gamma.")
    trial.write("acme/other/b.txt", "Delta epsilon zeta.")
    trial.refresh(wait_minutes=0)
    remove(trial.store, MANUALS, dry_run=False)
    trial.advance_until_done()
    trial.refresh(datasets=(MANUALS,))
    assert set(trial.sent().values()) == {1}
    assert hits(trial) == {"acme/manuals/a.txt"}


def test_a_dataset_that_never_was_is_not_found(trial: Trial) -> None:
    with pytest.raises(NotFound, match="there is no dataset acme/manuals"):
        remove(trial.store, MANUALS, dry_run=False)


def test_a_missing_dataset_is_searched_and_its_batches_come_in(trial: Trial) -> None:
    trial.write("acme/manuals/a.txt", "Alpha beta gamma.")
    trial.write("acme/other/b.txt", "Delta epsilon zeta.")
    trial.refresh(wait_minutes=0)
    folder = trial.settings.sources / "acme/manuals"
    folder.rename(folder.with_name(".away"))
    report = trial.refresh()
    assert not report.is_waiting
    assert "acme/manuals is missing" in report.summary
    assert hits(trial) == {"acme/manuals/a.txt", "acme/other/b.txt"}


# -- results nobody wants -------------------------------------------------------------------------


def results(trial: Trial) -> list[str]:
    space = trial.store.serving_space(OTHER).space_id
    return trial.store.lake.names(layout.results_dir(space))


def test_results_any_chunk_wants_stay(filled: Trial) -> None:
    assert unwanted_results(filled.store) == ()
    remove(filled.store, MANUALS, dry_run=False)
    # The first job's file holds the text that both datasets have.
    assert purge(filled.store) == ()
    assert len(results(filled)) == 2


def test_results_nobody_wants_are_quoted_and_then_deleted(filled: Trial) -> None:
    quote = unwanted_results(filled.store, without=[OTHER])
    [unwanted] = quote
    assert (len(unwanted.files), unwanted.rows) == (1, 1)
    assert unwanted.tokens > 0
    assert unwanted.bytes > 0
    assert unwanted.usd_to_embed_again > 0
    assert len(results(filled)) == 2
    remove(filled.store, OTHER, dry_run=False)
    assert purge(filled.store) == quote
    assert len(results(filled)) == 1
    assert purge(filled.store) == ()


def test_what_was_purged_is_embedded_again_when_it_is_wanted_again(filled: Trial) -> None:
    remove(filled.store, OTHER, dry_run=False)
    purge(filled.store)
    report = filled.refresh(datasets=(OTHER,))
    assert report.advanced.submitted_texts == 1
    assert "acme/other/b.txt" in hits(filled)
    assert "acme/manuals/a.txt" in hits(filled)


def test_nothing_is_purged_while_a_shard_is_not_cut(filled: Trial) -> None:
    remove(filled.store, OTHER, dry_run=False)
    discover(filled.store, datasets=(OTHER,))
    with pytest.raises(Conflict, match=r"acme\.other\.00000 is not split yet.*refresh --dataset"):
        purge(filled.store)
    assert len(results(filled)) == 2
