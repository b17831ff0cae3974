"""XML as Markdown-like text: documents by the names of their elements, other XML as named values.

Known are the elements of DocBook, DITA, JATS, TEI, RSS, Atom and OPML.
"""

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.encodings.mending import Decoded
from semantic_assets.parsing.html.page import read_html
from semantic_assets.parsing.markup import xml_names
from semantic_assets.parsing.markup.marked import document
from semantic_assets.parsing.markup.xml_events import Events, Writer, root_of
from semantic_assets.parsing.markup.xml_values import DrawingWriter, ValueWriter
from semantic_assets.parsing.markup.xml_writer import DocumentWriter
from semantic_assets.parsing.records import Unreadable
from semantic_assets.parsing.text import ReadDocument, also_said


def read_xml(data: bytes) -> ReadDocument:
    """Return the text of an XML file; one that ends in an error keeps what stands before it."""
    source, remark = _source(data)
    root = root_of(source).lower()
    if root == "html":
        return read_html(data)
    if root == "svg":
        return also_said(_drawing(source), remark)
    writer: Writer = DocumentWriter() if xml_names.is_document(root) else ValueWriter()
    found = _written(writer, source, "its elements have no text: exclude it in dataset.toml")
    return also_said(found, remark)


def read_svg(data: bytes) -> ReadDocument:
    """Return what is written in a drawing, and its title and description."""
    source, remark = _source(data)
    return also_said(_drawing(source), remark)


def _source(data: bytes) -> Decoded:
    text, remark = decode(data, declared=xml_names.declared_charset(data))
    return Decoded(text.lstrip(), remark)


def _drawing(source: str) -> ReadDocument:
    return _written(
        DrawingWriter(), source, "the drawing has no text: save it as PNG to have it described"
    )


def _written(writer: Writer, source: str, nothing: str) -> ReadDocument:
    error = Events(writer).run(source)
    text = "".join(writer.out)
    if not text.strip():
        raise Unreadable(error or nothing)
    return document(text, named=writer.title, heading=None)._replace(remark=error)
