"""Names of datasets and shards, and their forms as partition keys and paths."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from semantic_assets.errors import ConfigError

#: Both parts and an ending form one file name, which may have 255 bytes.
_MAX_PART = 100
#: What a project, dataset or task may be named.
NAME_PATTERN = rf"[a-z0-9_-]{{1,{_MAX_PART}}}"
#: What `DatasetKey.parse` takes.
DATASET_PATTERN = rf"{NAME_PATTERN}[./]{NAME_PATTERN}"
_PART = re.compile(NAME_PATTERN)
#: The folder of what calls hand over, in a dataset's folder.
INGESTED = "_ingested"
SHARD_MAX_DOCUMENTS = 12_000
SHARD_MAX_TEXT_BYTES = 256 * 1024 * 1024


def is_name(part: str) -> bool:
    """Return whether a project, dataset or task may be named so."""
    return _PART.fullmatch(part) is not None


def checked_name(part: str, what: str) -> str:
    """Return `part` if it is a valid name of a project, dataset or task.

    Raises:
        ConfigError: the name is not valid.
    """
    if not is_name(part):
        raise ConfigError(
            f"{what} {part[: 2 * _MAX_PART]!r}: use only a-z, 0-9, '-' and '_', at most {_MAX_PART} "
            "of them (rename the folder under the source root, or the task's file)"
        )
    return part


#: Where documents go that are handed over without the name of a dataset.
DEFAULT_DATASET = "default/documents"


@dataclass(frozen=True, slots=True, order=True)
class DatasetKey:
    """A named corpus: `project/dataset`."""

    project: str
    dataset: str

    def __post_init__(self) -> None:
        checked_name(self.project, "project")
        checked_name(self.dataset, "dataset")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `project/dataset` or the partition form `project.dataset`."""
        project, slash, dataset = text.replace(".", "/", 1).partition("/")
        if not slash:
            raise ConfigError(f"dataset {text!r}: write it as project/dataset")
        return cls(project, dataset)

    @property
    def partition(self) -> str:
        return f"{self.project}.{self.dataset}"

    @property
    def path(self) -> str:
        return f"project={self.project}/dataset={self.dataset}"

    def __str__(self) -> str:
        return f"{self.project}/{self.dataset}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Datasets and whole projects; of none named, everything."""

    datasets: tuple[DatasetKey, ...] = ()
    projects: tuple[str, ...] = ()

    @classmethod
    def parse(cls, names: Iterable[str]) -> Self:
        """Parse names of datasets, and of projects, which have no slash."""
        given = tuple(dict.fromkeys(names))
        is_dataset = {name: "/" in name or "." in name for name in given}
        return cls(
            tuple(DatasetKey.parse(name) for name in given if is_dataset[name]),
            tuple(checked_name(name, "project") for name in given if not is_dataset[name]),
        )

    def __bool__(self) -> bool:
        return bool(self.datasets or self.projects)

    def __contains__(self, dataset: DatasetKey) -> bool:
        return not self or dataset in self.datasets or dataset.project in self.projects


@dataclass(frozen=True, slots=True, order=True)
class ShardKey:
    """One partition: one Parquet file per table, one run, at most 12,000 documents."""

    dataset: DatasetKey
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `project.dataset.00000`."""
        parts = text.split(".")
        if len(parts) != 3 or not parts[2].isascii() or not parts[2].isdigit():
            raise ConfigError(f"shard {text!r}: write it as project.dataset.00000")
        return cls(DatasetKey(parts[0], parts[1]), int(parts[2]))

    @classmethod
    def of_path(cls, path: str) -> Self:
        """Return the shard of a table's file, from the folders it lies in."""
        parts = path.removesuffix(".parquet").split("/")
        found = dict(part.split("=", 1) for part in parts if "=" in part)
        return cls(DatasetKey(found["project"], found["dataset"]), int(found["shard"]))

    @property
    def path(self) -> str:
        return f"{self.dataset.path}/shard={self.number:05d}.parquet"

    def __str__(self) -> str:
        return f"{self.dataset.partition}.{self.number:05d}"
