"""Key indexes of one's own: what may not write those of the lake completes copies of them."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from semantic_assets.lake.key_index import KeyIndex


@dataclass(slots=True)
class OwnKeyIndexes:
    """Copies, each made when it is first needed; gone when this is closed."""

    _folder: "TemporaryDirectory[str] | None" = None
    _copies: dict[str, KeyIndex] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, product_id: str) -> KeyIndex | None:
        """None where nothing had to be completed yet."""
        return self._copies.get(product_id)

    def copy(self, product_id: str, of: KeyIndex) -> KeyIndex:
        """Return the copy; make it if there is none yet."""
        with self._lock:
            if product_id not in self._copies:
                self._folder = self._folder or TemporaryDirectory(prefix="semantic-assets-")
                path = Path(self._folder.name) / f"{len(self._copies)}.sqlite3"
                self._copies[product_id] = of.copied(path)
            return self._copies[product_id]

    def close(self) -> None:
        with self._lock:
            self._copies.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None
