"""The documents of an archive: each member read as a file of its name would be.

A member's record is named by its path; a record in a member by the path, `#` and its own id.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, Protocol

from semantic_assets.model.statuses import ParseStatus
from semantic_assets.parsing.archives.members import (
    ArchiveUnreadable,
    LeftOut,
    Member,
    at_most,
    checked_content,
)
from semantic_assets.parsing.archives.tar_members import tar_members
from semantic_assets.parsing.archives.zip_members import zip_members
from semantic_assets.parsing.records import (
    SourceRecord,
    Unreadable,
    failed_record,
    signature_of,
)

#: Suffixes of archives, by how they are packed, and their MIME types.
ARCHIVES: dict[str, str] = {
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".tgz": "application/x-tar",
    ".tar.bz2": "application/x-tar",
    ".tbz2": "application/x-tar",
    ".tar.xz": "application/x-tar",
    ".txz": "application/x-tar",
}
#: Those that a gzip around them would only hinder.
PACKED_ARCHIVES = frozenset(ARCHIVES) - {".tar"}
_PACKED_AS = {".tgz": "gz", ".tar.bz2": "bz2", ".tbz2": "bz2", ".tar.xz": "xz", ".txz": "xz"}
_NOT_DESCRIBED = "pictures, sounds, videos and scans in an archive are not described: unpack it"
_TOO_DEEP = "an archive in an archive in an archive is not read: unpack the outer one"


class MemberReader(Protocol):
    """What names and contents of members are; it knows all formats, and archives too."""

    def is_multi(self, name: str) -> bool: ...
    def refusal(self, name: str) -> str | None: ...
    def failed(self, name: str, reason: str, size: int) -> SourceRecord: ...
    def read(self, name: str, content: BinaryIO, levels: int) -> Iterator[SourceRecord]: ...


def read_archive(
    stream: BinaryIO,
    suffix: str,
    size: int,
    reader: MemberReader,
    *,
    compressed: bool = False,
    skip: int = 0,
    levels: int = 1,
) -> Iterator[SourceRecord | None]:
    """Yield the records of the members in the archive's order; None for one that is skipped.

    Archives in it are read too, for as many levels as are given.

    Raises:
        Unreadable: at the point from which the archive cannot be read.
    """
    left_out, position, member = LeftOut(), 0, None
    for member in at_most(_members(stream, suffix, size, compressed)):
        if left_out.takes(member):
            continue
        if position < skip and not reader.is_multi(member.name):
            position += 1
            yield None
            continue
        for record in _records(member, reader, levels):
            position += 1
            yield record
    if member is None:
        raise Unreadable("archive has no files in it: exclude it in dataset.toml")
    if reason := left_out.reason():
        yield failed_record(reason=reason, mime=ARCHIVES[suffix], size=0, record_id="#left-out")


def _members(stream: BinaryIO, suffix: str, size: int, compressed: bool) -> Iterator[Member]:
    if suffix == ".zip":
        return zip_members(stream, size)
    return tar_members(stream, "gz" if compressed else _PACKED_AS.get(suffix, ""))


def _records(member: Member, reader: MemberReader, levels: int) -> Iterator[SourceRecord]:
    """Yield the records of one member; what is wrong with it costs it alone."""
    path = member.name.encode(errors="backslashreplace").decode()
    try:
        if reason := _too_deep(member.name, levels) or reader.refusal(member.name):
            raise Unreadable(reason)
        content = checked_content(member)
        for record in reader.read(member.name, content, levels - 1):
            if record.parse_status == ParseStatus.PENDING_DESCRIPTION:
                raise Unreadable(_NOT_DESCRIBED)
            named = f"{path}#{_inner_id(record)}" if reader.is_multi(member.name) else path
            # Equal records of two members would pass for one by their signatures.
            yield replace(record, record_id=named, signature=None)
    except ArchiveUnreadable:
        raise
    except Unreadable as error:
        yield replace(reader.failed(member.name, str(error), member.size), record_id=path)
    except MemoryError:
        reason = "it needs more memory than a member may take: unpack the archive"
        yield replace(reader.failed(member.name, reason, member.size), record_id=path)


def _too_deep(name: str, levels: int) -> str | None:
    is_archive = name.lower().removesuffix(".gz").endswith(tuple(ARCHIVES))
    return None if levels or not is_archive else _TOO_DEEP


def _inner_id(record: SourceRecord) -> str:
    """Return a record's own id, else one by its content: never its place in the file."""
    content = f"{record.title}\x1f{record.text}\x1f{record.parse_error}"
    return record.record_id or signature_of(content.encode(errors="replace"))[:16]
