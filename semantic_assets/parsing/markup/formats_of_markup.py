"""The formats of marked text by their suffixes: MIME type and reader."""

from collections.abc import Callable

from semantic_assets.parsing.markup.asciidoc import read_asciidoc
from semantic_assets.parsing.markup.latex import read_latex
from semantic_assets.parsing.markup.notebooks import read_notebook
from semantic_assets.parsing.markup.org import read_org
from semantic_assets.parsing.markup.restructured import read_restructured
from semantic_assets.parsing.markup.subtitles import read_substation, read_subtitles
from semantic_assets.parsing.markup.xml_text import read_svg, read_xml
from semantic_assets.parsing.text import ReadDocument

_Format = tuple[str, Callable[[bytes], ReadDocument]]
_RST: _Format = ("text/x-rst", read_restructured)
_ASCIIDOC: _Format = ("text/asciidoc", read_asciidoc)
_LATEX: _Format = ("application/x-tex", read_latex)
_XML: _Format = ("application/xml", read_xml)
_SUBSTATION: _Format = ("text/x-ssa", read_substation)

MARKUP: dict[str, _Format] = {
    **dict.fromkeys((".rst", ".rest"), _RST),
    **dict.fromkeys((".adoc", ".asciidoc"), _ASCIIDOC),
    **dict.fromkeys((".tex", ".ltx", ".latex"), _LATEX),
    **dict.fromkeys((".ass", ".ssa"), _SUBSTATION),
    **dict.fromkeys((".xml", ".dbk", ".docbook", ".dita", ".ditamap", ".nxml", ".tei"), _XML),
    **dict.fromkeys((".rss", ".atom", ".opml", ".plist", ".rdf", ".kml", ".gpx", ".xmp"), _XML),
    ".org": ("text/x-org", read_org),
    ".ipynb": ("application/x-ipynb+json", read_notebook),
    ".srt": ("application/x-subrip", read_subtitles),
    ".vtt": ("text/vtt", read_subtitles),
    ".sbv": ("text/x-sbv", read_subtitles),
    ".svg": ("image/svg+xml", read_svg),
}
