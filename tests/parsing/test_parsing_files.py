"""Files as the disk has them: locked, gone, linked in rings, named in bytes."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.source_file import open_source, source_path, source_uri

_NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "acme/manuals").mkdir(parents=True)
    return tmp_path


def _text(root: Path, name: str) -> str:
    with open_source(source_path(root, f"acme/manuals/{name}")) as stream:
        return stream.read().decode()


def _reason(root: Path, name: str) -> str:
    with pytest.raises(Unreadable) as caught:
        _text(root, name)
    return str(caught.value)


@contextmanager
def _unprivileged(root: Path) -> Iterator[None]:
    """As a user whom permissions bind; root's own are not looked at."""
    if os.geteuid() != 0:
        yield
        return
    folder = root
    while folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
        folder.chmod(0o755)
        folder = folder.parent
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_file_that_can_be_read_is_read(root):
    (root / "acme/manuals/a.txt").write_text("text")
    assert _text(root, "a.txt") == "text"


@pytest.mark.parametrize("mode", [0o000, 0o200])
def test_file_without_read_permission_says_how_to_grant_it(root, mode):
    path = root / "acme/manuals/a.jsonl"
    path.write_text('{"text": "x"}')
    path.chmod(mode)
    with _unprivileged(root):
        assert _reason(root, "a.jsonl").startswith("no permission to read the file: grant it")


def test_file_removed_since_it_was_listed_is_a_row(root):
    assert "file was removed after it was listed" in _reason(root, "a.pdf")
    assert "file was removed after it was listed" in _reason(root, "gone/a.pdf")


def test_error_of_the_disk_itself_stays_one(root, monkeypatch):
    def stat(_path: Path) -> os.stat_result:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "stat", stat)
    with pytest.raises(OSError, match="Input/output"):
        _text(root, "a.txt")


@pytest.mark.parametrize(
    ("target", "reason"), [("nowhere.txt", "link leads nowhere"), ("a.txt", "back to itself")]
)
def test_broken_links_and_rings_of_links_are_rows(root, target, reason):
    (root / "acme/manuals/a.txt").symlink_to(target)
    assert reason in _reason(root, "a.txt")


def test_link_to_a_file_is_followed(root):
    (root / "text").write_text("linked")
    (root / "acme/manuals/a.txt").symlink_to(root / "text")
    assert _text(root, "a.txt") == "linked"


def test_what_is_no_file_is_a_row_and_keeps_nobody_waiting(root, monkeypatch):
    monkeypatch.chdir(root / "acme/manuals")  # the path of a socket may hold 107 bytes
    os.mkfifo("pipe.txt")
    Path("folder.txt").mkdir()
    Path("endless.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.txt")
        for name in ("pipe.txt", "folder.txt", "endless.txt", "socket.txt"):
            assert "it is no file but a folder, pipe, socket or device" in _reason(root, name)


@pytest.mark.parametrize(
    ("raw", "uri"),
    [
        (b"caf\xe9.txt", r"caf\xe9.txt"),
        (b"\xff\xfe\xed\xa0\x80.txt", r"\xff\xfe\xed\xa0\x80.txt"),
        ("é\n😀.txt".encode(), "é\n😀.txt"),
        (rb"a\x41.txt", r"a\x41.txt"),
    ],
)
def test_name_in_any_bytes_has_a_uri_that_leads_back_to_the_file(root, raw, uri):
    path = root / "acme/manuals" / os.fsdecode(raw)
    path.write_text("text")
    found = source_uri(path.relative_to(root).as_posix())
    assert found == f"acme/manuals/{uri}"
    assert source_path(root, found) == path
    assert _text(root, uri) == "text"
