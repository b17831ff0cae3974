"""Memory that is free in this process, given back to the machine."""

import ctypes
import sys
from functools import cache

import pyarrow as pa


def give_back() -> None:
    """Give back what large columns left behind: allocators keep it for more of the same."""
    pa.default_memory_pool().release_unused()
    if (libc := _libc()) is not None:
        libc.malloc_trim(0)


@cache
def _libc() -> ctypes.CDLL | None:
    """Return the C library, where it is one that can give memory back."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
