"""Whether anything changed in the inboxes of a lake, without opening one."""

import os
from pathlib import Path


def inbox_state(lake: Path) -> frozenset[tuple[str, int, int]]:
    """Return what differs once anything was put into, or taken out of, any inbox of a lake."""
    try:
        with os.scandir(lake / "intake") as entries:
            return frozenset(found for entry in entries if (found := _state_of(entry)))
    except FileNotFoundError:
        return frozenset()


def _state_of(entry: "os.DirEntry[str]") -> tuple[str, int, int] | None:
    if entry.name.endswith("-shm"):  # readers write it
        return None
    try:
        found = entry.stat()
    except FileNotFoundError:  # the log of a catalogue that was closed just now
        return None
    return entry.name, found.st_size, found.st_mtime_ns
