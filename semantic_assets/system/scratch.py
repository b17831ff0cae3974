"""Copies of small SQLite files for a process that may not write beside them."""

import os
import shutil
import tempfile
from pathlib import Path


def is_writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder, or in the nearest one above it that exists."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    return os.access(place, os.W_OK)


class Scratch:
    """A temporary folder; `copied` brings a SQLite file into it, with what its log holds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = tempfile.TemporaryDirectory(prefix="semantic-assets-")
        self.folder = Path(self._folder.name)

    def copied(self, relative: str) -> Path:
        """Return the copy of a file below the root, made once; its path if there is none."""
        target = self.folder / relative
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            for suffix in ("", "-wal"):
                source = self._root / f"{relative}{suffix}"
                if source.exists():
                    shutil.copyfile(source, self.folder / f"{relative}{suffix}")
        return target

    def close(self) -> None:
        self._folder.cleanup()
