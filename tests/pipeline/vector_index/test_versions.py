"""Versions of a dataset: what a build links, carries and keeps, and going back by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from semantic_assets.errors import ConfigError, NotFound, TransientError
from semantic_assets.index import qdrant
from semantic_assets.index.description import read_description
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.flows.reindex import reindex
from semantic_assets.pipeline.reports.checks import check_index
from semantic_assets.pipeline.search.search import search
from semantic_assets.pipeline.vector_index.build import IndexReport, build_index
from semantic_assets.pipeline.vector_index.export import export_index
from semantic_assets.pipeline.vector_index.serving import version_folder
from semantic_assets.pipeline.vector_index.switch import rollback, switch
from semantic_assets.pipeline.vector_index.versions import index_versions
from tests.trial import Trial

DATASET = DatasetKey("acme", "manuals")
FILES = ("a", "b", "c")


def write(trial: Trial, version: int, *, files: tuple[str, ...] = FILES) -> None:
    for name in files:
        trial.write(f"{DATASET}/{name}.txt", f"Paper {name}, version {version}.")


def build(trial: Trial, version: int, *, files: tuple[str, ...] = FILES) -> int:
    """Edit the files, refresh, and name the version that serves."""
    write(trial, version, files=files)
    trial.refresh()
    return serving(trial).number


def serving(trial: Trial) -> IndexVersion:
    found = trial.store.ledger.index_versions.serving(DATASET)
    assert found is not None
    return found


def texts(trial: Trial) -> set[str]:
    return {hit.text for hit in search(trial.store, trial.gemini, "paper", k=20)}


def of_version(*versions: int, files: tuple[str, ...] = FILES) -> set[str]:
    return {f"Paper {name}, version {version}." for name in files for version in versions}


def kept(trial: Trial) -> dict[int, str]:
    """Versions with their state; the directories are those, and no others."""
    found = {row.number: row.state for row in index_versions(trial.store, datasets=(DATASET,))}
    folder = version_folder(trial.store, serving(trial)).parent
    assert {int(path.name) for path in folder.iterdir()} == set(found)
    return found


def again(trial: Trial, **settings: object) -> IndexReport:
    with trial.reopened(**settings).store as store:
        return build_index(store, DATASET)


def test_three_generations_are_kept_and_the_newest_serves(trial: Trial) -> None:
    for version in range(1, 5):
        build(trial, version)
    assert kept(trial) == {4: "serving", 3: "retired", 2: "retired"}
    assert texts(trial) == of_version(4)
    assert check_index(trial.store, DATASET).passed


def test_what_a_crashed_build_left_goes_with_the_next(trial: Trial) -> None:
    build(trial, 1)
    space = serving(trial).space_id
    number = trial.store.ledger.index_versions.start(DATASET, space)
    left = version_folder(trial.store, serving(trial)).parent / f"{number:06d}"
    (left / "00000").mkdir(parents=True)
    build(trial, 2)
    assert kept(trial) == {3: "serving", 1: "retired"}


def test_another_backend_in_the_settings_links_what_is_there_and_then_serves(
    trial: Trial, tmp_path: Path
) -> None:
    build(trial, 1)
    address = str(tmp_path / "qdrant")
    for backend in ("faiss", "qdrant", "exact"):
        report = again(trial, index_backend=backend, qdrant_url=address)
        assert (report.written, report.backend) == (True, backend)
        assert (report.parts_written, report.parts_linked) == (0, 1)
        with trial.reopened(qdrant_url=address).store as store:
            found = search(store, trial.gemini, "paper", k=20)
        assert {hit.text for hit in found} == of_version(1)
        assert not again(trial, index_backend=backend, qdrant_url=address).written
    qdrant._client(qdrant.QdrantServer(address)).close()


def test_search_keeps_to_the_old_generation_until_the_rebuild(trial: Trial) -> None:
    build(trial, 1)
    with trial.reopened(index_backend="faiss").store as store:
        assert len(search(store, trial.gemini, "paper", k=20)) == 3
    assert serving(trial).backend == "exact"


def test_a_dataset_chooses_its_own_backend(trial: Trial) -> None:
    trial.write(f"{DATASET}/dataset.toml", '[index]\nbackend = "faiss"\n')
    build(trial, 1)
    assert serving(trial).backend == "faiss"
    assert texts(trial) == of_version(1)


def test_a_document_with_a_pending_chunk_keeps_what_it_had_in_every_version(
    trial: Trial,
) -> None:
    build(trial, 1)
    write(trial, 2, files=("a",))
    trial.write(f"{DATASET}/d.txt", "Paper d, version 2.")
    [report] = trial.refresh(wait_minutes=0).indexes
    assert (report.written, report.carried) == (True, 1)
    assert texts(trial) == of_version(1)
    assert check_index(trial.store, DATASET).passed
    trial.refresh()
    assert texts(trial) == of_version(1, files=("b", "c")) | of_version(2, files=("a", "d"))


def test_a_rollback_serves_the_one_before_and_says_what_it_lacks(trial: Trial) -> None:
    build(trial, 1)
    write(trial, 2, files=("a", "d"))
    (trial.settings.sources / "acme/manuals/b.txt").unlink()
    trial.refresh()
    report = rollback(trial.store, DATASET)
    assert (report.version, report.before) == (1, 2)
    assert (report.lacks, report.differs, report.extra) == (1, 1, 1)
    assert "it lacks 3 edits of index version 2" in report.summary
    assert texts(trial) == of_version(1)
    assert kept(trial) == {2: "retired", 1: "serving"}


def test_builds_by_themselves_leave_a_rollback_until_there_are_new_embeddings(
    trial: Trial,
) -> None:
    build(trial, 1)
    build(trial, 2)
    rollback(trial.store, DATASET)
    assert [row.is_held for row in index_versions(trial.store)] == [False, True]
    trial.refresh()
    assert (serving(trial).number, texts(trial)) == (1, of_version(1))
    build(trial, 3, files=("a",))
    assert texts(trial) == of_version(3, files=("a",)) | of_version(2, files=("b", "c"))


def test_a_build_by_hand_ends_a_rollback(trial: Trial) -> None:
    build(trial, 1)
    build(trial, 2)
    rollback(trial.store, DATASET)
    report = build_index(trial.store, DATASET, by_hand=True)
    assert (report.parts_written, report.parts_linked) == (0, 1)
    assert (serving(trial).number, texts(trial)) == (3, of_version(2))


def test_a_switch_to_the_current_one_ends_a_rollback_too(trial: Trial) -> None:
    build(trial, 1)
    build(trial, 2)
    rollback(trial.store, DATASET)
    switch(trial.store, DATASET, 2)
    assert not any(row.is_held for row in index_versions(trial.store))
    assert texts(trial) == of_version(2)


def test_a_rollback_does_not_return_to_what_was_rolled_back_from(trial: Trial) -> None:
    build(trial, 1)
    build(trial, 2)
    rollback(trial.store, DATASET)
    build(trial, 3)
    assert rollback(trial.store, DATASET).version == 1


def test_a_rollback_across_spaces_brings_the_old_space_back(meaningful_trial: Trial) -> None:
    trial = meaningful_trial
    build(trial, 1)
    old = serving(trial).space_id
    other = EmbeddingSpace.of(backend="emulator", model="gemini-embedding-2", dimensions=256)
    options = {"wait_minutes": 60.0, "sleep": lambda _: trial.pass_time(), "switch": True}
    reindex(trial.store, trial.gemini, DATASET, other, **options)  # type: ignore[arg-type]
    assert serving(trial).space_id == other.space_id
    report = rollback(trial.store, DATASET)
    assert (report.lacks, report.differs, report.extra) == (0, 0, 0)
    assert serving(trial).space_id == trial.store.serving_space(DATASET).space_id == old
    assert texts(trial) == of_version(1)
    trial.refresh()
    assert serving(trial).number == report.version


def test_what_is_not_kept_cannot_be_switched_to(trial: Trial) -> None:
    with pytest.raises(NotFound, match="run `semantic-assets refresh`"):
        rollback(trial.store, DATASET)
    build(trial, 1)
    with pytest.raises(NotFound, match="has no index version before 1"):
        rollback(trial.store, DATASET)
    with pytest.raises(NotFound, match="has no index version 7"):
        switch(trial.store, DATASET, 7)
    assert serving(trial).number == 1


def test_vectors_that_were_spoilt_on_the_way_are_not_switched_to(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(trial, 1)
    tofile = np.asarray
    monkeypatch.setattr(
        "semantic_assets.index.stored_vectors.np.ascontiguousarray",
        lambda block: (tofile(block) * 0.5).astype(block.dtype),
    )
    write(trial, 2)
    [trouble] = trial.refresh().troubles.values()
    assert "a row does not find itself; the version before" in trouble
    assert texts(trial) == of_version(1)


def test_qdrant_out_of_reach_leaves_the_old_generation_serving(trial: Trial) -> None:
    build(trial, 1)
    # Nothing listens on port 9 (discard): the connection is refused at once.
    with pytest.raises(TransientError, match="Qdrant at http://127"):
        again(trial, index_backend="qdrant", qdrant_url="http://127.0.0.1:9")
    assert (serving(trial).number, texts(trial)) == (1, of_version(1))
    build(trial, 2)
    assert texts(trial) == of_version(2)


def test_a_generation_describes_itself(trial: Trial) -> None:
    build(trial, 1)
    folder = version_folder(trial.store, serving(trial))
    described = read_description(folder)
    assert (described.backend, described.space_id, described.rows) == (
        "exact",
        serving(trial).space_id,
        3,
    )
    assert json.loads((folder / "generation.json").read_text())["dimensions"] == 128


def test_an_export_holds_what_serves(trial: Trial, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no index of acme/manuals"):
        export_index(trial.store, DATASET, tmp_path / "x.bin")
    build(trial, 1)
    report = export_index(trial.store, DATASET, tmp_path / "x.bin")
    assert (report.rows, report.dimensions, report.version) == (3, 128, 1)
    assert Path(report.file).is_file()
    assert Path(report.ids).is_file()
    with pytest.raises(ConfigError, match="there is no folder"):
        export_index(trial.store, DATASET, tmp_path / "missing" / "x.bin")
