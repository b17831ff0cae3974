"""Objects: replaced whole, by who saw what they replace; and copies of them on this machine."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semantic_assets.errors import ConfigError, Conflict, TransientError
from semantic_assets.objects import bucket as buckets
from semantic_assets.objects.bucket import Bucket, is_bucket_url
from semantic_assets.objects.copies import Copies, time_of
from semantic_assets.objects.range_file import RangeFile
from tests.services.s3 import S3Server, needs_s3, s3_server

pytestmark = needs_s3
NAMES = [
    "plain.md",
    "space=a b/x.parquet",
    "ümlaut/日本.md",
    "a#b?c%20d+e&f.md",
    "x/.dot.md",
    "a:b",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_object_has_the_name_it_was_given(bucket: Bucket, name: str) -> None:
    stored = bucket.put(name, b"content", over=None)
    assert (stored.name, stored.size) == (name, 7)
    assert bucket.find(name) == stored
    assert list(bucket.below("")) == [stored]
    assert b"".join(bucket.pieces(name)) == b"content"


def test_a_listing_and_all_other_answers_tell_the_same_content(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where versions are kept too: a copy that never looks current is fetched for ever."""
    with s3_server() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        s3.keep_versions()
        buckets._opened.cache_clear()
        bucket = Bucket(s3.url("versions"))
        put = bucket.put("a", b"first", over=None)
        found = bucket.find("a")
        assert found is not None
        assert dict(found.condition)["version"]
        (listed,) = bucket.below("")
        got = bucket.get("a", tmp_path / "a")
        assert put.etag == found.etag == listed.etag == got.etag
        assert bucket.put("a", b"other", over=found).etag != put.etag
    buckets._opened.cache_clear()


def test_what_is_not_there_is_none(bucket: Bucket, tmp_path: Path) -> None:
    assert bucket.find("a") is None
    assert list(bucket.below("a/")) == []
    assert bucket.inside("a/") == ([], [])
    bucket.delete("a", "b")
    with pytest.raises(FileNotFoundError):
        bucket.get("a", tmp_path / "a")


def test_a_folder_is_its_prefix_up_to_a_slash(bucket: Bucket) -> None:
    for name in ("a/1", "a/b/2", "ab/3", "a4"):
        bucket.put(name, b"", over=None)
    assert [item.name for item in bucket.below("a/")] == ["a/1", "a/b/2"]
    folders, objects = bucket.inside("a/")
    assert (folders, [item.name for item in objects]) == (["b"], ["a/1"])
    assert bucket.inside("")[0] == ["a", "ab"]


def test_more_than_a_page_is_listed(bucket: Bucket) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bucket.put(f"many/{n:04d}", b"", over=None), range(1_050)))
    assert [item.name for item in bucket.below("many/")] == [f"many/{n:04d}" for n in range(1_050)]


def test_who_did_not_see_what_is_there_replaces_nothing(bucket: Bucket) -> None:
    first = bucket.put("a", b"first", over=None)
    with pytest.raises(Conflict, match="another process"):
        bucket.put("a", b"blind", over=None)
    second = bucket.put("a", b"second", over=first)
    with pytest.raises(Conflict, match="another process"):
        bucket.put("a", b"late", over=first)
    assert b"".join(bucket.pieces("a")) == b"second"
    bucket.delete("a")
    with pytest.raises(Conflict):
        bucket.put("a", b"gone", over=second)


def test_of_many_that_write_at_once_one_wins(bucket: Bucket) -> None:
    before = bucket.put("a", b"before", over=None)

    def write(number: int) -> int | None:
        try:
            bucket.put("a", f"{number}".encode(), over=before)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        won = [number for number in pool.map(write, range(24)) if number is not None]
    assert [f"{number}".encode() for number in won] == [b"".join(bucket.pieces("a"))]


