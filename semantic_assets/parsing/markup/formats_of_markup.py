"""The formats of marked text by their suffixes: MIME type and reader."""

from collections.abc import Callable
from functools import cache

from semantic_assets.parsing.text import ReadDocument

_Reader = Callable[[bytes], ReadDocument]
_Format = tuple[str, _Reader]


@cache
def _readers() -> dict[str, _Reader]:
    """Import the readers, with the first file of any: a listing needs the suffixes alone."""
    from semantic_assets.parsing.markup.asciidoc import read_asciidoc
    from semantic_assets.parsing.markup.latex import read_latex
    from semantic_assets.parsing.markup.notebooks import read_notebook
    from semantic_assets.parsing.markup.org import read_org
    from semantic_assets.parsing.markup.restructured import read_restructured
    from semantic_assets.parsing.markup.subtitles import read_substation, read_subtitles
    from semantic_assets.parsing.markup.xml_text import read_svg, read_xml

    return {
        "text/x-rst": read_restructured,
        "text/asciidoc": read_asciidoc,
        "application/x-tex": read_latex,
        "text/x-ssa": read_substation,
        "application/xml": read_xml,
        "text/x-org": read_org,
        "application/x-ipynb+json": read_notebook,
        "application/x-subrip": read_subtitles,
        "text/vtt": read_subtitles,
        "text/x-sbv": read_subtitles,
        "image/svg+xml": read_svg,
    }


def _format(mime: str) -> _Format:
    return mime, lambda content: _readers()[mime](content)


_XML = _format("application/xml")

MARKUP: dict[str, _Format] = {
    **dict.fromkeys((".rst", ".rest"), _format("text/x-rst")),
    **dict.fromkeys((".adoc", ".asciidoc"), _format("text/asciidoc")),
    **dict.fromkeys((".tex", ".ltx", ".latex"), _format("application/x-tex")),
    **dict.fromkeys((".ass", ".ssa"), _format("text/x-ssa")),
    **dict.fromkeys((".xml", ".dbk", ".docbook", ".dita", ".ditamap", ".nxml", ".tei"), _XML),
    **dict.fromkeys((".rss", ".atom", ".opml", ".plist", ".rdf", ".kml", ".gpx", ".xmp"), _XML),
    ".org": _format("text/x-org"),
    ".ipynb": _format("application/x-ipynb+json"),
    ".srt": _format("application/x-subrip"),
    ".vtt": _format("text/vtt"),
    ".sbv": _format("text/x-sbv"),
    ".svg": _format("image/svg+xml"),
}
