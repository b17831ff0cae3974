"""A sign that its maker still runs: a locked file, which the kernel frees however a process ends."""

import fcntl
import os
import uuid
from pathlib import Path


class Presence:
    """A file of one's own, locked until `end` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self._path = _file(folder, self.name)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def end(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def is_present(folder: Path, name: str) -> bool:
    """Tell whether the maker of a sign runs, in this process or another; take a dead one's away.

    Unlike a process id, a lock outlives no restart of the machine and means the same in a container.
    """
    path = _file(folder, name)
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _file(folder: Path, name: str) -> Path:
    return folder / f".{name}.present"
