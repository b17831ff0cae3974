"""Linking those files of an index version that stay as they are."""

import os
import shutil
from pathlib import Path

from semantic_assets.system.durable import sync


def link_folder(source: Path, target: Path) -> None:
    """The same files under another name; copies where the file system has no links."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copyfile(path, target / path.name)
            sync(target / path.name)
    sync(target)
