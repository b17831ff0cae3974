"""The parts of a message as text: charsets, soft line ends, HTML, and the names of attachments."""

from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.html.page import read_whole_html
from semantic_assets.parsing.records import Unreadable, normal_text

#: As mail programs do: what is called Latin-1 is mostly the wider code page.
_WIDER = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030"}
#: As long as a hundred addresses.
_MAX_HEADER_CHARS = 4000


def text_of(part: Message) -> str:
    """Return the text of a text/plain or text/html part.

    Raises:
        Unreadable: it cannot be decoded.
    """
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if not data.strip():
        return ""
    charset = str(part.get_content_charset() or "").lower()
    text = decoded(data, charset)
    if part.get_content_type() == "text/html":
        return read_whole_html(text.encode("utf-8", "replace")).text if text.strip() else ""
    if str(part.get_param("format") or "").lower() == "flowed":
        text = _joined(text, is_deleting=str(part.get_param("delsp") or "").lower() == "yes")
    return normal_text(text.replace("\0", ""))


def decoded(data: bytes, charset: str) -> str:
    """Return text by its charset; what is valid UTF-8 and not ASCII is UTF-8 whatever it says."""
    if not data.isascii() or not charset:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode(_WIDER.get(charset, charset) or "ascii")
    except (UnicodeDecodeError, LookupError):
        pass
    try:
        return decode(data)
    except Unreadable:
        return data.decode("utf-8", "replace")  # one bad byte must not cost the message


def header(message: Message, name: str) -> str:
    """Return a header, decoded and on one line; a damaged one as it stands."""
    wanted = name.lower()
    found = (str(value) for key, value in message.raw_items() if key.lower() == wanted)
    return _header_text(next(found, ""))


def name_of(part: Message) -> str:
    """Return the name of an attachment on one line, else its type."""
    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError):  # a header that is damaged
        name = None
    return _header_text(name or part.get_content_type())[:100]


def _header_text(value: str) -> str:
    """Return a value whose encoded words (RFC 2047) are decoded."""
    raw = value[:_MAX_HEADER_CHARS].encode("utf-8", "surrogateescape")
    text = decoded(raw, "")
    try:
        pieces = decode_header(text)
    except (ValueError, HeaderParseError):
        pieces = [(text, None)]
    whole = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "raw-unicode-escape")
        for piece, charset in pieces
    )
    return " ".join(whole.replace("\0", "").split())


def _joined(text: str, *, is_deleting: bool) -> str:
    """Join lines that end softly (RFC 3676), each with its own depth of quotes."""
    lines: list[str] = []
    is_open = False
    last = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        bare = line.lstrip(">")
        quotes = line[: len(line) - len(bare)]
        bare = bare.removeprefix(" ")
        is_soft = bare.endswith(" ") and bare != "-- "
        content = bare[:-1] if is_soft and is_deleting else bare
        if is_open and quotes == last and bare != "-- ":
            lines[-1] += content
        else:
            lines.append(f"{quotes} {content}" if quotes else content)
        is_open, last = is_soft, quotes
    return "\n".join(line.rstrip() if line != "-- " else line for line in lines)
