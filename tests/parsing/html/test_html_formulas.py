"""Formulas, powers and pictures are there once, in a form that can be searched."""

import pytest


def text_of(read, body: str) -> str:
    [record] = read("a.html", f"<!doctype html><html><body><p>{body}</p></body></html>")
    return record.text


_MATHML = "<mi>F</mi><mo>=</mo><mi>m</mi><msup><mi>a</mi><mn>2</mn></msup>"
_TEX = "<annotation encoding='application/x-tex'>F=ma^2</annotation>"
_SEMANTICS = f"<math><semantics><mrow>{_MATHML}</mrow>{_TEX}</semantics></math>"


@pytest.mark.parametrize(
    "formula",
    [
        f"<math>{_MATHML}</math>",
        "<math alttext='F=ma^2'><mi>F</mi></math>",
        "<math alttext='{\\displaystyle F=ma^2}'><mi>F</mi></math>",
        _SEMANTICS,
        f"<span class=katex><span class=katex-mathml>{_SEMANTICS}</span>"
        "<span class=katex-html aria-hidden=true><i>F</i>=<i>ma</i>2</span></span>",
        "<span class=MathJax_Preview>F=ma2</span><span class=MathJax><nobr>F=ma2</nobr></span>"
        "<script type='math/tex'>F=ma^2</script>",
        f"<mjx-container><mjx-math aria-hidden=true>F</mjx-math><mjx-assistive-mml>{_SEMANTICS}"
        "</mjx-assistive-mml></mjx-container>",
        "<span class=mwe-math-element><span class=mwe-math-mathml-inline style='display: none'>"
        f"{_SEMANTICS}</span><img class=mwe-math-fallback-image-inline aria-hidden=true"
        " alt='{\\displaystyle F=ma^2}'></span>",
        "<img class=math src=f.png alt='F=ma^2'>",
    ],
)
def test_formula_is_there_once(read, formula):
    assert text_of(read, f"so {formula} holds").split() == ["so", "F=ma^2", "holds"]


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>", "a/(b+1)"),
        ("<msqrt><mi>x</mi></msqrt>", "sqrt(x)"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msub><mi>v</mi><mtext>max</mtext></msub>", "v_max"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "1 2"),
    ],
)
def test_mathml_is_written_in_line(read, mathml, text):
    assert text_of(read, f"<math>{mathml}</math>") == text


def test_formula_nested_deeper_than_calls_is_read(read):
    deep = "<mrow>" * 3000 + "<mi>x</mi>" + "</mrow>" * 3000
    assert text_of(read, f"<math>{deep}</math>") == "x"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>9</sup> cells", "10⁹ cells"),
        ("10<sup>-12</sup> farad", "10⁻¹² farad"),
        ("5 m<sup>3</sup>", "5 m³"),
        ("e<sup>kt</sup>", "e^kt"),
        ("2<sup>n-1</sup>", "2^(n-1)"),
        ("the 3<sup>rd</sup> of May", "the 3rd of May"),
        ("it leaks.<sup>[4]</sup>", "it leaks.[4]"),
        ("it leaks<sup><a href=#n4>4</a></sup> here", "it leaks[4] here"),
        ("NH<sub>3</sub> and Fe<sub>2</sub>(SO<sub>4</sub>)<sub>3</sub>", "NH3 and Fe2(SO4)3"),
        ("log<sub>2</sub>8", "log₂8"),
        ("1011<sub>2</sub>", "1011₂"),
        ("T<sub>max</sub>", "T_max"),
    ],
)
def test_what_is_raised_or_lowered_stays_apart(read, markup, text):
    assert text_of(read, markup) == text


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        ("<img src=a.png alt='Pressure over a year'>", "[Pressure over a year]"),
        ("<img alt='Pressure over a year' width=16>", ""),
        ("<img alt='Pressure over a year' role=presentation>", ""),
        ("<img alt=logo>", ""),
        ("<img alt='DSC_0042'>", ""),
        ("<img alt='chart-final.png'>", ""),
        ("<img alt=''>", ""),
        ("<svg aria-label='Plan of the lock'><path/></svg>", "[Plan of the lock]"),
        ("<svg><title>Plan of the lock</title><text>A</text></svg>", "[Plan of the lock]"),
        ("<a href=x><svg aria-label='Share this page'></svg></a>", ""),
        ("<img alt='Two gates'> and <img alt='Two gates'>", "[Two gates] and"),
    ],
)
def test_picture_says_what_it_shows_unless_that_is_nothing(read, picture, text):
    assert text_of(read, f"see {picture}") == f"see {text}".strip()


def test_picture_does_not_say_its_caption_again(read):
    figure = (
        "<figure><img alt='The lock in 1911'><figcaption>The lock in 1911.</figcaption></figure>"
    )
    assert text_of(read, figure) == "The lock in 1911."
