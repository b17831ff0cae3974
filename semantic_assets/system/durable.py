"""Files that outlive a power cut: synced, and replaced whole or not at all."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

_TEMPORARY = ".tmp"
#: Texts, and what was paid for them, are their owner's business, whatever the umask says.
_PRIVATE = 0o600
#: The time of a file that was made and not written; 0 would be one that tools like to give.
_UNTOUCHED = 1


def sync(path: Path) -> None:
    """Write a file's content, or the names in a folder, through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private(path: Path) -> Path:
    """Make a missing file that its owner alone may read and write; leave one that is there."""
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            os.fchmod(descriptor, _PRIVATE)
        finally:
            os.close(descriptor)
    return path


@contextmanager
def replacing(
    target: Path, publishing: AbstractContextManager[None] | None = None
) -> Iterator[Path]:
    """Yield an empty private file that replaces `target` when the block ends without an error.

    Args:
        publishing: held for the rename alone; what it raises leaves the target as it was.

    Temporary name, fsync, rename, fsync of the directory: a reader sees the old file or the new
    one, also after a power cut.
    """
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}{_TEMPORARY}")
    try:
        os.utime(make_private(temporary), ns=(_UNTOUCHED, _UNTOUCHED))
        yield temporary
        if temporary.stat().st_mtime_ns == _UNTOUCHED:
            raise FileNotFoundError(errno.ENOENT, "nothing was written", str(target))
        sync(temporary)
        with publishing or nullcontext():
            temporary.replace(target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def share(path: Path, target: Path) -> None:
    """Make `target` another name of a finished file, or a copy where there are no hard links."""
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, make_private(target))


def make_folder(path: Path) -> None:
    """Make a folder and its parents; each new name is synced, or a power cut could remove it."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def is_writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder, or in the nearest one above it that exists."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    return os.access(place, os.W_OK)
