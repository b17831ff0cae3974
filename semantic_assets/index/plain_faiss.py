"""A plain FAISS file for other programs: all vectors, uncompressed, in the order of the ids."""

from pathlib import Path

import pyarrow.parquet as pq

from semantic_assets.index.parts import Parts
from semantic_assets.system.durable import replacing

_ID_COLUMNS = ("chunk_id", "document_id", "uri", "chunk_index", "start_char", "end_char", "page")


def write_flat(parts: Parts, file: Path) -> Path:
    """Write `file` and a Parquet file of its ids beside it: row n is the id of vector n.

    The vectors are in memory during the writing. Returns the path of the ids.
    """
    import faiss

    flat = faiss.IndexFlatIP(parts.dimensions)
    for part in parts:
        flat.add(part.vectors)
    ids = file.with_name(f"{file.name}.ids.parquet")
    with replacing(ids) as temporary:
        pq.write_table(parts.table(_ID_COLUMNS), temporary)
    with replacing(file) as temporary:
        faiss.write_index(flat, str(temporary))
    return ids
