"""A plain FAISS file for other programs: all vectors, uncompressed, in the order of the ids."""

import uuid
from pathlib import Path

import pyarrow.parquet as pq

from semantic_assets.index.files import sync
from semantic_assets.index.parts import Parts

_ID_COLUMNS = ("chunk_id", "document_id", "uri", "chunk_index", "start_char", "end_char", "page")


def write_flat(parts: Parts, file: Path) -> Path:
    """Write `file` and, beside it, the Parquet file of its ids: row n there is vector n here.

    The vectors are in memory while it is written. Returns the path of the ids.
    """
    import faiss

    flat = faiss.IndexFlatIP(parts.dimensions)
    for part in parts:
        flat.add(part.vectors)
    ids = file.with_name(f"{file.name}.ids.parquet")
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
    for target, write in (
        (ids, lambda: pq.write_table(parts.table(_ID_COLUMNS), temporary)),
        (file, lambda: faiss.write_index(flat, str(temporary))),
    ):
        write()
        sync(temporary)
        temporary.replace(target)
    return ids
