"""XML: documents as Markdown-like text, other XML as named values."""

import pytest


def _text(read, content: str, name: str = "a.xml") -> str:
    [record] = read(name, content)
    assert record.parse_status == "ok", record.parse_error
    assert record.parse_error is None
    return record.text


def test_docbook_is_read_with_headings_code_lists_and_tables(read):
    content = (
        '<?xml version="1.0"?><!DOCTYPE book PUBLIC "-//X" "http://x.invalid/x.dtd"'
        ' [<!ENTITY v "1.2">]>\n<book xmlns:d="u"><title>Kilns &v;</title><chapter><title>Firing'
        "</title><para>Very <emphasis>hot</emphasis> &mdash; &nbsp;dry.</para><programlisting>\n# no\n"
        "  x</programlisting><itemizedlist><listitem><para>a</para></listitem><listitem><para>b"
        "</para></listitem></itemizedlist><table><title>Limits</title><tgroup><thead><row><entry>Part"
        "</entry><entry>At</entry></row></thead><tbody><row><entry/><entry>3</entry></row></tbody>"
        "</tgroup></table><note><para>Mind.</para></note><sect1><title>Cold</title><para>z</para>"
        "</sect1></chapter></book>"
    )
    [record] = read("a.xml", content)
    assert record.text == (
        "# Kilns 1.2\n\n## Firing\n\nVery hot — dry.\n\n```\n# no\n  x\n```\n\n- a\n- b\n\nLimits\n\n"
        "| Part | At |\n| --- | --- |\n|  | 3 |\n\nNote: Mind.\n\n### Cold\n\nz"
    )
    assert (record.title, record.parse_error) == ("Kilns 1.2", None)


def test_dita_topic(read):
    content = (
        '<topic id="a"><title>Kiln</title><prolog>no</prolog><shortdesc>Hot.</shortdesc><body><p>x'
        "</p><ol><li>one</li></ol><codeblock>y</codeblock></body></topic>"
    )
    assert _text(read, content, "a.dita") == "# Kiln\n\nHot.\n\nx\n\n- one\n\n```\ny\n```"


def test_jats_article(read):
    content = (
        "<article><front><journal-meta><journal-title>J</journal-title><issn>1</issn></journal-meta>"
        "<article-meta><title-group><article-title>Kilns</article-title></title-group><abstract><p>We"
        " fire.</p></abstract></article-meta></front><body><sec><title>Methods</title><p>Heat.</p>"
        "</sec></body><back><ref-list><ref><mixed-citation><article-title>Old</article-title>"
        "</mixed-citation></ref></ref-list></back></article>"
    )
    assert _text(read, content, "a.nxml") == (
        "J\n\n# Kilns\n\nWe fire.\n\n## Methods\n\nHeat.\n\nOld"
    )


def test_tei_titles_of_works_in_the_text_are_no_headings(read):
    content = (
        "<TEI><teiHeader><fileDesc><titleStmt><title>Kilns</title></titleStmt></fileDesc></teiHeader>"
        "<text><body><div><head>One</head><p>As in <title>Pots</title>.</p></div></body></text></TEI>"
    )
    assert _text(read, content) == "# Kilns\n\n## One\n\nAs in Pots."


@pytest.mark.parametrize(
    "content",
    [
        "<rss><channel><title>News</title><link>x</link><item><title>One</title><description>"
        "&lt;p&gt;Hot &lt;b&gt;kiln&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>",
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>One</title>'
        '<id>7</id><content type="html"><![CDATA[<p>Hot <b>kiln</b></p>]]></content></entry></feed>',
    ],
)
def test_feeds(read, content):
    assert _text(read, content) == "# News\n\n## One\n\nHot kiln"


def test_outline(read):
    content = (
        '<opml><head><title>Plan</title></head><body><outline text="a"><outline text="b"/></outline>'
        "</body></opml>"
    )
    assert _text(read, content, "a.opml").split() == ["#", "Plan", "-", "a", "-", "b"]


def test_other_xml_is_values_with_their_names(read):
    content = (
        '<kilns xmlns:x="u"><kiln id="3" x:kind="gas"><maxHeat>1200</maxHeat></kiln>'
        '<kiln><name xml:lang="de">Ofen</name></kiln><part name="seal"/></kilns>'
    )
    assert _text(read, content) == (
        "kiln (id=3, kind=gas)\nmaxHeat: 1200\n\nname: Ofen\n\npart (name=seal)"
    )


def test_damaged_xml_keeps_what_stands_before_the_damage_and_says_where(read):
    [record] = read("a.xml", "<book><title>Kilns</title>\n<para>Hot.</para>\n<para>lost</book>")
    assert record.text.startswith("# Kilns\n\nHot.")
    assert "not well-formed at line 3 (mismatched tag)" in record.parse_error
    [record] = read("b.xml", "no xml at all")
    assert (record.parse_status, "line 1" in record.parse_error) == ("failed", True)


def test_xml_without_text_says_so(read):
    assert "no text" in read("a.xml", "<a><b/></a>")[0].parse_error


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252"])
def test_declared_encoding_is_used(read, declared):
    content = f'<?xml version="1.0" encoding="{declared}"?><a><b>Wärme</b></a>'.encode("cp1252")
    [record] = read("a.xml", content)
    assert record.text == "b: Wärme"


def test_entity_without_a_document_type_is_its_sign(read):
    assert _text(read, "<para>a &tau; b &unknown; c</para>") == "a τ b &unknown; c"


def test_nothing_outside_the_file_is_read(read, tmp_path):
    (tmp_path / "secret").write_text("secret words")
    content = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{tmp_path}/secret">]><a><b>see &x;</b></a>'
    assert _text(read, content) == "b: see"


def test_words_of_a_drawing_are_read(read):
    content = (
        '<svg xmlns="http://www.w3.org/2000/svg"><title>Kiln</title><style>.a{}</style><desc>A plan.'
        "</desc><g><text><tspan>Hot</tspan><tspan>side</tspan></text></g></svg>"
    )
    [record] = read("a.svg", content)
    assert (record.text, record.title) == ("Kiln\nA plan.\nHot side", "Kiln")


def test_drawing_without_words_says_how_it_is_described(read):
    [record] = read("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')
    assert record.parse_error == "the drawing has no text: save it as PNG to have it described"


def test_xhtml_in_xml_is_read_as_a_page(read):
    content = (
        '<?xml version="1.0"?><html><head><title>Kiln</title></head><body><p>Hot.</p></body></html>'
    )
    assert _text(read, content) == "Hot."
