"""The description of an index version: a small file in its directory, written after its parts."""

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from semantic_assets.index.broken_index import opening
from semantic_assets.index.dead_rows import DEAD_ROWS
from semantic_assets.index.words.word_file import WORDS
from semantic_assets.system.checksums import FileSums, file_sums
from semantic_assets.system.durable import replacing, sync

FILE_NAME = "generation.json"
#: What parts hold. With another number parts are compared with their tables again, and those that
#: lack a column are written anew: 2 has the record, the MIME type and the metadata of documents.
PART_FORMAT = 2
_SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEntry:
    """A part: its folder's name, its live rows, and the fingerprint of its shard's input."""

    name: str
    rows: int
    fingerprint: str
    #: Digest of the file of its dead rows in this version; "": all its rows are alive.
    dead: str = ""
    #: Checksums of its files but that of the dead rows; (): written by an earlier release.
    files: FileSums = ()

    @property
    def shard(self) -> str:
        """The number of its shard, with which its name begins."""
        return shard_of(self.name)


def is_amended(parts: Sequence[PartEntry]) -> bool:
    """Say whether a shard has several parts, or one with dead rows."""
    return any(part.dead for part in parts) or len({part.shard for part in parts}) < len(parts)


def shard_of(part: str) -> str:
    """Return the number of the shard of a part: `00000.000012` is of `00000`."""
    return part.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    backend: str
    space_id: str
    dimensions: int
    parts: tuple[PartEntry, ...]
    #: Name of the version in a backend that keeps it outside the directory.
    collection: str
    #: Name that points to the serving version there.
    alias: str

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def of_shard(self, number: str) -> tuple[PartEntry, ...]:
        return tuple(part for part in self.parts if part.shard == number)


def write_description(folder: Path, description: Description) -> None:
    """Write the description durably, after the parts; the ledger knows if the version served."""
    values = json.loads(json.dumps(asdict(description)))
    with replacing(folder / FILE_NAME) as temporary:
        temporary.write_text(json.dumps({**values, _SUM: _sum(values)}, indent=1))
    sync(folder.parent)


def with_sums(folder: Path, description: Description, rewritten: Collection[str]) -> Description:
    """Add the checksums of files that came to linked parts; the words of some were written again."""
    parts = []
    for part in description.parts:
        known = [one for one in part.files if part.name not in rewritten or one[0] != WORDS]
        files = file_sums(folder / part.name, tuple(known), without=DEAD_ROWS)
        parts.append(replace(part, files=files))
    return replace(description, parts=tuple(parts))


def read_description(folder: Path) -> Description:
    """Read the description of a version.

    Raises:
        FileNotFoundError: the version is missing or was never finished.
        BrokenFile: it has to be built again.
    """
    with opening(folder):
        return parse_description((folder / FILE_NAME).read_text())


def parse_description(text: str) -> Description:
    """Return a description from its text.

    Raises:
        ValueError, KeyError, TypeError: it is cut off or altered.
    """
    values = json.loads(text)
    if values.pop(_SUM, None) not in (None, _sum(values)):  # earlier releases wrote none
        raise ValueError(f"{FILE_NAME} is not as it was written")
    values["parts"] = tuple(_entry(part) for part in values["parts"])
    return Description(**values)


def _entry(values: dict[str, Any]) -> PartEntry:
    return PartEntry(**values | {"files": tuple(map(tuple, values.get("files", ())))})


def _sum(values: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())
