"""Sources in a bucket are chosen and reported as those in a folder are."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from semantic_assets.model.keys import DatasetKey
from semantic_assets.objects.bucket import Bucket
from semantic_assets.settings.selection import Selection
from semantic_assets.sources.passed_over import PassedOver
from semantic_assets.sources.source_bucket import SourceBucket
from tests.services.s3 import S3Server, needs_s3, s3_server

pytestmark = needs_s3
MANUALS = DatasetKey("acme", "manuals")


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def sources(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SourceBucket:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return SourceBucket(Bucket(s3.url(f"t{uuid4().hex}")), tmp_path)


def _put(sources: SourceBucket, *names: str) -> None:
    for name in names:
        sources.bucket.put(name, b"One.", over=None)


def test_objects_are_chosen_by_patterns(sources: SourceBucket) -> None:
    below = ("a.txt", "sub/a.schema.json", "a.schema.json", "dist/a.js", "dist/b.js", "x.log")
    _put(sources, *(f"acme/manuals/{name}" for name in (*below, ".private/a", ".private/b")))
    found = sources.files(MANUALS, Selection.of(exclude=["*.log"]))
    assert sorted(found.files) == ["acme/manuals/a.txt", "acme/manuals/sub/a.schema.json"]
    assert found.hidden == ["acme/manuals/.private/"]
    assert found.excluded == 2  # the folder dist/, and x.log


def test_the_ignore_file_of_a_bucket_is_brought_here(sources: SourceBucket) -> None:
    _put(sources, "acme/manuals/.semanticignore", "acme/manuals/a.txt")
    assert (sources.about(MANUALS) / ".semanticignore").read_text() == "One."
    assert list(sources.files(MANUALS, Selection.of()).files) == ["acme/manuals/a.txt"]


def test_what_lies_beside_projects_and_datasets_is_found(sources: SourceBucket) -> None:
    _put(sources, "top.txt", "acme/beside.txt", "acme/.hidden", "acme/.DS_Store", ".old/x/a.txt")
    assert sources.beside() == {
        PassedOver.STRAY: ["top.txt", "acme/beside.txt"],
        PassedOver.HIDDEN: [".old/", "acme/.hidden"],
    }


def test_one_listing_answers_as_the_bucket_does(sources: SourceBucket) -> None:
    names = ("manuals/a.txt", "manuals/sub/b.txt", "manuals/.dot", "manuals/dataset.toml", "x.txt")
    _put(sources, *(f"acme/{name}" for name in names), "acme-2/d/a.txt", "stray.txt")
    once, selection = sources.listed_once(), Selection.of()
    assert once.projects() == sources.projects() == ["acme", "acme-2"]
    assert once.datasets("acme") == sources.datasets("acme") == ["manuals"]
    assert once.beside() == sources.beside()
    assert once.about_names(MANUALS) == sources.about_names(MANUALS) == {"dataset.toml"}
    assert once.files(MANUALS, selection) == sources.files(MANUALS, selection)
    assert len(once.files(MANUALS, selection).files) == 2
