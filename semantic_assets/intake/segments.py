"""Segments: JSON Lines files of documents that can be appended, replaced and removed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import orjson

from semantic_assets.errors import ConfigError
from semantic_assets.intake.names import EMPTY_SEGMENT, SEGMENT_SUFFIX
from semantic_assets.system.durable import make_private, replacing, sync
from semantic_assets.text.fingerprint import text_hash

#: Replacing a document costs writing its whole segment again.
MAX_BYTES = 4 << 20


def file_name(number: int) -> str:
    return f"{number:05d}{SEGMENT_SUFFIX}"


@lru_cache(maxsize=64)
def path_of(folder: Path, number: int) -> Path:
    return folder / file_name(number)


def numbers(folder: Path) -> dict[int, tuple[int, int]]:
    """Return size and modification time of each segment of a folder, by number."""
    found = {}
    for path in folder.glob(f"*{SEGMENT_SUFFIX}"):
        stem = path.name.removesuffix(SEGMENT_SUFFIX)
        if stem.isdigit():
            stat = path.stat()
            found[int(stem)] = stat.st_size, stat.st_mtime_ns
    return found


def name_of(line: bytes, path: Path) -> str:
    """Return the name of the document in a line.

    Raises:
        ConfigError: the line was not written by this module.
    """
    try:
        return str(orjson.loads(line)["id"])
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path}: it was edited, and a line of it is no document with an id: mend the line, or "
            "take it out"
        ) from error


def digest_of(line: bytes) -> str:
    return text_hash(line)


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the whole lines without their ends; a line that a crash cut off is left out."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") and line != EMPTY_SEGMENT:
                yield line[:-1]


def mended_lines(path: Path) -> list[bytes]:
    """Mend a segment and return its lines; a last line that a crash cut off is dropped."""
    whole, end, rest = path.read_bytes().rpartition(b"\n")
    if rest and _is_document(rest, path):  # an editor removed the end of the last line
        write_whole(path, whole + end + rest + b"\n")
    elif rest:
        write_whole(path, whole + end or EMPTY_SEGMENT)
    return list(lines_of(path))


def _is_document(line: bytes, path: Path) -> bool:
    try:
        return bool(name_of(line, path))
    except ConfigError:
        return False


def append(path: Path, lines: Sequence[bytes], *, at: int) -> int:
    """Write lines durably behind the first `at` bytes and return the new size.

    Any content behind `at` was cut off by a crash and never confirmed.
    """
    is_new, at = not at, 0 if at == len(EMPTY_SEGMENT) else at
    descriptor = os.open(make_private(path), os.O_WRONLY)
    try:
        if os.lseek(descriptor, 0, os.SEEK_END) != at:
            os.ftruncate(descriptor, at)
            os.lseek(descriptor, at, os.SEEK_SET)
        _write_all(descriptor, b"".join(line + b"\n" for line in lines))
        os.fdatasync(descriptor)
        size = os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)
    if is_new:
        sync(path.parent)
    return size


def rewrite(path: Path, changed: Mapping[str, bytes | None]) -> int:
    """Replace lines by name, remove them for None, all or nothing; return the new size."""
    kept = []
    for line in lines_of(path):
        name = name_of(line, path)
        found = changed.get(name, line)
        if found is not None:
            kept.append(found + b"\n")
    content = b"".join(kept) or EMPTY_SEGMENT
    write_whole(path, content)
    return len(content)


def write_whole(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_empty(folder: Path) -> None:
    """Write a first segment without documents if the folder has no segment."""
    if not numbers(folder):
        write_whole(path_of(folder, 0), EMPTY_SEGMENT)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
