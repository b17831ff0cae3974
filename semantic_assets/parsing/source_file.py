"""Opening of a source file by its uri, so that it neither hangs a run nor stops other files.

A fault of one file (no permission, removed since it was listed, a link to nowhere, a pipe) is
Unreadable, and the caller writes a row for it. A failing disk is an error.
"""

import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from semantic_assets.parsing.records import Unreadable

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def source_uri(relative: str) -> str:
    r"""Return the uri of a path under the source root: bytes that are not UTF-8 become \xff."""
    return os.fsencode(relative).decode(errors="backslashreplace")


def source_path(root: Path, uri: str) -> Path:
    """Return the path of a uri's file, which need not exist."""
    path = root / uri
    if "\\x" not in uri or os.path.lexists(path):
        return path
    raw = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), uri.encode())
    return root / os.fsdecode(raw)


def within_root(root: Path, path: Path) -> Path:
    """Return the path of a file below the source root.

    Raises:
        Unreadable: the file, or a folder it is in, is a link that leads out of the root: what this
            process may read is not what whoever put the link there may read.
    """
    below = [path, *path.parents][: len(path.parts) - len(root.parts)]
    if any(map(os.path.islink, below)):
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(os.path.realpath(root)):
            raise Unreadable(
                "link leads out of the source folder: put the file itself here, mount its folder, or "
                "set SEMANTIC_ASSETS_FOLLOW_LINKS=true"
            )
    return path


def open_source(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        Unreadable: this file cannot be opened; the message names the remedy.
        OSError: the fault is not with this one file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            if path.is_symlink() and path.is_dir():
                raise Unreadable(
                    "it is a link to a folder, which is not followed: put the folder itself here, or "
                    "set SEMANTIC_ASSETS_FOLLOW_LINKS=true"
                )
            raise Unreadable("it is no file but a folder, pipe, socket or device: remove it")
        # If the file became a pipe since, opening it without O_NONBLOCK waits for ever.
        return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    except OSError as error:
        reason = _reason(path, error)
        if reason is None:
            raise
        raise Unreadable(reason) from error


def _reason(path: Path, error: OSError) -> str | None:
    if isinstance(error, PermissionError):
        return "no permission to read the file: grant it with chmod or chown"
    if error.errno == errno.ELOOP:
        return "link leads back to itself: mend it or remove it"
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return None
    if path.is_symlink():
        return "link leads nowhere: mend it or remove it"
    return "file was removed after it was listed: list the sources again"
