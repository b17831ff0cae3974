"""This machine's identity, and the file systems of its folders."""

import os
import re
import socket
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MOUNTS = Path("/proc/self/mountinfo")
#: A blank in a name is written as \\040.
_ESCAPED = re.compile(r"\\([0-7]{3})")


@cache
def machine_id() -> str:
    """Return the kernel's boot id, which all containers of a machine share; else the host name."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:  # not Linux
        return socket.gethostname()


def holder() -> str:
    """Return this process's name as a lease holder: machine, host name and process id."""
    return f"{machine_id()}:{socket.gethostname()}:{os.getpid()}"


def file_system_of(folder: Path) -> str | None:
    """Return the type of file system a folder is or will be on; None if it cannot be told."""
    try:
        return mounted_on(_MOUNTS.read_text(errors="surrogateescape"), folder.resolve())
    except OSError:  # not Linux
        return None


def mounted_on(mounts: str, path: Path) -> str | None:
    """Return the type of a path's mount from the text of Linux's mountinfo; the last one wins."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4]))
        if path.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), after.split(" ")[0]
    return None if found is None else found[1]