def test_a_write_whose_answer_was_lost_is_recognised(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends it again, and is told that the name is taken: by itself."""
    import obstore

    put = obstore.put

    def put_twice(*arguments: object, **named: object) -> object:
        put(*arguments, **named)  # type: ignore[arg-type]
        return put(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(obstore, "put", put_twice)
    assert bucket.put("a", b"mine", over=None).size == 4
    assert b"".join(bucket.pieces("a")) == b"mine"


def test_large_objects_go_in_pieces_after_a_last_look(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_CONDITIONAL_BYTES", 1_000)
    content = b"0123456789" * 1_200_000  # three pieces
    (tmp_path / "large").write_bytes(content)
    first = bucket.put("a", tmp_path / "large", over=None)
    assert first.size == len(content)
    bucket.get("a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    with pytest.raises(Conflict):
        bucket.put("a", tmp_path / "large", over=None)
    bucket.put("a", tmp_path / "large", over=first)


def test_a_file_that_is_replaced_while_it_is_read_is_an_error(bucket: Bucket) -> None:
    first = bucket.put("a", b"x" * 200_000, over=None)
    file = RangeFile(bucket, first)
    assert file.read(10) == b"x" * 10
    bucket.put("a", b"y" * 200_000, over=first)
    file.seek(100_000)
    with pytest.raises(Conflict, match="replaced while it was read"):
        file.read(10)


def test_a_footer_is_read_with_one_call(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"n": list(range(100_000))}), tmp_path / "t")
    stored = bucket.put("t", tmp_path / "t", over=None)
    calls: list[tuple[int, int]] = []
    read_range = Bucket.read_range

    def counted(self: Bucket, of: buckets.Stored, start: int, end: int) -> bytes:
        calls.append((start, end))
        return read_range(self, of, start, end)

    monkeypatch.setattr(Bucket, "read_range", counted)
    assert pq.read_metadata(RangeFile(bucket, stored)).num_rows == 100_000
    assert len(calls) == 1
    assert pq.read_table(RangeFile(bucket, stored))["n"].to_pylist() == list(range(100_000))


def test_a_bucket_that_is_not_there_is_named(s3: S3Server, bucket: Bucket) -> None:
    missing = Bucket("s3://no-such-bucket/lake")
    with pytest.raises(ConfigError, match="s3://no-such-bucket/lake: there is no such bucket"):
        list(missing.below(""))
    with pytest.raises(ConfigError, match="make it first"):
        missing.put("a", b"", over=None)


def test_a_store_that_does_not_answer_is_worth_another_try(
    monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(buckets, "_RETRIES", {"max_retries": 0})
    with pytest.raises(TransientError, match="s3://bucket/silent does not answer") as refused:
        Bucket("s3://bucket/silent").find("a")
    assert "s3-secret" not in str(refused.value)


@pytest.mark.parametrize("place", ["/srv/lake", "data/lake", "http://host/x", "s3:/x", "lake://s3"])
def test_only_s3_and_gs_are_buckets(place: str) -> None:
    assert not is_bucket_url(place)
    assert is_bucket_url("s3://b/p")
    assert is_bucket_url("gs://b/p")


def test_a_copy_is_fetched_once_for_each_content(bucket: Bucket, copies: Copies) -> None:
    first = bucket.put("a.parquet", b"first", over=None)
    path = copies.fetch("a.parquet")
    assert path.read_bytes() == b"first"
    assert path.suffix == ".parquet"
    inode = path.stat().st_ino
    assert copies.fetch("a.parquet").stat().st_ino == inode
    bucket.put("a.parquet", b"other", over=first)
    with path.open("rb") as still:
        assert copies.fetch("a.parquet").read_bytes() == b"other"
        assert still.read() == b"first"  # who reads it goes on reading it
    assert not path.exists()


def test_size_and_time_of_a_copy_tell_contents_apart(bucket: Bucket, copies: Copies) -> None:
    first = bucket.put("a", b"12345", over=None)
    before = copies.fetch("a").stat().st_mtime_ns
    assert before == time_of(first.etag)
    second = bucket.put("a", b"54321", over=first)
    assert copies.fetch("a").stat().st_mtime_ns == time_of(second.etag) != before


def test_the_least_recently_used_copies_go_first(bucket: Bucket, tmp_path: Path) -> None:
    copies = Copies(bucket, tmp_path / "copies", limit_bytes=2_500)
    for name in "abc":
        bucket.put(name, name.encode() * 1_000, over=None)
    a, b = copies.fetch("a"), copies.fetch("b")
    time.sleep(0.01)
    copies.fetch("a")
    copies._came_bytes = 1 << 40  # time to look
    c = copies.fetch("c")
    assert [path.exists() for path in (a, b, c)] == [True, False, True]
