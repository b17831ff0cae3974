"""Hard links to the unchanged files of an index version."""

import os
import shutil
from pathlib import Path

from semantic_assets.system.durable import make_private, sync


def link_folder(source: Path, target: Path, *, without: str = "") -> None:
    """Link the files of a folder into a new one; copy them if the file system has no links.

    Args:
        without: a file that is left out, with the note of what object it is a copy of.
    """
    target.mkdir(parents=True)
    for path in source.iterdir():
        if without and path.name.lstrip(".").startswith(without):
            continue
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copyfile(path, make_private(target / path.name))
            sync(target / path.name)
    sync(target)
