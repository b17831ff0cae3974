"""Copy planned files below the sources: whole or not at all, and never over another file."""

import os
import shutil
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

from semantic_assets.model.keys import INGESTED
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.source_file import open_source, within_root
from semantic_assets.pipeline.additions.columns import dataset_file, proposals
from semantic_assets.pipeline.additions.plan import AddedKind, Addition, Found
from semantic_assets.settings.dataset_settings import FILE_NAME
from semantic_assets.system.durable import make_folder, replacing

#: A folder made for documents is for its owner alone, as the files in it are.
_PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of the files of one dataset."""

    dataset: str
    folder: str
    kinds: tuple[AddedKind, ...]
    copied: int
    unchanged: int
    replaced: int
    #: Files and folders that patterns exclude.
    excluded: int
    #: Each file that was not copied, with the reason and the remedy.
    refused: dict[str, str]
    #: The dataset.toml that was written for the columns of records; None: none was needed.
    dataset_toml: str | None


def copy_addition(addition: Addition, sources: Path, *, replace: bool = False) -> Added:
    """Copy the files of a plan below the sources; what is there already is left as it is.

    Each copy has the time of its original, so that a second run passes over it. A stopped run
    leaves whole files, and is repeated.
    """
    folder = sources / addition.dataset.project / addition.dataset.dataset
    counts = dict.fromkeys(("copied", "unchanged", "replaced"), 0)
    refused = dict.fromkeys(addition.hidden, "its name begins with a dot: rename it")
    for one in addition.found:
        try:
            counts[_copy(one, folder / one.name, sources, replace)] += 1
        except Unreadable as error:
            refused[str(one.path)] = str(error)
        except OSError as error:
            refused[str(one.path)] = f"{error.strerror or error}: mend it and add it again"
    return Added(
        dataset=str(addition.dataset),
        folder=str(folder),
        kinds=addition.kinds,
        excluded=addition.excluded,
        refused=refused,
        dataset_toml=_describe(addition, folder),
        **counts,
    )


def _copy(one: Found, target: Path, sources: Path, replace: bool) -> str:
    if one.name.parts[0] == INGESTED:
        raise Unreadable(f"{INGESTED}/ is for what calls hand over: rename the folder")
    path = within_root(one.root, one.path)
    within_root(sources, target)
    with open_source(path) as source:
        stat = os.fstat(source.fileno())
        is_there = os.path.lexists(target)
        if is_there and _is_same(path, stat, target):
            return "unchanged"
        if is_there and not (replace and target.is_file()):
            raise Unreadable(f"{target} is there and differs: say --replace, or rename one of them")
        _make_private(target.parent, sources)
        with replacing(target) as temporary:
            with temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            os.utime(temporary, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return "replaced" if is_there else "copied"


def _is_same(path: Path, stat: os.stat_result, target: Path) -> bool:
    if not target.is_file() or target.stat().st_size != stat.st_size:
        return False
    return target.stat().st_mtime_ns == stat.st_mtime_ns or cmp(path, target, shallow=False)


def _make_private(folder: Path, sources: Path) -> None:
    missing = [p for p in (folder, *folder.parents) if p.is_relative_to(sources) and not p.exists()]
    make_folder(folder)
    for made in missing:
        made.chmod(_PRIVATE_FOLDER)


def _describe(addition: Addition, folder: Path) -> str | None:
    """Write a dataset.toml for records whose columns have other names, unless there is one."""
    target = folder / FILE_NAME
    if os.path.lexists(target) or not folder.is_dir():
        return None
    content = dataset_file(proposals(addition.found))
    if content is not None:
        with replacing(target) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return content
