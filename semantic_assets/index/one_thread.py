"""Products of a few questions on one thread: those of OpenBLAS wait actively when they are done.

A question over 1,000 rows cost 16 ms of CPU on two threads and 3.6 on one, the rest of a search
included.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy to one thread, for as long as anybody is inside; the setting is the process's."""
    global _inside
    with _lock:
        _inside += 1
        if _inside == 1:
            _set(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(_before())


def _set(threads: int) -> None:
    _before()
    for library in _blas().lib_controllers:
        library.set_num_threads(threads)


@cache
def _before() -> int:
    """Return the threads numpy had before the first product."""
    return max((library.get_num_threads() for library in _blas().lib_controllers), default=1)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
