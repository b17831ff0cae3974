"""Hard links to the unchanged files of an index version."""

import os
import shutil
from pathlib import Path

from semantic_assets.system.durable import make_private, sync


def link_folder(source: Path, target: Path) -> None:
    """Link all files of a folder into a new one; copy them if the file system has no links."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copyfile(path, make_private(target / path.name))
            sync(target / path.name)
    sync(target)
