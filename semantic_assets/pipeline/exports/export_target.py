"""Where an export goes, and in which format, as its target's shape says."""

import re
from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import ConfigError

PARQUET, JSONL, LANCE, HUGGINGFACE, POSTGRES = (
    *("parquet", "jsonl", "lance"),
    *("huggingface", "postgres"),
)
FORMATS = (PARQUET, LANCE, HUGGINGFACE, JSONL)
_ENDINGS = {f".{name}": name for name in (PARQUET, JSONL, LANCE)}
_IN_FOLDERS = (PARQUET, JSONL, HUGGINGFACE)
#: What a killed export leaves of a file, and the files of a folder.
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{32}\.tmp")
_OF_FOLDER = re.compile(r"shard-\d+\.\w+|README\.md")
_POSTGRES_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A folder with a file for each shard, or (`is_one`) one file or Lance table of all rows."""

    path: Path
    #: None: as the target's own manifest says, or Parquet.
    format: str | None
    is_one: bool

    @property
    def folder(self) -> Path:
        """The folder that the files are named from."""
        return self.path.parent if self.is_one else self.path

    @property
    def manifest(self) -> Path:
        """Beside the target: Polars reads no folder that has other files too."""
        return self.path.with_name(f"{self.path.name}.export.json")

    @property
    def is_taken(self) -> bool:
        """Whether something is there already."""
        if self.is_one:
            return self.path.exists()
        found = self.path.iterdir() if self.path.is_dir() else ()
        return any(not self.is_temporary(path) for path in found)

    def is_temporary(self, path: Path) -> bool:
        """Say whether a file is what a killed export left of a file of this target."""
        found = _TEMPORARY.fullmatch(path.name)
        if found is None or found[1] == self.manifest.name:
            return found is not None
        is_of_folder = _OF_FOLDER.fullmatch(found[1]) is not None
        return found[1] == self.path.name if self.is_one else is_of_folder


def is_database(target: str) -> bool:
    """Say whether a target is an address of Postgres."""
    scheme, separator, _ = target.partition("://")
    return bool(separator) and scheme.lower().partition("+")[0] in _POSTGRES_SCHEMES


def file_target(target: str, wanted: str | None) -> FileTarget:
    """Return the folder or file that a target names.

    Raises:
        ConfigError: it is none, its folder is missing, or another format is wanted.
    """
    if "://" in target:
        raise ConfigError(
            f"an export goes to a folder, a file or postgresql://, not to "
            f"{target.partition('://')[0]}://: export to a folder, and copy it"
        )
    path = Path(target).absolute()
    named = _ENDINGS.get(path.suffix.lower())
    if named and wanted not in (None, named):
        raise ConfigError(
            f"{path.name} names {named}, not {wanted}: name a folder, or leave out --format"
        )
    if wanted == LANCE and named is None:
        raise ConfigError(f"a Lance table is named .lance: export to {path.name}.lance")
    is_one = named is not None and not (path.is_dir() and named in _IN_FOLDERS)
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}: make it, or name another target")
    if not is_one and path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file: name it .parquet or .jsonl, or name a folder")
    return FileTarget(path, wanted or named, is_one)
