"""A message in Internet format (.eml, .mht): its text under its subject, its headers as metadata.

Plain text is preferred to HTML; forwarded messages are part of the text; other attachments are named.
"""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

from semantic_assets.parsing.mail.message_parts import header, name_of, text_of
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument

_HEADERS = {"from": "From", "to": "To", "cc": "Cc", "message_id": "Message-ID"}
_MAX_DEPTH = 20
_MAX_NAMED = 20
_NESTED = "its parts are nested too deeply: save its text as .txt"
_SIGNATURES = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature"))
_LOCKED = frozenset(("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"))


def read_message(data: bytes) -> ReadDocument:
    """Return the text of a message; its attachments are named in the remark.

    Raises:
        Unreadable: it is no message, or it is encrypted.
    """
    try:
        return _read(data)
    except RecursionError as error:
        raise Unreadable(_NESTED) from error


def _read(data: bytes) -> ReadDocument:
    message = message_from_bytes(data.lstrip(b"\r\n "))
    if not message.keys():
        raise Unreadable("content does not match the file name, it is no message: save it as .txt")
    reader = _Reader()
    reader.read(message, 0)
    if reader.is_locked and not reader.texts:
        raise Unreadable("it is encrypted: decrypt it in a mail program, and save it from there")
    metadata = {key: text for key, name in _HEADERS.items() if (text := header(message, name))}
    metadata |= _date(message)
    text = "\n\n".join(filter(None, reader.texts))
    if not text and not reader.named and not header(message, "Subject"):
        raise Unreadable("message has no text")
    return ReadDocument(text, header(message, "Subject") or None, metadata, (), reader.remark())


def _date(message: Message) -> dict[str, str]:
    text = header(message, "Date")
    if not text:
        return {}
    try:
        return {"date": parsedate_to_datetime(text).isoformat()}
    except (ValueError, TypeError, IndexError, OverflowError):
        return {"date": text}


class _Reader:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.named: list[str] = []
        self.is_locked = False
        self._faults: list[str] = []

    def read(self, part: Message, depth: int) -> None:
        """Read a part with all that is in it."""
        if depth > _MAX_DEPTH:
            raise Unreadable(_NESTED)
        kind = part.get_content_type()
        if kind in _LOCKED:
            self.is_locked = True
        elif kind == "message/rfc822":
            self._forwarded(part, depth)
        elif kind == "multipart/alternative":
            self._best(part, depth)
        elif part.is_multipart():
            for inner in _parts(part):
                self.read(inner, depth + 1)
        elif kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            self._text(part)
        elif kind not in _SIGNATURES and not part.get("Content-ID"):
            self.named.append(name_of(part))

    def remark(self) -> str | None:
        """Return what was not read, and the remedy."""
        names = ", ".join(self.named[:_MAX_NAMED])
        more = len(self.named) - _MAX_NAMED
        said = f"{names}{f' and {more} more' * (more > 0)}"
        faults = [f"attachments were not read: {said}; save them as files of their own"] * bool(
            names
        )
        if self.is_locked:
            faults.append("a part is encrypted: decrypt it in a mail program")
        return "; ".join(self._faults[:5] + faults) or None

    def _text(self, part: Message) -> None:
        try:
            self.texts.append(text_of(part))
        except Unreadable as error:
            self._faults.append(str(error))

    def _best(self, part: Message, depth: int) -> None:
        """Read the first form of a text that has any: plain, else HTML, else whatever there is."""
        order = {"text/plain": 0, "text/html": 2}
        for inner in sorted(_parts(part), key=lambda one: order.get(one.get_content_type(), 1)):
            before = sum(map(len, self.texts))
            self.read(inner, depth + 1)
            if sum(map(len, self.texts)) > before:
                return

    def _forwarded(self, part: Message, depth: int) -> None:
        for inner in _parts(part):
            lines = [
                f"{name}: {text}"
                for name in ("Subject", "From", "Date")
                if (text := header(inner, name))
            ]
            self.texts.append("\n".join(["Forwarded message:", *lines]))
            self.read(inner, depth + 1)


def _parts(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    for inner in payload if isinstance(payload, list) else ():
        if isinstance(inner, Message):
            yield inner
