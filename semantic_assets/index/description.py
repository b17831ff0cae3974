"""The description of an index version: a small file in its directory, written behind its parts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from semantic_assets.system.durable import replacing, sync

FILE_NAME = "generation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEntry:
    """A part: its folder's name, its rows, and the fingerprint of what they were built from."""

    name: str
    rows: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    backend: str
    space_id: str
    dimensions: int
    parts: tuple[PartEntry, ...]
    #: What others may ask for the version, where the backend keeps it outside the directory.
    collection: str
    #: The name that follows the serving version there.
    alias: str

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def part(self, name: str) -> PartEntry | None:
        return next((part for part in self.parts if part.name == name), None)


def write_description(folder: Path, description: Description) -> None:
    """Durable once its parts are; the ledger says whether it ever served."""
    with replacing(folder / FILE_NAME) as temporary:
        temporary.write_text(json.dumps(asdict(description), indent=1))
    sync(folder.parent)


def read_description(folder: Path) -> Description:
    """Raises:
    FileNotFoundError: the version is not there, or was never finished.
    """
    return parse_description((folder / FILE_NAME).read_text())


def parse_description(text: str) -> Description:
    values = json.loads(text)
    values["parts"] = tuple(PartEntry(**part) for part in values["parts"])
    return Description(**values)
