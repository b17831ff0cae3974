"""What is said of sources, datasets and their files brings them in."""

import json
import shutil
from pathlib import Path

import pytest

from tests.remedies.desk import DATASET, Desk


@pytest.mark.cures("source root {} is not there (unmounted?): nothing was changed")
def test_the_sources_are_not_mounted(desk: Desk) -> None:
    desk.must("refresh")
    desk.set("SOURCES", str(desk.folder / "unmounted"))
    said = desk.refused("refresh")
    desk.settle(said, "SOURCES", str(desk.sources))
    desk.must("refresh")


@pytest.mark.cures("source root {} holds no dataset (unmounted?), and {} were there")
def test_all_datasets_are_gone_at_once(desk: Desk) -> None:
    desk.must("refresh")
    shutil.rmtree(desk.sources / "acme")
    said = desk.refused("refresh")
    desk.follow(said, "rm", DATASET, "-y")
    assert "search" not in desk.run("refresh").output


@pytest.mark.cures(
    "no file of it is there since {}; it is kept until {}, or until `semantic-assets rm {}`"
)
def test_one_dataset_is_gone(desk: Desk) -> None:
    other = desk.sources / "acme" / "others" / "b.txt"
    other.parent.mkdir(parents=True)
    other.write_text("The pump is primed.")
    desk.must("refresh")
    shutil.rmtree(desk.sources / DATASET)
    said = desk.must("refresh")
    desk.follow(said, "rm", "-y")
    assert DATASET not in desk.must("refresh")


@pytest.mark.cures("there is no {} {}, and none at all: `semantic-assets add FOLDER` brings one in")
def test_a_dataset_where_there_is_none_at_all(desk: Desk) -> None:
    folder = desk.folder / "manuals"
    (desk.sources / "acme").rename(folder)
    said = desk.must("failures", "acme/manuals", code=2)
    desk.follow(said, "add", FOLDER=str(folder))
    assert "1 indexes built" in desk.must("refresh", "default/manuals")


@pytest.mark.cures("there is no shard {}: `semantic-assets ls` shows those there are")
def test_a_shard_that_there_is_not(desk: Desk) -> None:
    from semantic_assets.errors import NotFound
    from semantic_assets.model.keys import ShardKey
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    desk.must("refresh")
    with open_store(Settings.load(), reading=True) as store, pytest.raises(NotFound) as caught:
        store.ledger.sources.shard(ShardKey.parse("acme.manuals.00007"))
    assert "acme.manuals.00000" in desk.follow(str(caught.value), "ls", "--json")
    desk.follow(str(caught.value), "refresh")


@pytest.mark.cures("dataset {} was removed: `semantic-assets refresh --dataset {}` brings it back")
@pytest.mark.cures("dataset {} was removed: `semantic-assets refresh -d {}` brings it back")
def test_a_dataset_that_was_removed(desk: Desk) -> None:
    from semantic_assets.errors import DatasetRemoved
    from semantic_assets.model.keys import DatasetKey
    from semantic_assets.settings.settings import Settings
    from semantic_assets.store import open_store

    desk.must("refresh")
    desk.must("rm", DATASET, "-y")
    with open_store(Settings.load()) as store:
        with pytest.raises(DatasetRemoved) as caught:
            store.ledger.datasets.require(DatasetKey.parse(DATASET))
        desk.follow(str(caught.value), "refresh")
    assert "valve" in desk.must("search", "the valve")
    desk.must("rm", DATASET, "-y")
    file = desk.folder / "c.txt"
    file.write_text("The crane is greased.")
    said = desk.refused("ingest", str(file), "-d", DATASET)
    desk.follow(said, "refresh")
    desk.must("ingest", str(file), "-d", DATASET)


@pytest.mark.cures("dataset {} is being reindexed into another space: let that end, or give it up")
@pytest.mark.cures(
    "{}; `semantic-assets index switch {} {}` switches, `semantic-assets reindex --dataset {} --cancel`"
)
def test_a_reindex_that_waits_for_its_switch(desk: Desk) -> None:
    desk.must("refresh")
    move = ["reindex", "--model", "gemini-embedding-001", "-y", "--dimensions"]
    desk.must(*move, "256", "--no-switch", code=4)
    desk.follow(desk.refused(*move, "768"), "reindex * --cancel")
    said = desk.must(*move, "768", "--no-switch", code=4)
    desk.follow(said, "index switch")
    desk.must("search", "the valve")


