"""The members of a zip archive, in the order of its directory."""

import errno
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from semantic_assets.parsing.archives.members import ArchiveUnreadable, Member, written_name
from semantic_assets.parsing.blocks import check_ratio
from semantic_assets.parsing.records import Unreadable

_ENCRYPTED, _IN_UTF8 = 0x1, 0x800
_LINK, _KIND_BITS = 0o120000, 0o170000
_DAMAGED = "the archive is damaged here: copy it again"


def zip_members(stream: BinaryIO, size: int) -> Iterator[Member]:
    """Yield the members.

    Raises:
        Unreadable: it is no zip archive, or unpacks to far more than itself.
    """
    archive = _opened(stream)
    reading = _Reading(archive, size)
    for info in archive.infolist():
        other = "links" if info.external_attr >> 16 & _KIND_BITS == _LINK else None
        if not info.is_dir():
            yield Member(_name(info), info.file_size, reading.of(info), other)


def _opened(stream: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        cause = error.__context__
        # An error of the stream looks like damage; one of a place before its start is damage.
        if isinstance(cause, OSError) and cause.errno != errno.EINVAL:
            raise cause from None
        raise Unreadable(f"not readable as a zip archive ({error}): copy it again") from error


class _Reading:
    """Reads members, and counts what they unpack to together."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive, self._size, self._unpacked = archive, size, 0

    def of(self, info: zipfile.ZipInfo) -> "_ReadOne":
        return _ReadOne(self, info)

    def read(self, info: zipfile.ZipInfo) -> bytes:
        if info.flag_bits & _ENCRYPTED:
            raise Unreadable("it is encrypted: unpack the archive with its password")
        try:
            check_ratio(self._size, self._unpacked + info.file_size, "the archive")
        except Unreadable as error:
            raise ArchiveUnreadable(str(error)) from error
        try:
            data = self._archive.read(info)
        except NotImplementedError as error:
            raise Unreadable(f"it is packed in a rare way ({error}): pack it again") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OverflowError, ValueError) as error:
            raise Unreadable(_DAMAGED) from error
        self._unpacked += len(data)
        return data


class _ReadOne:
    def __init__(self, reading: _Reading, info: zipfile.ZipInfo) -> None:
        self._reading, self._info = reading, info

    def __call__(self) -> bytes:
        return self._reading.read(self._info)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name; one that is not marked as UTF-8 may be in any encoding of a system."""
    if info.flag_bits & _IN_UTF8:
        return info.filename
    return written_name(info.filename.encode("cp437", "replace"))
