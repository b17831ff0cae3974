"""Export the serving version as files that any program with FAISS can read."""

from dataclasses import dataclass
from pathlib import Path

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.index.plain_faiss import write_flat
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.vector_index.serving import parts_of
from semantic_assets.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    dataset: str
    version: int
    space: str
    rows: int
    dimensions: int
    file: str
    #: Parquet: row n is vector n of the file.
    ids: str


def export_index(store: Store, dataset: DatasetKey, file: Path) -> ExportReport:
    """Write the serving version's vectors to `file`, and their ids to a Parquet file beside it.

    Raises:
        NotFound: the dataset has no index, or its files are gone.
        ConfigError: the folder of the file is not there.
    """
    if not file.parent.is_dir():
        raise ConfigError(f"there is no folder {file.parent}: make it, or name another file")
    serving = store.ledger.index_versions.serving(dataset)
    parts = parts_of(store, serving) if serving is not None else None
    if serving is None or parts is None:
        raise NotFound(f"there is no index of {dataset}: run `semantic-assets refresh`")
    ids = write_flat(parts, file)
    return ExportReport(
        dataset=str(dataset),
        version=serving.number,
        space=serving.space_id,
        rows=len(parts),
        dimensions=parts.dimensions,
        file=str(file),
        ids=str(ids),
    )
