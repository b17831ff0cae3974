"""Content is kept, what surrounds it is left out, and `all` keeps both."""

import io
import time

import pytest

from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns, ReadingOptions, SourceRecord

PROSE = "The keeper opens the lower gate before the boat arrives, and closes it behind. "
ARTICLE = f"<h1>Locks</h1><p>{PROSE * 3}</p><p>{PROSE * 3}</p>"
LINKS = "".join(f"<li><a href=/{n}>Another story of number {n}</a></li>" for n in range(6))


def record_of(body: str, content: str = "main") -> SourceRecord:
    page = f"<!doctype html><html><body>{body}</body></html>".encode()
    options = ReadingOptions(html_content=content)
    [record] = read_records("a.html", io.BytesIO(page), columns=Columns(), options=options)
    assert isinstance(record, SourceRecord)
    return record


@pytest.mark.parametrize(
    "around",
    [
        "<nav>Odd words</nav>",
        "<div role=navigation>Odd words</div>",
        "<header><p>Odd words</p></header>",
        "<footer>Odd words of the footer.</footer>",
        "<div class='cookie-banner'><p>Odd words: this site stores crumbs in your browser.</p></div>",
        "<div id=cookie-consent><p>Odd words.</p></div>",
        "<section class=comments><p>Odd words, and I do not agree with them at all.</p></section>",
        "<div class='share-buttons'>Odd words</div>",
        "<ol class=breadcrumb><li>Odd words</li></ol>",
        "<a class='skip-link' href=#main>Odd words</a>",
        f"<div><h3>Odd words</h3><ul>{LINKS}</ul></div>",
        f"<aside><h2>Odd words</h2><ul>{LINKS}</ul></aside>",
        "<div role=dialog><p>Odd words: sign up for our letters, please.</p></div>",
    ],
)
@pytest.mark.parametrize(
    "form", ["<main>{}</main>{}", "<div>{}</div>{}", "{1}<article>{0}</article>"]
)
def test_surroundings_are_left_out_and_counted(around, form):
    found = record_of(form.format(ARTICLE, around))
    assert "Odd words" not in found.text
    assert found.text.count(PROSE.strip()) == 6
    assert found.left_out_chars
    whole = record_of(form.format(ARTICLE, around), "all")
    assert "Odd words" in whole.text or "role=dialog" in around
    assert whole.left_out_chars is None


@pytest.mark.parametrize(
    "part",
    [
        "<div class=note><p>Kept words.</p></div>",
        "<ul><li>Kept words</li><li>two</li></ul>",
        "<table><tr><th>Kept words<th>b<tr><td>1<td>2</table>",
        "<h2>Next</h2><p>Kept words</p>",
        "<pre>Kept words</pre>",
        f"<div class=sidebar><p>Kept words. {PROSE}</p></div>",
        f"<section id=comments><h2>Kept words</h2><p>{PROSE}</p></section>",
        "<blockquote>So it is.<footer>Kept words</footer></blockquote>",
        "<aside class=footnote><a href=#r1>[1]</a> <a href=/x>Kept words</a></aside>",
        "<figure><img alt='A gate'><figcaption>Kept words</figcaption></figure>",
        "<dl><dt>Kept words</dt><dd>meaning</dd></dl>",
    ],
)
@pytest.mark.parametrize(
    "form", ["<main>{}{}</main>", "<div><article>{}{}</article></div>", "{}{}"]
)
def test_parts_of_the_content_are_kept(part, form):
    assert "Kept words" in record_of(form.format(ARTICLE, part)).text


@pytest.mark.parametrize(
    "header",
    [
        "<header><h2>Lock rules</h2><p>Lead: no boat waits inside.</p></header>",
        "<header><p>Lead: no boat waits inside.</p></header>",
        "<div class=intro><p>Lead: no boat waits inside.</p></div>",
        "<header role=banner><nav>Menu</nav><h1>Rules</h1><p>Lead: no boat waits inside</p></header>",
        "<header><p>Lead: no boat waits inside。</p></header>",
    ],
)
def test_header_with_a_lead_is_content(header):
    text = record_of(f"{header}<div><p>{PROSE * 6}</p></div>").text
    assert "no boat waits inside" in text
    assert "Menu" not in text


