"""Files of an index version that cannot be opened as they were written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from semantic_assets.errors import BrokenFile

#: index/<project>/<dataset>/<space>/<number>
_LEVELS = 5
_TROUBLES = (ValueError, TypeError, KeyError, EOFError, OSError, RuntimeError, pa.ArrowException)


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """Name the version when something in its folder is cut off, empty or of another part.

    Raises:
        BrokenFile: it has to be built again.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except _TROUBLES as error:
        raise broken_index(folder, str(error).partition("\n")[0]) from error


def broken_index(folder: Path, why: str) -> BrokenFile:
    """Return the error for an index version that has to be built again."""
    path = "/".join(folder.parts[-_LEVELS:])
    dataset = "/".join(folder.parts[-_LEVELS:][1:3])
    return BrokenFile(
        f"{path} is broken ({why}): `semantic-assets index build {dataset}` makes it again at no cost",
        path=path,
        why=why,
    )
