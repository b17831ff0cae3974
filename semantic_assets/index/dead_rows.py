"""The dead rows of a part: those that a version no longer has, although the files still hold them.

A part is linked from version to version. What changed in between is one file of row numbers, which
belongs to one version; its digest is in the version's description.
"""

from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import numpy as np

from semantic_assets.index.ranking import Numbers
from semantic_assets.system.durable import replacing

DEAD_ROWS = "dead_rows.npy"


def write_dead_rows(folder: Path, live: Numbers, rows: int) -> str:
    """Write which of a part's rows are dead, durably, and return the digest; "": none is."""
    dead = np.setdiff1d(np.arange(rows, dtype=np.int32), live, assume_unique=True)
    if not len(dead):
        return ""
    content = BytesIO()
    np.save(content, dead)
    with replacing(folder / DEAD_ROWS) as temporary:
        temporary.write_bytes(content.getvalue())
    return _digest(content.getvalue())


def live_rows(folder: Path, rows: int, digest: str) -> Numbers | None:
    """Return the numbers of a part's live rows, ascending; None: all are.

    Raises:
        ValueError: the file of dead rows is not the one that was written for the version.
    """
    if not digest:
        return None
    content = (folder / DEAD_ROWS).read_bytes()
    if _digest(content) != digest:
        raise ValueError(f"{folder.name}/{DEAD_ROWS} is not as it was written")
    is_live = np.ones(rows, np.bool_)
    is_live[np.load(BytesIO(content))] = False
    return np.flatnonzero(is_live)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
