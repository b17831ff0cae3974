"""A plain FAISS file for other programs: all vectors, uncompressed, in the order of the ids."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from semantic_assets.index.parts import Parts
from semantic_assets.index.ranking import Vectors
from semantic_assets.system.durable import replacing

_ID_COLUMNS = ("chunk_id", "document_id", "uri", "chunk_index", "start_char", "end_char", "page")


def write_flat(parts: Parts, vectors: Iterable[Vectors], file: Path) -> Path:
    """Write `file` and a Parquet file of its ids beside it: row n is the id of vector n.

    The vectors are in memory during the writing. Returns the path of the ids.

    Args:
        vectors: those of the parts' rows, in their order.
    """
    import faiss

    flat = faiss.IndexFlatIP(parts.dimensions)
    for block in vectors:
        flat.add(block)
    ids = file.with_name(f"{file.name}.ids.parquet")
    with replacing(ids) as temporary:
        pq.write_table(parts.table(_ID_COLUMNS), temporary)
    with replacing(file) as temporary:
        faiss.write_index(flat, str(temporary))
    return ids