def test_sections_of_a_manual_are_all_kept():
    parts = "".join(f"<div class=sect><h2>Part {n}</h2><pre>run {n}</pre></div>" for n in range(4))
    long = f"<div class=sect><h2>Notes</h2><p>{PROSE * 9}</p></div>"
    text = record_of(f"<div id=top><p>Manual</p></div>{parts}{long}").text
    assert all(f"## Part {n}\n\n```\nrun {n}" in text for n in range(4))


def test_page_of_links_keeps_them():
    assert record_of(f"<h1>Index</h1><ul>{LINKS}</ul>").text.count("Another story") == 6


@pytest.mark.parametrize(
    "title",
    [
        "<h3><button aria-expanded=false>Who opens the gate?</button></h3>",
        "<button class=accordion aria-controls=p>Who opens the gate?</button>",
        "<div role=heading aria-level=3><button>Who opens the gate?</button></div>",
        "<dl><dt><button>Who opens the gate?</button></dt></dl>",
        "<details><summary><button>Who opens the gate?</button></summary></details>",
        "<button><h4>Who opens the gate?</h4></button>",
    ],
)
def test_button_that_folds_out_a_text_is_its_title(title):
    text = record_of(f"{title}<div id=p hidden><p>The keeper does.</p></div>{ARTICLE}").text
    assert "Who opens the gate?" in text


@pytest.mark.parametrize(
    "button",
    [
        "<form><button type=submit>Send the form</button></form>",
        "<button>Cancel</button>",
        "<button class=navbar-toggler aria-expanded=false>Toggle all the things</button>",
        "<h2>Locks <button>Copy the link</button></h2>",
    ],
)
def test_button_of_a_form_is_no_text(button):
    text = record_of(f"<main>{ARTICLE}{button}</main>").text
    assert not any(words in text for words in ("Send", "Cancel", "Toggle", "Copy"))


@pytest.mark.parametrize(
    "panel",
    [
        "<div id=p hidden>Folded words</div>",
        "<div id=p style='display:none'>Folded words</div>",
        "<div role=region hidden>Folded words</div>",
        "<div class='collapse' aria-hidden=true>Folded words</div>",
        "<div hidden=until-found>Folded words</div>",
    ],
)
def test_what_is_only_folded_up_is_text(panel):
    button = "<h3><button aria-expanded=false aria-controls=p>More</button></h3>"
    assert "Folded words" in record_of(f"<main>{ARTICLE}{button}{panel}</main>").text


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>Unseen</p>",
        "<p style='color:red; display : none'>Unseen</p>",
        "<p style='visibility:hidden'>Unseen</p>",
        "<span aria-hidden=true>Unseen</span>",
        "<template><p>Unseen</p></template>",
        "<noscript>Unseen</noscript>",
        "<div class='modal' aria-hidden=true>Unseen</div>",
    ],
)
@pytest.mark.parametrize("content", ["main", "all"])
def test_what_nobody_sees_is_no_text(hidden, content):
    assert "Unseen" not in record_of(f"<main>{ARTICLE}{hidden}</main>", content).text


def test_page_that_its_scripts_would_show_is_read_as_it_is():
    assert record_of("<div></div><noscript><p>Read this</p></noscript>").text == "Read this"
    assert record_of("<div style='visibility:hidden'><p>Read this</p></div>").text == "Read this"


def test_content_of_a_component_is_text():
    component = "<x-card><template shadowrootmode=open><p>Inner</p></template></x-card>"
    assert "Inner" in record_of(component).text


@pytest.mark.parametrize(
    "piece",
    [
        "<sup>",
        "<pre>",
        "<b>",
        "<button>",
        "<figure><img alt='Two gates'>",
        "<span class=katex-html>",
    ],
)
def test_page_takes_time_in_proportion(piece):
    started = time.process_time()
    record_of(f"<main>{ARTICLE}{piece * 3_000}</main>")
    assert time.process_time() - started < 3
