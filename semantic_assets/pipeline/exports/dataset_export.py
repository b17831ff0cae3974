"""Export a dataset's serving version as a flat table, of which only changed shards are written."""

from dataclasses import dataclass

from semantic_assets.errors import ConfigError
from semantic_assets.index.lance_store import require_lance
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.exports.export_manifest import (
    ExportManifest,
    alone_in,
    read_export_manifest,
    require_same_export,
)
from semantic_assets.pipeline.exports.export_progress import Telling, Written
from semantic_assets.pipeline.exports.export_target import (
    LANCE,
    PARQUET,
    POSTGRES,
    FileTarget,
    file_target,
    is_database,
)
from semantic_assets.pipeline.exports.file_export import export_to_files, remove_files
from semantic_assets.pipeline.exports.lance_export import export_to_lance, remove_lance
from semantic_assets.pipeline.exports.postgres_address import postgres_address
from semantic_assets.pipeline.exports.postgres_export import export_to_postgres
from semantic_assets.pipeline.exports.shard_rows import ServedRows, served_rows
from semantic_assets.store import Store
from semantic_assets.system.durable import make_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTable:
    dataset: str
    version: int
    space: str
    dimensions: int
    format: str
    #: Without the secrets of an address.
    target: str
    rows: int
    shards_written: int
    shards_kept: int
    shards_removed: int
    #: Written rows whose numbers are rounded to 16 bits: `embeddings` no longer has their vectors.
    rounded: int


def export_dataset(
    store: Store,
    dataset: DatasetKey,
    target: str,
    *,
    wanted_format: str | None = None,
    table: str | None = None,
    index: bool = False,
    replace: bool = False,
) -> ExportedTable:
    """Bring a target to what the serving version of a dataset has.

    Args:
        wanted_format: None: by the shape of the target, or as it was before.
        table: in Postgres; None: named after the dataset.
        index: in Postgres: make an HNSW index of the vectors.
        replace: write anew, also over an export of something else.

    Raises:
        NotFound: the dataset has no index.
        ConfigError: the target is none, or holds something else.
        Conflict: another export writes to the target.
    """
    rows = served_rows(store, dataset)
    if is_database(target):
        if wanted_format:
            raise ConfigError("--format is for files and folders: leave it out for Postgres")
        address = postgres_address(target, dataset, table)
        told = Telling(store.report_progress, address.shown)
        written = export_to_postgres(address, rows, told, index=index, replace=replace)
        return _report(rows, written, POSTGRES, address.shown)
    if table or index:
        raise ConfigError("--table and --index are for postgresql://: leave them out")
    place = file_target(target, wanted_format)
    told = Telling(store.report_progress, place.path.name)
    read_export_manifest(place)  # nothing is made beside something that is no export
    make_folder(place.folder)
    with alone_in(place.folder):
        manifest = _manifest(place, rows, replace=replace)
        export = export_to_lance if manifest.format == LANCE else export_to_files
        written = export(place, manifest, rows.shards, told)
    return _report(rows, written, manifest.format, str(place.path))


def _manifest(target: FileTarget, rows: ServedRows, *, replace: bool) -> ExportManifest:
    """Return what the target holds of these rows: nothing of them, if it is new."""
    held = read_export_manifest(target)
    wanted = ExportManifest(
        format=target.format or (held.format if held else PARQUET),
        dataset=str(rows.version.dataset),
        space=rows.version.space_id,
        dimensions=rows.dimensions,
    )
    if wanted.format == LANCE:
        require_lance()
    if held is None:
        return wanted
    if not replace:
        require_same_export(held, wanted, str(target.path))
        return held
    (remove_lance if held.format == LANCE else remove_files)(target, held)
    return wanted


def _report(rows: ServedRows, written: Written, form: str, shown: str) -> ExportedTable:
    return ExportedTable(
        dataset=str(rows.version.dataset),
        version=rows.version.number,
        space=rows.version.space_id,
        dimensions=rows.dimensions,
        format=form,
        target=shown,
        rows=len(rows),
        shards_written=written.written,
        shards_kept=written.kept,
        shards_removed=written.removed,
        rounded=rows.rounded,
    )
