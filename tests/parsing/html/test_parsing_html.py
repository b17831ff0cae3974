import pytest

PUMP = "\u043d\u0430\u0441\u043e\u0441"
FILLER = "<p>" + "word " * 50 + "</p>"


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one <p>two</p> three</div>", "one\n\ntwo\n\nthree"),
        ("a <b> bold</b>\n word<i>s</i>", "a bold words"),
        ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
        ("<h1>Top</h1>text<h3>Deep <br> <em>er</em></h3>", "# Top\n\ntext\n\n### Deep er"),
        ("<h2></h2><p>text</p>", "text"),
        ("<ul><li>one<li><p>two</p><li></ul>end", "- one\n\n- two\n\nend"),
        ("<ol><li>one</li>\n<li>two</li></ol>", "- one\n- two"),
        ("<p>a</p><pre>\n# x\n   y  z\n</pre><p>b</p>", "a\n\n```\n# x\n   y  z\n```\n\nb"),
        ("&lt;tag&gt; &amp; &eacute;&#x43f;", "<tag> & éп"),
        ("<dl><dt>term<dd>meaning</dl>", "term\nmeaning"),
        ("a<!-- comment -->b", "ab"),
        ("net<wbr>work", "network"),
        ("costs <del>ten</del> <ins>nine</ins>", "costs ~~ten~~ nine"),
        ("<ruby>鉄<rp>(</rp><rt>てつ</rt><rp>)</rp></ruby>橋", "鉄橋"),
        ("<h2>Use<a class=headerlink href=#use>¶</a></h2>", "## Use"),
        (
            "<div role=heading aria-level=3>Sub</div>x<p role=heading>No level</p>",
            "### Sub\n\nx\n\n## No level",
        ),
        ("<details><summary>More</summary>Folded</details>", "More\nFolded"),
        (
            "<script>x()</script><style>p{}</style><noscript>n</noscript>"
            "<template><p>t</p></template><svg><text>s</text></svg>kept",
            "kept",
        ),
    ],
)
def test_markup_becomes_text(read, body, text):
    [record] = read("a.html", page(body))
    assert (record.text, record.mime) == (text, "text/html")


def test_what_surrounds_a_page_is_left_out(read):
    body = "<nav>Menu</nav><header>Banner</header>" + FILLER + "<footer>Imprint</footer>"
    [record] = read("a.htm", page(body))
    assert record.text == ("word " * 50).strip()


def test_header_that_heads_an_article_or_holds_the_h1_stays(read):
    body = "<header><h1>Title</h1></header><article><header>By Ada</header></article>" + FILLER
    [record] = read("a.html", page(body))
    assert record.text.startswith("# Title\n\nBy Ada\n\nword")


def test_page_made_of_its_surroundings_keeps_them(read):
    [record] = read("a.html", page("<nav>Menu</nav><p>short</p>"))
    assert record.text == "Menu\n\nshort"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title> The\n &amp; title </title>", "<h1>Heading</h1>", "The & title"),
        ("<title>Untitled Document</title>", "<h1>Heading</h1>", "Heading"),
        ("<title>The &lt;a&gt; element</title>", "<h1>Heading</h1>", "The <a> element"),
        ("<title>Pumps | Works</title>", "<h1>Pumps</h1>", "Pumps | Works"),
        ("<title> </title>", "x<h2>Heading</h2>", "Heading"),
        ("", "no heading", "manual"),
        ('<meta property="og:title" content="As shared">', "<h1>Heading</h1>", "As shared"),
        ("", "<svg><title>Drawing</title></svg><h2>Heading</h2>", "Heading"),
    ],
)
def test_title_is_that_of_the_page_else_its_heading_else_its_file(read, head, body, title):
    assert read("manual.html", page(body, head))[0].title == title


def test_title_from_a_heading_further_down_is_shown_only(read):
    assert read("a.html", page("<h2>Heading</h2>text"))[0].is_title_shown_only is False
    assert read("a.html", page("text<h2>Heading</h2>"))[0].is_title_shown_only is True


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("windows-1251", "cp1251", PUMP),
        ("koi8-r", "koi8-r", PUMP),
        ("iso-8859-1", "cp1252", "“é”"),
        ("gb2312", "gb18030", "水泵镕"),
        ("no-such-charset", "utf-8", PUMP),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        '<meta charset="{}">',
        "<META http-equiv=content-type content='text/html; charset={}'>",
    ],
)
def test_charset_of_the_meta_tag_counts(read, label, encoding, text, form):
    content = page(text, form.format(label)).encode(encoding)
    assert read("a.html", content)[0].text == text


def test_utf8_beats_a_meta_tag_left_over_from_before_a_conversion(read):
    content = page(PUMP, '<meta charset="windows-1251">').encode()
    assert read("a.html", content)[0].text == PUMP


def test_page_nested_deeper_than_python_calls_is_read(read):
    assert read("a.html", "<div>" * 5000 + "deep")[0].text == "deep"


def test_page_without_text_fails(read):
    assert read("a.html", page("<script>x()</script>"))[0].parse_error == "document has no text"
