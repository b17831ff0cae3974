"""Exports to files: one for each shard, or one of all, of which only those that changed are written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from semantic_assets.pipeline.exports.dataset_card import CARD, DATA, dataset_card
from semantic_assets.pipeline.exports.export_columns import export_schema
from semantic_assets.pipeline.exports.export_manifest import (
    FORMAT_VERSION,
    ExportedFile,
    ExportManifest,
    file_digest_of,
)
from semantic_assets.pipeline.exports.export_progress import Telling, Written
from semantic_assets.pipeline.exports.export_target import HUGGINGFACE, JSONL, FileTarget
from semantic_assets.pipeline.exports.row_files import write_row_file
from semantic_assets.pipeline.exports.shard_rows import ShardRows
from semantic_assets.system.durable import make_folder, replacing
from semantic_assets.text.fingerprint import fingerprint

#: The key of the one file that holds all shards.
ALL = "all"


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    fingerprint: str
    shards: tuple[ShardRows, ...]

    def tables(self) -> Iterator[pa.Table]:
        return chain.from_iterable(shard.tables() for shard in self.shards)


def export_to_files(
    target: FileTarget,
    manifest: ExportManifest,
    shards: Sequence[ShardRows],
    told: Telling,
) -> Written:
    """Write the files of the shards that changed, and remove those of shards that are gone.

    Each file is replaced whole before the manifest names it, so a reader, and the next export after
    a crash, finds an old or a new state of each shard.

    Args:
        told: each block passes through it.
    """
    folder, files = target.folder, _wanted(target, manifest.format, shards)
    _sweep(target)
    is_current = manifest.version == FORMAT_VERSION
    kept = {
        key: held
        for key, file in files.items()
        if (held := manifest.files.get(key)) and is_current and _holds(folder, held, file)
    }
    gone = [held for key, held in manifest.files.items() if key not in files]
    _announce(target, manifest, files, kept)
    for held in gone:
        (folder / held.name).unlink(missing_ok=True)
    manifest.files = {key: held for key, held in manifest.files.items() if key in files}
    if manifest.format == HUGGINGFACE:
        _write_card(folder / CARD, manifest)
    told.expect(one for key, file in files.items() if key not in kept for one in file.shards)
    for key, file in files.items():
        if key not in kept:
            manifest.files[key] = _write(folder, file, manifest, told)
            manifest.write(target)
    manifest.write(target)
    written = sum(len(file.shards) for key, file in files.items() if key not in kept)
    return Written(written, len(shards) - written, len(gone))


def _wanted(
    target: FileTarget, file_format: str, shards: Sequence[ShardRows]
) -> dict[str, _Wanted]:
    if target.is_one:
        together = fingerprint("export", *(shard.fingerprint for shard in shards))
        return {ALL: _Wanted(target.path.name, together, tuple(shards))}
    begin = f"{DATA}/" if file_format == HUGGINGFACE else ""
    ending = "jsonl" if file_format == JSONL else "parquet"
    return {
        one.number: _Wanted(f"{begin}shard-{one.number}.{ending}", one.fingerprint, (one,))
        for one in shards
    }


def _holds(folder: Path, held: ExportedFile, wanted: _Wanted) -> bool:
    return held.fingerprint == wanted.fingerprint and held.is_as_written(folder)


def _announce(
    target: FileTarget,
    manifest: ExportManifest,
    files: Mapping[str, _Wanted],
    kept: Mapping[str, ExportedFile],
) -> None:
    """Name every file that is there or will be, so that none is ever left behind unknown."""
    for key, file in files.items():
        if key not in kept:
            manifest.files[key] = ExportedFile(name=file.name, fingerprint="", rows=0)
        make_folder((target.folder / file.name).parent)
    manifest.version = FORMAT_VERSION
    manifest.write(target)


def _write(
    folder: Path,
    file: _Wanted,
    manifest: ExportManifest,
    told: Telling,
) -> ExportedFile:
    path, schema = folder / file.name, export_schema(manifest.dimensions)
    with replacing(path) as temporary:
        rows = write_row_file(temporary, manifest.format, schema, map(told, file.tables()))
        digest, size = file_digest_of(temporary), temporary.stat().st_size
    return ExportedFile(
        name=file.name,
        fingerprint=file.fingerprint,
        rows=rows,
        bytes=size,
        modified_ns=path.stat().st_mtime_ns,
        digest=digest,
    )


def _write_card(path: Path, manifest: ExportManifest) -> None:
    """Write the card once: from then on it is its owner's."""
    if not path.exists():
        text = dataset_card(manifest, export_schema(manifest.dimensions))
        with replacing(path) as temporary:
            temporary.write_text(text)


def _sweep(target: FileTarget) -> None:
    """Remove what an export that was killed left under temporary names."""
    for folder in {target.path.parent, target.folder, target.folder / DATA}:
        for path in folder.glob(".*.tmp"):
            if target.is_temporary(path):
                path.unlink(missing_ok=True)


def remove_files(target: FileTarget, manifest: ExportManifest) -> None:
    """Remove the files that a manifest names, and the manifest last."""
    _sweep(target)
    for file in manifest.files.values():
        (target.folder / file.name).unlink(missing_ok=True)
    if manifest.format == HUGGINGFACE:
        (target.folder / CARD).unlink(missing_ok=True)
    target.manifest.unlink(missing_ok=True)
