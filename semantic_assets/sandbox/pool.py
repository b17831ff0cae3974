"""The reading children of this process: warm, few, and replaced when they end."""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from semantic_assets.sandbox.process import ReadingChild

#: Each may hold as much memory as its file's limit; further readings wait for their turn.
MAX_CHILDREN = max(4, 2 * (os.cpu_count() or 1))


class ChildPool:
    """Children started as they are needed; those that ended are not given out again."""

    def __init__(self) -> None:
        #: How far children stand back for this process's own work, as `nice` counts: a server's do.
        self.niceness = 0
        self._idle: list[ReadingChild] = []
        self._unlock()

    def pids(self) -> list[int]:
        """Return the ids of the idle children."""
        with self._lock:
            return [child.pid for child in self._idle]

    @contextmanager
    def child(self) -> Iterator[ReadingChild]:
        """Provide a child for one file.

        Raises:
            OSError: none can be started.
        """
        with self._places:
            child = self._take() or ReadingChild(self.niceness)
            try:
                yield child
            finally:
                if child.is_idle:
                    with self._lock:
                        self._idle.append(child)
                else:
                    child.kill()

    def close(self) -> None:
        """End the idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()

    def forget(self) -> None:
        """Begin anew in a process made by a fork: the children are its parent's."""
        for child in self._idle:
            child.forget()
        self._idle = []
        self._unlock()

    def _unlock(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_CHILDREN)

    def _take(self) -> ReadingChild | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


POOL = ChildPool()
atexit.register(POOL.close)
os.register_at_fork(after_in_child=POOL.forget)
