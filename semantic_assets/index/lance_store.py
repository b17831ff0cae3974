"""The place of Lance tables, a folder or an object store. Lance's errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from semantic_assets.errors import NotFound, SetupError, TransientError

if TYPE_CHECKING:  # an extra, and importing it takes 3 CPU seconds
    from lancedb.db import LanceDBConnection
    from lancedb.table import Table


def require_lance() -> None:
    """Say how to install Lance where it is missing.

    Raises:
        SetupError: it is.
    """
    if find_spec("lancedb") is None:
        raise SetupError(
            "Lance is not installed: install it with `pip install semantic-assets[lance]`"
        )


@dataclass(frozen=True, slots=True)
class LanceStore:
    """The place of Lance tables: a folder, or an s3:// or gs:// URL."""

    uri: str | None = field(default=None, repr=False)
    #: Storage options of Lance, which reads missing ones from AWS_* and GOOGLE_*.
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """The address without its secrets."""
        parsed = urlsplit(self.uri or "")
        if not parsed.netloc:
            return str(self.uri)
        return f"{parsed.scheme}://{parsed.netloc.rpartition('@')[2]}{parsed.path}"

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Convert Lance's errors to ours; every use of Lance runs inside it.

        Raises:
            TransientError: the store does not answer, or refuses.
        """
        try:
            yield
        # Lance has no own errors; a refused connection may be any of these.
        except (OSError, RuntimeError, ValueError) as error:
            raise TransientError(
                f"Lance at {self.shown} failed: {type(error).__name__}; see that the address is "
                "there, that it takes the keys, and that there is room"
            ) from error

    def connect(self) -> "LanceDBConnection":
        """Connect to the store.

        Raises:
            SetupError: no address is set, or Lance is not installed.
        """
        if not self.uri:
            raise SetupError("the index is in Lance: set SEMANTIC_ASSETS_LANCE_URL")
        try:
            import lancedb
        except ImportError as error:
            raise SetupError(
                "the index is in Lance: install it with `pip install semantic-assets[lance]`"
            ) from error
        with self.asked():
            opened = lancedb.connect(self.uri, storage_options=dict(self.options))
        return cast("LanceDBConnection", opened)

    def open(self, name: str) -> "Table":
        """Open a table in its current state: later writes do not show.

        Raises:
            NotFound: the table is missing.
        """
        database = self.connect()
        with self.asked():
            try:
                return database.open_table(name)
            except ValueError as error:
                if f"Table '{name}' was not found" not in str(error):
                    raise
        raise NotFound(
            f"Lance at {self.shown} has no table {name}: run `semantic-assets index build` for "
            "the dataset"
        )
