"""Exports to a table of Lance: each shard that changed is merged in one commit."""

import shutil
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from semantic_assets.index.lance_store import LanceStore
from semantic_assets.pipeline.exports.export_columns import export_schema
from semantic_assets.pipeline.exports.export_manifest import (
    FORMAT_VERSION,
    ExportedFile,
    ExportManifest,
)
from semantic_assets.pipeline.exports.export_progress import Telling, Written
from semantic_assets.pipeline.exports.export_target import FileTarget
from semantic_assets.pipeline.exports.shard_rows import ShardRows

#: Of Lance, which is named by its door alone.
Table = Any


def export_to_lance(
    target: FileTarget, manifest: ExportManifest, shards: Sequence[ShardRows], told: Telling
) -> Written:
    """Bring a table to the present rows; the manifest beside it says which shards it has.

    Raises:
        TransientError: Lance failed; run again, the export goes on from there.
    """
    store = LanceStore(str(target.folder))
    is_current = manifest.version == FORMAT_VERSION
    manifest.version = FORMAT_VERSION
    manifest.write(target)
    table = _opened(store, target, export_schema(manifest.dimensions))
    with store.asked():
        kept = {
            shard.number
            for shard in shards
            if is_current and _holds(table, manifest.files.get(shard.number), shard)
        }
        gone = set(manifest.files) - {shard.number for shard in shards}
        for number in sorted(gone):
            table.delete(_of(number))
            del manifest.files[number]
        told.expect(shard for shard in shards if shard.number not in kept)
        for shard in shards:
            if shard.number not in kept:
                manifest.files[shard.number] = _merge(table, target.path.name, shard, told)
                manifest.write(target)
        manifest.write(target)
        if gone or len(kept) < len(shards):
            table.optimize()  # versions of the last week stay, for those who read them
    return Written(len(shards) - len(kept), len(kept), len(gone))


def _opened(store: LanceStore, target: FileTarget, schema: pa.Schema) -> Table:
    database = store.connect()
    with store.asked():
        return database.create_table(target.path.stem, schema=schema, exist_ok=True)


def _holds(table: Table, held: ExportedFile | None, shard: ShardRows) -> bool:
    if held is None or held.fingerprint != shard.fingerprint:
        return False
    return bool(table.count_rows(_of(shard.number)) == held.rows)


def _merge(table: Table, name: str, shard: ShardRows, told: Telling) -> ExportedFile:
    """Replace the rows of a shard; a document may have come from another one."""
    schema = export_schema(shard.dimensions)
    batches = (batch for block in shard.tables() for batch in told(block).to_batches())
    merging = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
    merging.when_not_matched_by_source_delete(_of(shard.number)).execute(
        pa.RecordBatchReader.from_batches(schema, batches)
    )
    return ExportedFile(name=name, fingerprint=shard.fingerprint, rows=len(shard))


def _of(number: str) -> str:
    return f"shard = '{number}'"


def remove_lance(target: FileTarget, manifest: ExportManifest) -> None:
    """Remove a table, and its manifest last."""
    shutil.rmtree(target.path, ignore_errors=True)
    target.manifest.unlink(missing_ok=True)
