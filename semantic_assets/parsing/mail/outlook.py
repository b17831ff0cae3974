"""A message of Outlook (.msg): the properties of a compound file, read by their numbers."""

import re
import struct
from datetime import UTC, datetime, timedelta

from semantic_assets.parsing.html.page import read_whole_html
from semantic_assets.parsing.mail.message_parts import decoded
from semantic_assets.parsing.mail.rtf_compression import unpacked
from semantic_assets.parsing.office.binary.compound import Compound
from semantic_assets.parsing.office.rtf import read_rtf
from semantic_assets.parsing.records import normal_text
from semantic_assets.parsing.text import ReadDocument

_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_HEADERS = {"to": "0E04", "cc": "0E03", "message_id": "1035"}
_SENDER, _ADDRESSES = "0C1A", ("5D01", "0C1F")
_NAMES = ("3707", "3704", "3001")
_DATES = (0x0039, 0x0E06)
_CODEPAGES = (0x3FFD, 0x3FDE)
_HEAD_BYTES, _ENTRY_BYTES = 32, 16
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_ATTACHMENT = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}")
_MAX_NAMED = 20


def read_outlook(compound: Compound) -> ReadDocument:
    """Return the text of a message; its attachments are named in the remark."""
    message = _Message(compound)
    text = message.body()
    metadata = message.metadata()
    return ReadDocument(text, message.text(_SUBJECT) or None, metadata, (), message.remark())


class _Message:
    def __init__(self, compound: Compound) -> None:
        self._compound = compound
        self._fixed = _fixed_properties(compound.read("__properties_version1.0") or b"")
        page = next((self._fixed[one] & 0xFFFF for one in _CODEPAGES if one in self._fixed), 1252)
        self._charset = "utf-8" if page == 65001 else f"cp{page}"

    def text(self, number: str, folder: str = "") -> str:
        """Return a property of text on one line."""
        return " ".join(self._string(number, folder).split())

    def body(self) -> str:
        plain = normal_text(self._string(_BODY).replace("\0", ""))
        if plain:
            return plain
        page = self._compound.read(f"__substg1.0_{_HTML}0102") or self._string(_HTML).encode()
        if page.strip():
            return read_whole_html(page).text
        packed = self._compound.read(f"__substg1.0_{_RTF}0102")
        return read_rtf(unpacked(packed)).text if packed else ""

    def metadata(self) -> dict[str, str]:
        found = {key: self.text(number) for key, number in _HEADERS.items()}
        address = next(filter(None, map(self.text, _ADDRESSES)), "")
        name = self.text(_SENDER)
        is_address = "@" in address
        found["from"] = f"{name} <{address}>" if name and is_address else name or address
        found["date"] = next((self._date(one) for one in _DATES if one in self._fixed), "")
        return {key: value for key, value in found.items() if value}

    def remark(self) -> str | None:
        folders = {name.partition("/")[0] for name in self._compound.names}
        attached = sorted(name for name in folders if _ATTACHMENT.fullmatch(name))
        names = [
            next(filter(None, (self.text(one, f"{folder}/") for one in _NAMES)), "a message")
            for folder in attached
        ]
        if not names:
            return None
        more = f" and {len(names) - _MAX_NAMED} more" * (len(names) > _MAX_NAMED)
        said = ", ".join(name[:100] for name in names[:_MAX_NAMED])
        return f"attachments were not read: {said}{more}; save them as files of their own"

    def _string(self, number: str, folder: str = "") -> str:
        wide = self._compound.read(f"{folder}__substg1.0_{number}001F")
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._compound.read(f"{folder}__substg1.0_{number}001E") or b""
        return decoded(narrow, self._charset).rstrip("\0") if narrow else ""

    def _date(self, number: int) -> str:
        try:
            return (_EPOCH + timedelta(microseconds=self._fixed[number] // 10)).isoformat()
        except OverflowError:
            return ""


def _fixed_properties(data: bytes) -> dict[int, int]:
    """Return the properties that are numbers, by their own number."""
    found: dict[int, int] = {}
    for place in range(_HEAD_BYTES, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        kind, number, _, value = struct.unpack_from("<HHIQ", data, place)
        if kind in (0x0003, 0x0040):  # a number of 32 bits, a time
            found[number] = value if kind == 0x0040 else value & 0xFFFFFFFF
    return found
