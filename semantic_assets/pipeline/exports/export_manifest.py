"""The manifest of an export: a small file beside the target that says what is in it."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from semantic_assets.errors import ConfigError, Conflict
from semantic_assets.pipeline.exports.export_target import FileTarget
from semantic_assets.system.durable import replacing

#: Of the manifest, and of the columns: files of another one are written again.
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """A file, and which state of which rows it holds."""

    name: str
    fingerprint: str
    rows: int
    bytes: int = 0
    modified_ns: int = 0
    digest: str = ""

    def is_as_written(self, folder: Path) -> bool:
        """Say whether the file is there unaltered; one that was copied is read to find out."""
        path = folder / self.name
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        if found.st_size != self.bytes:
            return False
        return found.st_mtime_ns == self.modified_ns or file_digest_of(path) == self.digest


@dataclass(slots=True, kw_only=True)
class ExportManifest:
    format: str
    dataset: str
    space: str
    dimensions: int
    version: int = FORMAT_VERSION
    files: dict[str, ExportedFile] = field(default_factory=dict)

    def write(self, target: FileTarget) -> None:
        with replacing(target.manifest) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1))


def file_digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_export_manifest(target: FileTarget) -> ExportManifest | None:
    """Return the manifest of a target; None: nothing was exported there yet.

    Raises:
        ConfigError: what is there is no export.
    """
    try:
        values = json.loads(target.manifest.read_text())
        files = {name: ExportedFile(**file) for name, file in values.pop("files").items()}
        return ExportManifest(**values, files=files)
    except FileNotFoundError:
        if target.is_taken:
            raise ConfigError(
                f"{target.path} holds something that is no export: name another target"
            ) from None
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            f"{target.manifest} is no manifest of an export: name another target"
        ) from None


def require_same_export(held: ExportManifest, wanted: ExportManifest, shown: str) -> None:
    """Let an export go on from what a target holds.

    Raises:
        ConfigError: it holds another dataset, other vectors or another format.
    """
    names = ("dataset", "space", "dimensions", "format")
    for name in names:
        there, here = getattr(held, name), getattr(wanted, name)
        if there != here:
            raise ConfigError(
                f"{shown} holds {name} {there}, not {here}: name another target, or write it "
                "anew with --replace"
            )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other exports out of a folder.

    Raises:
        Conflict: one is under way.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Conflict(
            f"another export writes to {folder}: run this again when it has ended"
        ) from None
    finally:
        os.close(descriptor)
