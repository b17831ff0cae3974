"""Export the serving version as files that any program with FAISS can read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from semantic_assets.errors import ConfigError, NotFound
from semantic_assets.index.parts import Part
from semantic_assets.index.plain_faiss import write_flat
from semantic_assets.index.ranking import Vectors
from semantic_assets.lake import layout
from semantic_assets.ledger.index_versions import IndexVersion
from semantic_assets.model.keys import DatasetKey, ShardKey
from semantic_assets.pipeline.vector_index.serving import require_parts
from semantic_assets.store import Store

#: What tells a row and its vector apart from all others of a space.
_ORIGIN = ["chunk_id", "text_hash", "batch_job_id"]
_ROWS_AT_ONCE = 2_048


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
    #: Vectors whose numbers are rounded to 16 bits: `embeddings` no longer has them.
    rounded: int = 0


def export_index(store: Store, dataset: DatasetKey, file: Path) -> ExportReport:
    """Write the serving version's vectors to `file`, and their ids to a Parquet file beside it.

    Raises:
        NotFound: the dataset has no index, or its files are gone.
        ConfigError: the folder of the file is not there.
    """
    if not file.parent.is_dir():
        raise ConfigError(f"there is no folder {file.parent}: make it, or name another file")
    serving = store.ledger.index_versions.serving(dataset)
    if serving is None:
        raise NotFound(f"there is no index of {dataset}: run `semantic-assets refresh`")
    parts = require_parts(store, serving)
    rounded: list[int] = []
    ids = write_flat(parts, (_vectors(store, serving, part, rounded) for part in parts), file)
    return ExportReport(
        dataset=str(dataset),
        version=serving.number,
        space=serving.space_id,
        rows=len(parts),
        dimensions=parts.dimensions,
        file=str(file),
        ids=str(ids),
        rounded=sum(rounded),
    )


def _vectors(store: Store, version: IndexVersion, part: Part, rounded: list[int]) -> Vectors:
    """Return the vectors of a part's rows, as they came from the model where `embeddings` has them."""
    vectors, path = part.vectors, _embeddings(version, part)
    if part.stored.scales is None:
        return vectors
    rows, is_exact = part.table(_ORIGIN), np.zeros(len(part), np.bool_)
    if store.lake.exists(path):
        with store.lake.open(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=[*_ORIGIN, "vector"]):
                place = pc.index_in(batch["chunk_id"], rows["chunk_id"].combine_chunks())
                same = pc.and_(
                    *(pc.equal(batch[name], rows[name].take(place)) for name in _ORIGIN[1:])
                )
                held = batch.append_column("place", place).filter(pc.fill_null(same, False))
                if len(held):
                    exact = held["vector"].flatten().to_numpy().reshape(len(held), -1)
                    vectors[held["place"].to_numpy()] = exact
                    is_exact[held["place"].to_numpy()] = True
    rounded.append(int((~is_exact).sum()))
    return vectors


def _embeddings(version: IndexVersion, part: Part) -> str:
    shard = ShardKey(version.dataset, int(part.shard))
    return layout.embeddings(version.space_id, shard)
