"""Checksums of files that are written once: a file that is damaged later is known by them.

CRC-32 runs at 6 GB/s, and a process checks a file once as long as its time and size stay.
"""

import zlib
from pathlib import Path

_BLOCK = 1 << 20
#: Checked files that are remembered.
_REMEMBERED = 1 << 16
#: (name in its folder, bytes, CRC-32)
FileSums = tuple[tuple[str, int, int], ...]

_checked: dict[tuple[int, int, int, int], int] = {}


def file_sums(folder: Path, known: FileSums = (), *, without: str = "") -> FileSums:
    """Return the checksums of a folder's files but one; of those that are known the known ones."""
    held = {one[0]: one for one in known}
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.name != without and not path.name.startswith(".")
    )
    return tuple(held.get(name) or (name, *_sum(folder / name)) for name in names)


def require_sums(folder: Path, sums: FileSums) -> None:
    """Check that these files are as they were written.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: one is damaged.
    """
    for name, size, crc in sums:
        path = folder / name
        if path.stat().st_size != size or _sum(path)[1] != crc:
            raise ValueError(f"{folder.name}/{name} is not as it was written")


def _sum(path: Path) -> tuple[int, int]:
    with path.open("rb", buffering=0) as file:
        found = path.stat()
        identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        crc = _checked.get(identity)
        if crc is None:
            crc, block = 0, bytearray(_BLOCK)
            while count := file.readinto(block):
                crc = zlib.crc32(memoryview(block)[:count], crc)
            if len(_checked) >= _REMEMBERED:
                _checked.clear()
            _checked[identity] = crc
    return found.st_size, crc
