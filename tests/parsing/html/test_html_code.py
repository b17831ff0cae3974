"""What is code or text is never taken for a heading or a fence."""

import pytest

from semantic_assets.parsing.text import first_heading


def text_of(read, body: str) -> str:
    [record] = read("a.html", f"<!doctype html><html><body>{body}</body></html>")
    return record.text


@pytest.mark.parametrize(
    "body",
    [
        "<pre># set it up\nmake</pre>",
        "<pre><code class=language-sh># set it up\nmake</code></pre>",
        "<pre>```\n# set it up\n```</pre>",
        "<div class=highlight><pre><span class=c1># set it up</span>\nmake</pre></div>",
        "<p># set it up</p>",
        "<p>first<br># set it up</p>",
        "<p><code># set it up</code></p>",
        "<p>set it up<br>=====</p>",
        "<table><tr><td># set it up<td>make</table>",
        "<textarea># set it up</textarea><p>x</p>",
        "<p>#<b> set it up</b></p>",
    ],
)
def test_hash_in_code_or_text_is_no_heading(read, body):
    assert first_heading(text_of(read, body)) is None


@pytest.mark.parametrize(
    ("code", "fence"), [("a\n````\nb", "~~~"), ("a\n~~~\nb", "```"), ("~~~\n````", "`````")]
)
def test_code_does_not_end_its_fence(read, code, fence):
    assert text_of(read, f"<pre>{code}</pre>") == f"{fence}\n{code}\n{fence}"


def test_fence_in_text_begins_no_code(read):
    assert text_of(read, "<p>```</p><h2>Next</h2>") == "\\```\n\n## Next"


def test_code_in_a_list_is_a_block_of_its_own(read):
    assert text_of(read, "<ul><li>Run<pre>make\n</pre></ul>") == "- Run\n\n```\nmake\n```"


@pytest.mark.parametrize(
    "code",
    [
        "one\ntwo",
        "one<br>two",
        "<div>one</div><div>two</div>",
        "<ol><li>one</li><li>two</li></ol>",
        "<span class=lineno>1</span>one\n<span class=lineno>2</span>two",
    ],
)
def test_lines_of_code_stay_lines_without_their_numbers(read, code):
    assert text_of(read, f"<pre>{code}</pre>") == "```\none\ntwo\n```"


def test_column_of_line_numbers_is_left_out(read):
    numbers = "<td class=linenos><pre>1\n2</pre></td>"
    table = f"<table class=highlighttable><tr>{numbers}<td><pre>one\ntwo</pre></td></table>"
    assert text_of(read, table) == "```\none\ntwo\n```"


def test_headings_inside_preformatted_text_are_headings(read):
    assert text_of(read, "<pre>Memo\n<h2>1. Scope</h2># all\n</pre>") == (
        "Memo\n\n## 1. Scope\n\n\\# all"
    )
