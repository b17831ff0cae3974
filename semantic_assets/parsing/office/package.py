"""A ZIP of parts, as Word, PowerPoint, Excel, OpenDocument and EPUB files are, within bounds."""

import io
import posixpath
import zipfile
import zlib
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from semantic_assets.parsing.office.xml import parse_xml
from semantic_assets.parsing.records import Unreadable

#: As elements a part takes ten times its size.
_MAX_PART_BYTES = 128 << 20
_MAX_ALL_BYTES = 512 << 20
_MAX_PARTS = 100_000


class Relation(NamedTuple):
    """What a part has to do with another: the last word of the kind, and the other's name."""

    kind: str
    target: str


class Package:
    """The parts of a file by name. A part that is not needed and cannot be read is remarked."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unreadable(
                "it is cut short or damaged, its list of parts is missing: copy it again"
            ) from error
        # Names are compared without case: some writers do not keep it.
        self._names = {name.lower().lstrip("/"): name for name in self._archive.namelist()}
        if len(self._names) > _MAX_PARTS:
            raise Unreadable(f"it has over {_MAX_PARTS:,} parts: split it")
        self._bytes = 0
        self._faults: list[str] = []

    @property
    def names(self) -> list[str]:
        """The names of the parts, in lower case."""
        return list(self._names)

    @property
    def remark(self) -> str | None:
        """What of it could not be read, and the remedy."""
        return "; ".join(self._faults[:5]) or None

    def remark_that(self, fault: str) -> None:
        if fault not in self._faults:
            self._faults.append(fault)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def read(self, name: str) -> bytes | None:
        """Return a part, None if there is none; Unreadable if it is damaged or too large."""
        stored = self._names.get(name.lower())
        if stored is None:
            return None
        try:
            with self._archive.open(stored) as part:
                data = part.read(_MAX_PART_BYTES + 1)
        except RuntimeError as error:
            raise Unreadable("it has a password: remove it, then put it back") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise Unreadable(f"its part {name[:100]} is damaged: copy the file again") from error
        self._count(len(data))
        return data

    def xml(self, name: str) -> Element:
        """Return the root of a part that has to be there."""
        data = self.read(name)
        if data is None:
            raise Unreadable(f"its part {name[:100]} is missing: save it again where it was made")
        return parse_xml(data, name)

    def optional_xml(self, name: str) -> Element | None:
        """Return the root of a part; None and a remark if it is damaged, None if there is none."""
        if name not in self:
            return None
        try:
            return self.xml(name)
        except Unreadable as error:
            self.remark_that(str(error))
            return None

    def relations(self, part: str) -> dict[str, Relation]:
        """Return the relations of a part to others inside the file, by id."""
        folder, base = posixpath.split(part)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, Relation] = {}
        for one in () if root is None else root.iter("rel.Relationship"):
            if one.get("TargetMode") != "External":
                kind = one.get("Type", "").rpartition("/")[2]
                found[one.get("Id", "")] = Relation(kind, resolved(folder, one.get("Target", "")))
        return found

    def related(self, part: str, kind: str) -> list[str]:
        """Return the names of the parts of a kind that a part relates to."""
        return [one.target for one in self.relations(part).values() if one.kind == kind]

    def properties(self) -> tuple[str | None, dict[str, str]]:
        """Return the title and the author in the properties of an office file."""
        names = self.related("", "core-properties") or ["docProps/core.xml"]
        root = self.optional_xml("meta.xml" if "meta.xml" in self else names[0])
        return (None, {}) if root is None else dublin_core(root)

    def _count(self, size: int) -> None:
        self._bytes += size
        if size > _MAX_PART_BYTES or self._bytes > _MAX_ALL_BYTES:
            limit = (_MAX_PART_BYTES if size > _MAX_PART_BYTES else _MAX_ALL_BYTES) >> 20
            raise Unreadable(f"it unpacks to over {limit} MB: split it")


def resolved(folder: str, target: str) -> str:
    """Return the name of a part that is named from a folder, or from the root by a slash."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")


def dublin_core(root: Element) -> tuple[str | None, dict[str, str]]:
    """Return the title, and the author if there is one, of a part of metadata."""
    title = next(root.iter("dc.title"), None)
    named = " ".join((title.text or "").split()) if title is not None else ""
    authors = [text for one in root.iter("dc.creator") if (text := (one.text or "").strip())]
    return named or None, {"author": ", ".join(authors)} if authors else {}