@pytest.mark.cures(
    "documents lie in PROJECT/DATASET/: move them there, or `semantic-assets add PATH --to PROJECT/DATASET` copies them"
)
def test_files_that_lie_in_no_dataset(desk: Desk) -> None:
    (desk.sources / "loose.txt").write_text("The gauge is read daily.")
    said = desk.must("refresh", code=1)
    desk.follow(
        said, "add", **{"PATH": str(desk.sources / "loose.txt"), "PROJECT/DATASET": "acme/loose"}
    )
    (desk.sources / "loose.txt").unlink()
    desk.must("refresh")
    assert "gauge" in desk.must("search", "the gauge", "-d", "acme/loose")


@pytest.mark.cures(
    "use only a-z, 0-9, '-' and '_', at most 100 of them; `semantic-assets add FOLDER` copies one"
)
def test_a_folder_whose_name_is_not_valid(desk: Desk) -> None:
    folder = desk.sources / "My Project" / "Docs"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("The gauge is read daily.")
    said = desk.must("refresh", code=1)
    desk.follow(said, "add", FOLDER=f"'{desk.sources / 'My Project'}'")
    shutil.rmtree(desk.sources / "My Project")
    desk.must("refresh")
    assert "gauge" in desk.must("search", "the gauge")


@pytest.mark.cures("next: `semantic-assets refresh{}`")
def test_after_files_were_added(desk: Desk) -> None:
    folder = desk.folder / "new"
    folder.mkdir()
    (folder / "a.txt").write_text("The gauge is read daily.")
    said = desk.must("add", str(folder), "--to", "acme/new")
    desk.follow(said, "refresh")
    assert "gauge" in desk.must("search", "the gauge")


def _link(desk: Desk, target: Path, name: str) -> None:
    (desk.sources / DATASET / name).symlink_to(target)


@pytest.mark.cures(
    "put the file itself here, mount its folder, or set SEMANTIC_ASSETS_FOLLOW_LINKS=true"
)
@pytest.mark.cures("put the folder itself here, or set SEMANTIC_ASSETS_FOLLOW_LINKS=true")
def test_links_that_are_not_followed(desk: Desk) -> None:
    outside = desk.folder / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("The gauge is read daily.")
    _link(desk, outside / "b.txt", "b.txt")
    inside = desk.sources / DATASET / "inside"
    inside.mkdir()
    (inside / "c.txt").write_text("The crane is greased.")
    _link(desk, inside, "folder")
    desk.run("refresh")
    for group in json.loads(desk.must("failures", "--json")):
        desk.settle(json.dumps(group), "FOLLOW_LINKS", "true")
    desk.must("refresh")
    assert "gauge" in desk.must("search", "the gauge")


@pytest.mark.cures(
    "{}: a bucket is not copied, it can be the sources itself: set SEMANTIC_ASSETS_SOURCES"
)
def test_a_bucket_is_added(desk: Desk) -> None:
    desk.must("init")
    said = desk.refused("add", "s3://bucket/prefix", "--to", "acme/bucket")
    desk.settle(said, "SOURCES", str(desk.sources))


@pytest.mark.cures("; {} could not be read: `semantic-assets failures`")
def test_a_file_that_cannot_be_read(desk: Desk) -> None:
    (desk.sources / DATASET / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    said = desk.run("refresh").output
    assert "broken.pdf" in desk.follow(said, "failures")


@pytest.mark.cures("{}: no current chunk has any of its {} texts, so nothing can prove its vectors")
def test_vectors_of_elsewhere(desk: Desk) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    desk.must("init")
    vector = pa.array([[1.0] * 128], pa.list_(pa.float32(), 128))
    path = desk.folder / "vectors.parquet"
    pq.write_table(pa.table({"vectors": vector}), path)
    bring = ["import-vectors", str(path), "--model", "gemini-embedding-001", "--dimensions", "128"]
    assert "needs a column `vector`" in desk.refused(*bring)
    pq.write_table(pa.table({"vector": vector, "text_hash": ["0" * 32]}), path)
    said = desk.refused(*bring)
    desk.follow(said, "estimate")
    assert "give the column `text`" in said


@pytest.mark.cures("put documents into {}/PROJECT/DATASET/, or `semantic-assets ingest`")
def test_doctor_finds_no_document(desk: Desk) -> None:
    shutil.rmtree(desk.sources)
    desk.must("init")
    said = desk.run("doctor", "--json").output
    file = desk.folder / "c.txt"
    file.write_text("The crane is greased.")
    desk.follow(said, "ingest", str(file), "-d", DATASET)
    assert "PROJECT/DATASET" not in desk.run("doctor").output
