"""The events of an XML file by expat, which reads no other file and bounds what entities unfold."""

import html.entities
from collections.abc import Iterator
from typing import Protocol
from xml.parsers import expat

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.parsing.records import MAX_TEXT_BYTES, Unreadable

_MAX_DEPTH = 10_000
_PIECE_CHARS = 1 << 20
_NO_CONTENT = ("xmlns", "xml:", "xsi:")


class Writer(Protocol):
    """What takes the events; names come without their namespaces."""

    out: list[str]
    title: str | None

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


class _RootFound(SemanticAssetsError):
    pass


class _Root:
    """Stops at the first element."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.title: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        raise _RootFound(name)

    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


def root_of(source: str) -> str:
    """Return the name of the root element; none if the XML is damaged before it."""
    try:
        Events(_Root()).run(source)
    except _RootFound as found:
        return str(found)
    return ""


class Events:
    """One pass of expat over a decoded file."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._depth, self._chars = writer, 0, 0
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE)
        parser.UseForeignDTD(True)  # else an entity of a DTD that is not here would be an error
        parser.ExternalEntityRefHandler = self._nothing_outside
        parser.EntityDeclHandler = self._declared
        parser.SkippedEntityHandler = self._skipped
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._text
        self._parser = parser

    def run(self, source: str) -> str | None:
        """Parse all of it; return what is wrong with it, None if nothing is."""
        try:
            for piece in _pieces(source):
                self._parser.Parse(piece, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            return f"XML is not well-formed at line {error.lineno} ({what}): mend it there"
        return None

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unreadable("its elements are nested too deeply: flatten it")
        kept = {
            _local(key): text for key, text in attributes.items() if not key.startswith(_NO_CONTENT)
        }
        self._writer.start(_local(name), kept)

    def _ended(self, name: str) -> None:
        self._depth -= 1
        self._writer.end(_local(name))

    def _text(self, data: str) -> None:
        self._chars += len(data)
        if self._chars > MAX_TEXT_BYTES:
            raise Unreadable(f"its text is over {MAX_TEXT_BYTES >> 20} MB: split it")
        self._writer.text(data)

    def _declared(self, name: str, _is_parameter: int, value: str | None, *_: object) -> None:
        if value is not None and ("&" in value or "%" in value):
            raise Unreadable(f"its entity {name[:50]} is made of others: write out its entities")

    def _nothing_outside(self, context: str | None, *_: object) -> int:
        """Read nothing in the place of a DTD or a file: names in it are then left to us."""
        self._parser.ExternalEntityParserCreate(context).Parse(b"", True)
        return 1

    def _skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._text(html.entities.html5.get(f"{name};", f"&{name};"))


def _pieces(source: str) -> Iterator[bytes]:
    for start in range(0, len(source), _PIECE_CHARS):
        yield source[start : start + _PIECE_CHARS].encode("utf-8", "replace")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
