"""Copies of objects on this machine's disk, by name and ETag; the least recently used go first."""

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from semantic_assets.objects.bucket import Bucket, Stored
from semantic_assets.system.durable import make_private

#: Reading a shard and writing the next table touches under 3 GB.
LIMIT_BYTES = 20 << 30
#: The disk is scanned after this many new bytes, not at each copy.
_LOOK_BYTES = LIMIT_BYTES >> 5


def time_of(etag: str) -> int:
    """Return the modification time, in nanoseconds, that a copy of this ETag gets.

    Size and time then tell contents apart as they do with files; atime is the time of use.
    """
    return int.from_bytes(blake2b(etag.encode(), digest_size=7).digest()) | 1


@dataclass(slots=True, eq=False)
class Copies:
    """The copies in one folder, which processes may share. An open copy stays readable."""

    bucket: Bucket
    folder: Path
    limit_bytes: int = LIMIT_BYTES
    _came_bytes: int = 0

    def held(self, of: Stored) -> Path | None:
        """Return the copy of exactly this content, or None."""
        path = self._path(of)
        try:
            os.utime(path, ns=(time.time_ns(), time_of(of.etag)))
            # A power cut may have left its name without its content.
            return path if path.stat().st_size == of.size else None
        except FileNotFoundError:
            return None

    def fetch(self, name: str) -> Path:
        """Return a copy of an object's current content.

        Raises:
            FileNotFoundError: the object does not exist.
        """
        found = self.bucket.find(name)
        if found is None:
            raise FileNotFoundError(f"{self.bucket.url}/{name}")
        if held := self.held(found):
            return held
        temporary = self.room()
        try:
            return self.keep(self.bucket.get(name, temporary), temporary)
        finally:
            temporary.unlink(missing_ok=True)

    def room(self) -> Path:
        """Return an empty private file that is then put or kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return make_private(self.folder / f".{uuid.uuid4().hex}.tmp")

    def keep(self, of: Stored, file: Path) -> Path:
        """Make a file the copy of an object and delete copies of earlier contents."""
        path = self._path(of)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(file, ns=(time.time_ns(), time_of(of.etag)))
        file.replace(path)
        for other in path.parent.iterdir():
            if other != path:
                other.unlink(missing_ok=True)
        self._came_bytes += of.size
        if self._came_bytes > _LOOK_BYTES:
            self._came_bytes = 0
            self._make_room(besides=path)
        return path

    def _path(self, of: Stored) -> Path:
        """Return the copy's path: a folder for the name, a file for the ETag, the same suffix."""
        name = blake2b(of.name.encode(), digest_size=12).hexdigest()
        etag = blake2b(of.etag.encode(), digest_size=8).hexdigest()
        return self.folder / name[:2] / name / f"{etag}{Path(of.name).suffix}"

    def _make_room(self, *, besides: Path) -> None:
        held = sorted(self._all(), key=lambda item: item[1].st_atime_ns)
        too_many = sum(stat.st_size for _, stat in held) - self.limit_bytes
        for path, stat in held:
            if too_many <= 0:
                return
            if path != besides:
                path.unlink(missing_ok=True)
                too_many -= stat.st_size

    def _all(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("*/*/*"):
            try:
                yield path, path.stat()
            except FileNotFoundError:
                continue
