"""The names of elements in the vocabularies of documents, and the encoding that a file names."""

import re

_CHARSET = re.compile(rb"<\?xml[^>]{1,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
_DOCUMENTS = frozenset(
    (
        *("book", "article", "chapter", "section", "sect1", "sect2", "part", "preface", "appendix"),
        *("refentry", "reference", "set", "glossary", "para", "topic", "concept", "task", "dita"),
        *("troubleshooting", "glossentry", "tei", "tei.2", "teicorpus", "rss", "feed", "rdf"),
        *("opml", "sec", "pmc-articleset", "variablelist", "simplesect", "bibliography"),
        *("colophon", "dedication", "legalnotice", "fictionbook", "glossgroup", "qandaset"),
    )
)
SECTIONS = frozenset(
    (
        *("book", "article", "chapter", "section", "sect1", "sect2", "sect3", "sect4", "sect5"),
        *("part", "preface", "appendix", "refentry", "refsect1", "refsect2", "refsect3", "set"),
        *("refsection", "simplesect", "sec", "div", "div1", "div2", "div3", "div4", "topic"),
        *("concept", "task", "reference", "item", "channel", "feed", "glossary", "tei", "tei.2"),
        *("bibliography", "ack", "app", "troubleshooting", "glossentry", "fictionbook"),
    )
)
TITLES = frozenset(("title", "head", "article-title", "refname", "glossterm", "book-title"))
#: Titles in them are of something else than the section they stand in.
_OTHERS = frozenset(
    (
        *("table", "figure", "example", "table-wrap", "fig", "caption", "note", "tip", "warning"),
        *("important", "caution", "procedure", "itemizedlist", "orderedlist", "variablelist"),
        *("biblioentry", "citation", "element-citation", "mixed-citation", "image", "formalpara"),
        *("list", "boxed-text", "sidebar", "listbibl", "bibl", "monogr", "analytic", "seriesstmt"),
        *("informaltable", "informalexample", "simplelist", "textinput", "glosslist", "ref"),
    )
)
BLOCKS = frozenset(
    (
        *("para", "simpara", "p", "formalpara", "blockquote", "l", "lg", "note", "tip", "warning"),
        *("caution", "important", "term", "figure", "example", "caption", "ab", "variablelist"),
        *("itemizedlist", "orderedlist", "ul", "ol", "dl", "list", "table", "date", "subtitle"),
        *("shortdesc", "refpurpose", "author", "pubdate", "published", "updated", "abstract"),
        *("category", "cmdsynopsis", "funcsynopsis", "epigraph", "sp", "speaker", "dt", "dd"),
        *("pub-date", "journal-title", "contrib", "aff", "kwd", "ref", "biblioentry", "bibl"),
        *("cmd", "stepresult", "context", "result", "prereq", "postreq", "publicationstmt"),
        *("sourcedesc", "keywords", "copyright", "legalnotice", "edition", "releaseinfo"),
        *("member", "question", "answer", "qandaentry", "glossdef", "quote", "cit", "v", "stanza"),
    )
)
#: Their content may be HTML, escaped.
PAGES = frozenset(("description", "summary", "content", "encoded"))
ITEMS = frozenset(("listitem", "li", "list-item", "step", "substep"))
CODE = frozenset(
    (
        *("programlisting", "screen", "literallayout", "synopsis", "codeblock", "preformat", "pre"),
        *("eg", "msgblock", "lines"),
    )
)
ROWS = frozenset(("row", "tr", "strow", "sthead", "chrow", "chhead"))
CELLS = frozenset(("entry", "td", "th", "cell", "stentry", "choption", "chdesc"))
LEFT_OUT = frozenset(
    (
        *("indexterm", "remark", "comment", "script", "style", "guid", "textclass", "binary"),
        *("journal-id", "issn", "article-id", "object-id", "revhistory", "processing-meta"),
        *("encodingdesc", "revisiondesc", "generator", "ttl", "docs", "prolog", "topicmeta"),
        *("permissions", "self-uri", "counts", "expansionstate", "link", "manvolnum", "id"),
    )
)
#: What may hold a title without being text itself.
NO_HEADING_IN = _OTHERS | BLOCKS | ITEMS | CELLS | CODE


def is_document(root: str) -> bool:
    return root in _DOCUMENTS


def declared_charset(data: bytes) -> str | None:
    """Return the encoding that an XML declaration names."""
    found = _CHARSET.match(data[:300].lstrip(b"\xef\xbb\xbf \n\r\t"))
    return found[1].decode("ascii", "replace").lower() if found else None
