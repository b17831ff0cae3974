"""Files in a compound container (OLE): .doc, .ppt, .xls, .msg, and .docx with a password."""

import io
from typing import TYPE_CHECKING

from semantic_assets.parsing.records import Unreadable

if TYPE_CHECKING:
    from olefile import OleFileIO

_MAX_STREAM_BYTES = 128 << 20


class Compound:
    """The streams of a compound file by name, each within bounds."""

    def __init__(self, data: bytes) -> None:
        import olefile

        try:
            self._file: OleFileIO = olefile.OleFileIO(io.BytesIO(data))
            found = self._file.listdir(streams=True, storages=False)
        except (OSError, ValueError, IndexError, TypeError, RecursionError) as error:
            raise Unreadable("it is cut short or damaged: copy it again") from error
        self.names = ["/".join(path) for path in found]

    def read(self, name: str) -> bytes | None:
        """Return a stream; None if there is none."""
        if name not in self.names:
            return None
        try:
            if self._file.get_size(name) > _MAX_STREAM_BYTES:
                raise Unreadable(f"its part is over {_MAX_STREAM_BYTES >> 20} MB: split it")
            return bytes(self._file.openstream(name).read())
        except (OSError, ValueError, IndexError) as error:
            raise Unreadable(f"its part {name[:100]} is damaged: copy the file again") from error

    def title(self) -> tuple[str | None, dict[str, str]]:
        """Return the title and the author in the file's properties."""
        try:
            found = self._file.get_metadata()
        except Exception:  # of properties that are damaged in any way, nothing is needed
            return None, {}
        title, author = (_decoded(one, found.codepage) for one in (found.title, found.author))
        return title or None, {"author": author} if author else {}


def _decoded(value: object, codepage: int | None) -> str:
    if not isinstance(value, bytes):
        return str(value or "").strip("\0 ")
    # The property is signed, and 65001 does not fit: it stands there as a negative number.
    number = (codepage or 1252) & 0xFFFF
    try:
        return value.decode("utf-8" if number == 65001 else f"cp{number}", "replace").strip("\0 ")
    except LookupError:
        return value.decode("cp1252", "replace").strip("\0 ")
