"""This machine's identity, its living processes, and the file systems of its folders."""

import os
import re
import socket
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MOUNTS = Path("/proc/self/mountinfo")
_PROCESSES = Path("/proc")
_HOLDER = re.compile(r"(?P<machine>[^:]+):[^:]*:(?P<pid>\d+)\.(?P<started>\d+)\.(?P<space>\d+)")
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
    """Return this process's name as a lease holder: machine, host name and process."""
    process = f"{os.getpid()}.{_started(os.getpid()) or ''}.{_namespace()}"
    return f"{machine_id()}:{socket.gethostname()}:{process}"


def has_ended(holder: str) -> bool:
    """Tell whether a lease holder was a process of this machine that is no more.

    A process id means nothing on another machine or in another container, and is given again: the
    namespace of ids and the start of the process must be the same.
    """
    found = _HOLDER.match(holder)
    if found is None or found["machine"] != machine_id() or found["space"] != _namespace():
        return False
    return _started(int(found["pid"])) != found["started"]


def _started(pid: int) -> str | None:
    """Return when a process started, in ticks since the machine did; None: there is none."""
    try:
        status = (_PROCESSES / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *values = status.rpartition(")")[2].split()
    return None if state in ("Z", "X") else values[18]


def _namespace() -> str:
    try:
        return str((_PROCESSES / "self" / "ns" / "pid").stat().st_ino)
    except OSError:  # not Linux
        return ""


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
