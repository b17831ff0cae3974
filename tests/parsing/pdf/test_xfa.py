import pytest

from semantic_assets.parsing.records import Unreadable

_TEMPLATE = (
    '<template xmlns="http://www.xfa.org/schema/xfa-template/3.0/"><subform>'
    '<field name="t1"><caption><value><text>Name of the boat:</text></value></caption></field>'
    "</subform></template>"
)
_DATA = '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>{}</xfa:data></xfa:datasets>'


def _stream(xml: str) -> str:
    return f"<< /Length {len(xml)} >>\nstream\n{xml}\nendstream"


def _xfa(drawn, lines, data: str, *, pages: int = 1):
    return drawn(
        *[
            lines("Please wait...", f"The form is shown by another viewer {n}.")
            for n in range(pages)
        ],
        catalog="/AcroForm << /Fields [] /XFA [(template) 4 0 R (datasets) 5 0 R] >>",
        others=(_stream(_TEMPLATE), _stream(_DATA.format(data))),
    )


def test_filled_in_values_stand_behind_their_captions_and_the_placeholder_is_left_out(drawn, lines):
    data = "<form><t1>Sea Gull</t1><homePort>Bergen</homePort><empty/></form>"
    document = _xfa(drawn, lines, data)
    assert document.text == "Name of the boat: Sea Gull\nhome Port: Bergen"
    assert document.pages == (0,)
    assert document.remark.startswith("it is an XFA form")


def test_values_with_markup_are_their_words(drawn, lines):
    body = '<body xmlns="http://www.w3.org/1999/xhtml"><p>Two <b>masts</b></p><p>white</p></body>'
    assert _xfa(drawn, lines, f"<f><rig>{body}</rig></f>").text == "rig: Two masts white"


def test_an_empty_form_is_reported_and_its_placeholder_is_no_text(drawn, lines):
    with pytest.raises(Unreadable, match="XFA form without filled-in values: print it to PDF"):
        _xfa(drawn, lines, "<f><t1/></f>")


def test_broken_data_are_an_empty_form(drawn, lines):
    with pytest.raises(Unreadable, match="XFA form"):
        _xfa(drawn, lines, "<f><t1>")


def test_pages_of_an_xfa_form_that_has_real_ones_are_text(drawn, lines):
    document = _xfa(drawn, lines, "<f><t1>Sea Gull</t1></f>", pages=2)
    assert "another viewer 0" in document.text
    assert "Sea Gull" in document.text
